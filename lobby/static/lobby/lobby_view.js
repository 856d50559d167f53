/**
 * Draws one lobby; what buttons do is decided in `lobby.js`.
 */

import { isMe, me } from "./api.js";
import { avatar, el, glyph, syncList } from "./dom.js";
import { matchHeadline, opponents, ago } from "./match_words.js";
import { changeMark, myChange, playerUrl } from "./rating_words.js";
import { accountsOnly, freeSeats, joinable, myMembership } from "./seats.js";
import { setIcon, settingFacts } from "./titles.js";

const FREE_ROWS_MAX = 3; // free seats drawn one by one; more are only counted

const find = (selector) => document.querySelector(selector);

/** The address to give to a friend; the code of a private lobby is in it. */
export function inviteLink(lobby) {
  const url = new URL(`/lobby/${encodeURIComponent(lobby.id)}/`, location.origin);
  if (lobby.private && lobby.code) url.searchParams.set("code", lobby.code);
  return url.href;
}

/** Shows all of it; `seatGone`: our seat in the running match was given up. */
export function drawLobby(lobby, title, { seatGone, more, choose, comeBack }) {
  const mine = myMembership(lobby);
  const hosting = mine?.host === true;
  document.title = `${lobby.name} (${lobby.members.length}/${lobby.seats.max}) · Evertick`;
  drawHead(lobby);
  drawMembers(lobby, title, hosting, { more, choose });
  drawInvite(lobby, mine);
  drawSettings(lobby, title, hosting);
  drawBanner(lobby, mine && !seatGone, !mine && joinable(lobby, title), comeBack);
  drawActions(lobby, title, mine);
}

function drawHead(lobby) {
  const icon = find(".lobby-head [data-icon]");
  if (icon.dataset.title !== lobby.title) {
    icon.dataset.title = lobby.title;
    find("#lobby").dataset.title = lobby.title;
    setIcon(icon, lobby.title);
  }
  find("[data-title-name]").textContent = lobby.title_name;
  find(".lobby-head [data-name]").textContent = lobby.name;
  find("[data-badges]").replaceChildren(
    el(
      "span",
      { class: "badge" },
      glyph(lobby.private ? "lock" : "globe"),
      lobby.private ? "Private" : "Public",
    ),
    lobby.rated
      ? el("span", { class: "badge", title: "Changes ratings" }, glyph("trophy"), "Rated")
      : "",
    lobby.locked ? el("span", { class: "badge" }, glyph("lock"), "Password") : "",
    lobby.state === "playing" ? el("span", { class: "badge accent" }, "Playing") : "",
  );
}

// --- players ----------------------------------------------------------------------------------

function drawMembers(lobby, title, hosting, deeds) {
  const { max } = lobby.seats;
  const people = lobby.members.length;
  const bots = Math.min(lobby.bots, max - people);
  const free = max - people - bots;
  find("[data-seats]").textContent = `${people + bots} of ${max} seats`;
  const rows = [
    ...lobby.members.map((member) => ({
      kind: "member",
      id: `u${member.user.id}`,
      member,
      hosting,
      state: lobby.state,
      places: places(lobby, title),
    })),
    ...Array.from({ length: bots }, (_, index) => ({ kind: "bot", id: `b${index}`, index })),
    ...freeRows(free),
  ];
  syncList(find("#members"), rows, {
    key: (row) => row.id,
    draw: (row) => ({ member: memberRow, bot: botRow, free: freeRow })[row.kind](row, deeds),
  });
}

const SEATS_CHOSEN_MAX = 8; // of more, nobody cares which

/** What a member may choose: teams where the title has some, else seats; `[{value, label}]`. */
function places(lobby, title) {
  if (title?.teams)
    return Array.from({ length: title.teams }, (_, team) => ({ value: `team:${team}`, label: title.team_names[team] ?? `Team ${team + 1}` }));
  const { max } = lobby.seats;
  if (title?.drop_in || max < 2 || max > SEATS_CHOSEN_MAX) return [];
  return Array.from({ length: max }, (_, seat) => ({ value: `seat:${seat}`, label: `Seat ${seat + 1}` }));
}

