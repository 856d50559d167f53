/**
 * The first page: the games, and the live list of open lobbies.
 */

import { get, me, post, signedIn } from "./api.js";
import { announce, busy, el, enable, glyph, syncList, toast } from "./dom.js";
import { openLobbyForm } from "./lobby_form.js";
import {
  accountsOnly,
  freeSeats,
  joinable,
  joinByCode,
  joinLobby,
  lobbyUrl,
  myMembership,
  seatMarks,
} from "./seats.js";
import { LobbyFeed, showStatus } from "./socket.js";
import { matchUrl, waitFor } from "./tickets.js";
import { seatRange, settingSummary, titleIcon, titles } from "./titles.js";

const FREE = " free"; // among the titles' filters, and no title
const WAITING_MS = 10000; // between two looks at a ticket that waits while one reads this page

const page = {
  list: document.getElementById("lobbies"),
  empty: document.getElementById("lobbies-empty"),
  filters: document.getElementById("filters"),
  titles: document.getElementById("titles"),
  feed: document.getElementById("feed"),
};
let known = new Map();
let lobbies = null;
let hidden = []; // private lobbies that the player is in: no list has them but their own
let shownTitle = "";
let onlyFree = false; // only lobbies that one could sit down in now

start();

async function start() {
  setUpButtons();
  new LobbyFeed({
    onData: (data) => {
      lobbies = data;
      drawLobbies();
    },
    onStatus: (status) => showStatus(page.feed, status),
    poll: async () => (await get("lobbies/")).results,
  }).open();
  addEventListener("pageshow", (event) => event.persisted && loadMine());
  await Promise.all([loadTitles(), loadMine(), lookForTicket()]);
}

async function loadMine() {
  if (!me) return;
  const mine = await get("lobbies/?mine=true").catch(() => ({ results: [] }));
  hidden = mine.results.filter((lobby) => lobby.private);
  if (lobbies) drawLobbies();
}

/** Says that one waits for a match, and goes there once it is found. */
async function lookForTicket() {
  if (!me) return;
  const note = document.getElementById("waiting");
  const before = !note.hidden;
  const [ticket] = (await get("matchmaking/tickets/?page_size=1").catch(() => null))?.results ?? [];
  if (before && ticket?.state === "matched") return location.assign(matchUrl(ticket));
  note.hidden = ticket?.state !== "waiting";
  if (note.hidden) return;
  note.querySelector("[data-what]").textContent = `${ticket.title_name}, ${ticket.mode_label}`;
  setTimeout(lookForTicket, WAITING_MS);
}

async function loadTitles() {
  try {
    known = await titles();
  } catch (error) {
    toast(error.message, "bad");
    setTimeout(loadTitles, 5000);
    return;
  }
  page.titles.replaceChildren(...[...known.values()].map(titleCard));
  page.titles.removeAttribute("aria-busy");
  if (lobbies) drawLobbies();
}

function setUpButtons() {
  document.querySelector("[data-guest]")?.addEventListener("click", (event) =>
    busy(event.currentTarget, async () => {
      await signedIn();
      location.reload();
    }),
  );
  document
    .querySelector("[data-create]")
    .addEventListener("click", (event) =>
      busy(event.currentTarget, () => create(shownTitle || [...known.keys()][0], true)),
    );
  const codeForm = document.getElementById("join-code");
  codeForm.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(codeForm.querySelector("button"), () => useCode(codeForm));
  });
  enable("[data-guest], #join-code [type=submit]");
}

async function useCode(form) {
  const note = document.getElementById("code-error");
  const code = form.elements.code.value.trim();
  note.hidden = true;
  form.elements.code.removeAttribute("aria-invalid");
  try {
    if (!code)
      throw Object.assign(new Error("Type the code that you were given."), { code: "empty" });
    await joinByCode(code);
  } catch (error) {
    if (error.code === undefined) throw error;
    note.textContent = error.status === 404 ? "No lobby has this code." : error.message;
    note.hidden = false;
    form.elements.code.setAttribute("aria-invalid", "true");
    form.elements.code.select();
  }
}

// --- the games --------------------------------------------------------------------------------

function titleCard(title) {
  return el(
    "li",
    { class: "title-card", "data-title": title.title },
    el("div", { class: "title-art" }, titleIcon(title.title, 84)),
    el(
      "div",
      { class: "title-text" },
      el("h3", {}, title.name),
      el("p", { class: "muted small" }, title.summary),
      el(
        "p",
        { class: "row title-marks" },
        el("span", { class: "badge" }, glyph("users"), seatRange(title.seats)),
        el(
          "span",
          { class: "badge" },
          glyph(title.realtime ? "bolt" : "clock"),
          title.realtime ? "Real time" : "Turns",
        ),
        title.bots ? el("span", { class: "badge" }, glyph("bot"), "Bots") : null,
      ),
      modeChoice(title),
    ),
    el(
      "div",
      { class: "title-buttons" },
      action("primary", "play", (button) => playNow(title, button.closest("li")), "Play now", title),
      action("", "create", () => create(title.title), "Create lobby…", title),
    ),
  );
}

const act = (button, run) => busy(button, () => run(button));

/** Which mode "Play now" is for, where there is a choice. */
function modeChoice(title) {
  if (title.modes.length < 2) return null;
  return el(
    "select",
    { class: "mode", "aria-label": `Mode of ${title.name}` },
    title.modes.map((mode) => el("option", { value: mode.mode }, mode.label)),
  );
}