/** Where one sits: to choose for oneself, to read for the others. */
function placeChoice(member, options, state, choose) {
  if (!options.length) return null;
  const teams = options[0].value.startsWith("team");
  const chosen = teams ? member.team : member.seat;
  const value = chosen === null ? "" : `${teams ? "team" : "seat"}:${chosen}`;
  if (!isMe(member.user) || state !== "open")
    return chosen === null ? null : el("span", { class: "badge", ...(teams && { "data-team": chosen }) }, options.find((each) => each.value === value)?.label ?? value);
  const select = el(
    "select",
    {
      class: "seat-choice",
      ...(teams && chosen !== null && { "data-team": chosen }),
      "aria-label": teams ? "Your team" : "Your seat",
      on: { change: () => choose(select.value, select) },
    },
    el("option", { value: "" }, teams ? "Any team" : "Any seat"),
    options.map((each) => el("option", { value: each.value, selected: each.value === value }, each.label)),
  );
  return select;
}

function freeRows(free) {
  const single = free <= FREE_ROWS_MAX + 1 ? free : FREE_ROWS_MAX;
  const rows = Array.from({ length: single }, (_, index) => ({
    kind: "free",
    id: `f${index}`,
    count: 1,
  }));
  if (free > single) rows.push({ kind: "free", id: "more", count: free - single });
  return rows;
}

function memberRow({ member, state, places: options }, { more, choose }) {
  const { user } = member;
  const away = member.away && !isMe(user);
  return el(
    "li",
    { class: `member${member.ready || member.host ? " ready" : ""}${away ? " away" : ""}` },
    avatar(user.name, user.id),
    el(
      "div",
      { class: "member-name" },
      el("a", { class: "clip quiet", href: playerUrl(user) }, user.name),
      isMe(user) ? el("span", { class: "badge accent" }, "You") : null,
      user.guest ? el("span", { class: "badge who" }, "Guest") : null,
      away ? el("span", { class: "badge warn" }, "Away") : null,
    ),
    placeChoice(member, options, state, choose),
    readyMark(member, state),
    me && !isMe(user) ? moreButton(member, more) : null,
  );
}

function readyMark(member, state) {
  if (member.host) return signBadge("warn", "crown", "Host");
  if (state === "playing") return null;
  return member.ready ? readyBadge() : el("span", { class: "badge" }, "Not ready");
}

function moreButton(member, more) {
  const name = member.user.name;
  return el(
    "button",
    {
      class: "btn icon small ghost",
      type: "button",
      "data-do": "more",
      "aria-label": `What to do about ${name}`,
      title: name,
      on: { click: ({ currentTarget }) => more(member, currentTarget) },
    },
    glyph("dots"),
  );
}

function botRow({ index }) {
  return el(
    "li",
    { class: "member ready bot" },
    el("span", { class: "avatar", "aria-hidden": "true" }, glyph("bot")),
    el("div", { class: "member-name" }, `Bot ${index + 1}`),
    readyBadge(),
  );
}

const readyBadge = () => signBadge("good", "check", "Ready");

/** A badge whose word is seen where there is room for it, and always heard. */
function signBadge(kind, sign, word) {
  return el(
    "span",
    { class: `badge ${kind}`, title: word },
    glyph(sign),
    el("span", { class: "word", "aria-hidden": "true" }, word),
    el("span", { class: "visually-hidden" }, word),
  );
}

const freeRow = ({ count }) =>
  el(
    "li",
    { class: "member free" },
    el("span", { class: "avatar", "aria-hidden": "true" }, count > 1 ? `+${count}` : glyph("plus")),
    el("div", { class: "member-name" }, count > 1 ? `${count} more free seats` : "Free seat"),
  );

// --- beside them ------------------------------------------------------------------------------

function drawInvite(lobby, mine) {
  const invite = find("#invite");
  invite.hidden = lobby.private && !mine;
  find("[data-invite-hint]").textContent = lobby.private
    ? "Only those who have this code or link can come in."
    : "Whoever opens this link can sit down.";
  find("[data-copy-code]").hidden = !(lobby.private && lobby.code);
  find("[data-code]").textContent = lobby.code ?? "";
  find("#invite-link").value = inviteLink(lobby);
  find("#invite-more").hidden = !mine;
}

function drawSettings(lobby, title, hosting) {
  const facts = settingFacts(title, lobby.settings);
  if (title?.bots) facts.push({ title: "Bots", value: String(lobby.bots) });
  find("[data-edit]").hidden = !hosting || lobby.state !== "open";
  find("#settings").replaceChildren(
    ...facts.map((fact) =>
      el(
        "div",
        { class: "fact", title: fact.description ?? null },
        el("dt", {}, fact.title),
        el("dd", { class: "num" }, fact.value),
      ),
    ),
  );
  if (!facts.length)
    find("#settings").replaceChildren(
      el("p", { class: "muted small" }, "Nothing to choose in this game."),
    );
}