function action(kind, name, run, label, title) {
  return el(
    "button",
    {
      class: `btn ${kind}`,
      type: "button",
      "data-do": name,
      "aria-label": `${label.replace("…", "")}: ${title.name}`,
      on: { click: (event) => act(event.currentTarget, run) },
    },
    label,
  );
}

/** Waits for a match, and goes there as soon as one is found. */
async function playNow(title, card) {
  await signedIn();
  const mode = card.querySelector("select")?.value ?? "";
  await waitFor(title.title, mode);
}

function create(title, choose = false) {
  return openLobbyForm({
    heading: choose ? "New lobby" : `New ${known.get(title).name} lobby`,
    submit: "Create lobby",
    title,
    choose,
    onSubmit: async (chosen) => {
      await signedIn();
      const lobby = await post("lobbies/", chosen);
      location.assign(lobbyUrl(lobby));
    },
  });
}

// --- the lobbies ------------------------------------------------------------------------------

let toldCount = null;

function drawLobbies() {
  const all = [...hidden, ...lobbies];
  drawFilters(all);
  const shown = all.filter(
    (lobby) =>
      (!shownTitle || lobby.title === shownTitle) &&
      (!onlyFree || myMembership(lobby) || joinable(lobby, known.get(lobby.title))),
  );
  shown.sort(
    (one, other) => Number(myMembership(other) !== null) - Number(myMembership(one) !== null),
  );
  page.list.removeAttribute("aria-busy");
  syncList(page.list, shown, {
    key: (lobby) => lobby.id,
    draw: lobbyRow,
    looks: (lobby) => JSON.stringify([lobby, known.size]),
  });
  page.list.hidden = shown.length === 0;
  page.empty.hidden = shown.length > 0;
  page.empty.querySelector("[data-empty-title]").textContent = shownTitle
    ? `Nobody is waiting for ${known.get(shownTitle)?.name ?? shownTitle} just now.`
    : "Nobody is waiting just now.";
  tellCount(shown.length);
}

function tellCount(count) {
  if (toldCount !== null && toldCount !== count) {
    announce(count === 1 ? "1 open lobby" : `${count} open lobbies`);
  }
  toldCount = count;
}

/** One button for each title that is in the list, where there is a choice at all. */
function drawFilters(all) {
  const present = [...new Set(all.map((lobby) => lobby.title))].sort();
  if (shownTitle && !present.includes(shownTitle)) present.push(shownTitle);
  page.filters.hidden = all.length < 2 && !shownTitle && !onlyFree;
  syncList(
    page.filters,
    [
      ...["", ...present].map((title) => ({ title, on: title === shownTitle })),
      { title: FREE, on: onlyFree },
    ],
    {
      key: (filter) => filter.title,
      draw: filterButton,
      looks: (filter) => JSON.stringify([filter, known.size]),
    },
  );
}

function filterButton({ title, on }) {
  return el(
    "button",
    {
      class: "filter",
      type: "button",
      "aria-pressed": String(on),
      "data-do": "filter",
      on: {
        click: () => {
          if (title === FREE) onlyFree = !onlyFree;
          else shownTitle = title;
          drawLobbies();
        },
      },
    },
    title === FREE ? "Free seats" : title ? (known.get(title)?.name ?? title) : "All",
  );
}

function lobbyRow(lobby) {
  const title = known.get(lobby.title);
  const mine = myMembership(lobby) !== null;
  return el(
    "li",
    { class: mine ? "lobby-row mine" : "lobby-row", "data-title": lobby.title },
    titleIcon(lobby.title, 44),
    el(
      "div",
      { class: "lobby-what" },
      el(
        "p",
        { class: "lobby-title" },
        el("a", { href: lobbyUrl(lobby) }, lobby.name),
        lobby.private ? el("span", { class: "badge", title: "Private" }, glyph("lock")) : null,
        lobby.rated ? el("span", { class: "badge", title: "Changes ratings" }, "Rated") : null,
        lobby.locked ? el("span", { class: "badge", title: "With a password" }, glyph("lock"), "Password") : null,
        stateBadge(lobby, mine),
      ),
      el(
        "p",
        { class: "muted small clip" },
        [lobby.title_name, hostWords(lobby), settingSummary(title, lobby.settings)]
          .filter(Boolean)
          .join(" · "),
      ),
    ),
    seatMarks(lobby),
    rowButton(lobby, title, mine),
  );
}

const hostWords = (lobby) => (lobby.host ? `hosted by ${lobby.host.name}` : "");

function stateBadge(lobby, mine) {
  if (lobby.state === "playing") return el("span", { class: "badge accent" }, "Playing");
  return mine ? el("span", { class: "badge good" }, "You are in") : null;
}

function whyNot(lobby) {
  if (lobby.state === "playing") return "Playing";
  return freeSeats(lobby) > 0 && accountsOnly(lobby) ? "Accounts only" : "Full";
}

function rowButton(lobby, title, mine) {
  if (mine)
    return el("a", { class: "btn primary", href: lobbyUrl(lobby), "data-do": "open" }, "Open");
  const can = joinable(lobby, title);
  const label = can ? "Join" : whyNot(lobby);
  return el(
    "button",
    {
      class: "btn",
      type: "button",
      disabled: !can,
      "data-do": "join",
      "aria-label": `${label}: ${lobby.name}`,
      on: { click: (event) => busy(event.currentTarget, () => joinLobby(lobby)) },
    },
    label,
  );
}