/**
 * The running match, for one who is not there; `seated`: with a seat of their own;
 * `welcome`: who could have one.
 */
function drawBanner(lobby, seated, welcome, comeBack) {
  const banner = find("#banner");
  const running =
    lobby.state === "playing" && lobby.match ? `${lobby.match} ${Boolean(seated)} ${welcome}` : "";
  if (running === (banner.dataset.running ?? "")) return;
  banner.dataset.running = running;
  banner.hidden = !running;
  if (!running) return;
  banner.className = "banner running";
  banner.replaceChildren(
    el("span", { class: "banner-pulse", "aria-hidden": "true" }),
    el(
      "p",
      { class: "grow" },
      el("strong", {}, "The match is running."),
      " ",
      el("span", { class: "muted" }, bannerWords(seated, welcome)),
    ),
    seated
      ? el(
          "button",
          {
            class: "btn good",
            type: "button",
            on: { click: (event) => comeBack(event.currentTarget) },
          },
          "Return to match",
          glyph("arrow"),
        )
      : el(
          "a",
          { class: "btn", href: `/play/${encodeURIComponent(lobby.match)}/` },
          "Watch",
          glyph("arrow"),
        ),
  );
}

function bannerWords(seated, welcome) {
  if (seated) return "Your seat is kept for you.";
  return welcome ? "Join it right now, or watch." : "You can watch, or wait here for its end.";
}

/** How the last match ended, in short. */
export function drawResult(match) {
  const banner = find("#banner");
  const { headline, tone, detail } = matchHeadline(match);
  const against = opponents(match);
  const more = [detail, against && `against ${against}`, ago(match.ended)]
    .filter(Boolean)
    .join(" · ");
  banner.hidden = false;
  banner.className = `banner result ${tone}`;
  banner.replaceChildren(
    el("span", { class: "banner-medal", "aria-hidden": "true" }, glyph("trophy")),
    el(
      "p",
      { class: "grow" },
      el("span", { class: `outcome ${tone}` }, headline),
      " ",
      changeMark(myChange(match)) ?? "",
      " ",
      el("span", { class: "muted" }, more && `· ${more}`),
    ),
    el("span", { class: "muted small" }, "Ready for another round?"),
  );
}

// --- what one can do --------------------------------------------------------------------------

function drawActions(lobby, title, mine) {
  const open = lobby.state === "open";
  const ready = find("[data-ready]");
  const start = find("[data-start]");
  const join = find("[data-join]");
  const reason = startReason(lobby, title);
  find("[data-leave]").hidden = !mine;
  ready.hidden = !mine || mine.host || !open;
  ready.setAttribute("aria-pressed", String(mine?.ready === true));
  ready.className = mine?.ready ? "btn big" : "btn big good";
  ready.replaceChildren(glyph("check"), mine?.ready ? "Not ready after all" : "I am ready");
  start.hidden = !mine?.host || !open;
  start.disabled = reason !== "";
  join.hidden = mine !== null || !joinable(lobby, title);
  find("#action-hint").textContent = hint(lobby, title, mine, reason);
}

/** Why the host cannot start yet; empty if they can. */
function startReason(lobby, title) {
  const seated = Math.min(lobby.seats.max, lobby.members.length + lobby.bots);
  const missing = lobby.seats.min - seated;
  if (missing > 0)
    return missing === 1 ? "Waiting for one more player." : `Waiting for ${missing} more players.`;
  if (lobby.rated && title?.teams && seated % title.teams)
    return "Waiting for one more: teams are even in rated matches.";
  const late = lobby.members.filter((member) => !member.host && !member.ready);
  if (late.length === 0) return "";
  const names = late
    .slice(0, 2)
    .map((member) => member.user.name)
    .join(" and ");
  return late.length > 2
    ? `Waiting for ${late.length} players to be ready.`
    : `Waiting for ${names} to be ready.`;
}

function hint(lobby, title, mine, reason) {
  if (!mine) {
    if (lobby.state === "playing" && !title?.drop_in)
      return "A match is being played. You can join after it.";
    if (accountsOnly(lobby))
      return "Matches here are rated, so guests cannot join. Make an account to play.";
    return freeSeats(lobby) ? "There is a seat for you." : "All seats are taken.";
  }
  if (lobby.state === "playing") return "Who leaves now gives up the seat in the match.";
  if (mine.host) return reason || "All set. Start when you like.";
  if (!mine.ready) return "Say when you are ready.";
  return reason || `Waiting for ${lobby.host?.name ?? "the host"} to start.`;
}
