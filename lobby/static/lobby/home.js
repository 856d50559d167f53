/**
 * The first page: the games, and the live list of open lobbies.
 */

import { get, me, post, signedIn } from "./api.js";
import { announce, busy, copyText, el, enable, glyph, syncList, toast } from "./dom.js";
import { drawPanel } from "./filter_panel.js";
import { countOf, fromSearch, speaks, tidy, toQuery, toSearch, toWish } from "./filters.js";
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
const ASKED_AFTER_MS = 250; // who slides or types is not asked for each step
const WAITING_MS = 10000; // between two looks at a ticket that waits while one reads this page

const page = {
  list: document.getElementById("lobbies"),
  empty: document.getElementById("lobbies-empty"),
  filters: document.getElementById("filters"),
  row: document.getElementById("filter-row"),
  more: document.getElementById("more-filters"),
  panel: document.getElementById("filter-panel"),
  titles: document.getElementById("titles"),
  feed: document.getElementById("feed"),
};
let known = new Map();
let lobbies = null;
let mine = []; // lobbies that the player is in: the list may lack them, as they are private, or full
let filters = {}; // as in `filters.js`
let feed = null;
let soon = 0; // the timer after which the list is asked for as the filters say

start();

async function start() {
  setUpButtons();
  setUpFilters();
  // What an address asks for is understood once the titles are known.
  if (!speaks(location.search)) openFeed();
  addEventListener("pageshow", (event) => event.persisted && loadMine());
  await Promise.all([loadTitles(), loadMine(), lookForTicket()]);
}

function openFeed() {
  if (feed) return;
  feed = new LobbyFeed({
    filters: toWish(filters),
    onData: (data) => {
      lobbies = data;
      drawLobbies();
    },
    onStatus: (status) => showStatus(page.feed, status),
    poll: async () => (await get(`lobbies/?${toQuery(filters)}`)).results,
  });
  feed.open();
}

async function loadMine() {
  if (!me) return;
  mine = (await get("lobbies/?mine=true").catch(() => ({ results: [] }))).results;
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
  if (!feed) filters = fromSearch(location.search, known);
  openFeed();
  drawFilterPanel();
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
      busy(event.currentTarget, () => create(filters.title || [...known.keys()][0], true)),
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
  const listed = new Set(lobbies.map((lobby) => lobby.id));
  const own = mine.filter(
    (lobby) => !listed.has(lobby.id) && (lobby.private || toSearch(filters) !== ""),
  );
  const all = [...own, ...lobbies].filter((lobby) => !filters.title || lobby.title === filters.title);
  drawFilters(all);
  const shown = all.filter(
    (lobby) => !filters.free || myMembership(lobby) || joinable(lobby, known.get(lobby.title)),
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
  page.empty.querySelector("[data-empty-title]").textContent = emptyWords();
  page.empty.querySelector("[data-clear]").hidden = countOf(filters) === 0 && !filters.free;
  tellCount(shown.length);
}

function emptyWords() {
  if (countOf(filters) || filters.free) return "No lobby is like that just now.";
  const title = filters.title && (known.get(filters.title)?.name ?? filters.title);
  return title ? `Nobody is waiting for ${title} just now.` : "Nobody is waiting just now.";
}

function tellCount(count) {
  if (toldCount !== null && toldCount !== count) {
    announce(count === 1 ? "1 open lobby" : `${count} open lobbies`);
  }
  toldCount = count;
}

// --- which of them ----------------------------------------------------------------------------

function setUpFilters() {
  page.more.addEventListener("click", () => showPanel(page.panel.hidden));
  page.empty
    .querySelector("[data-clear]")
    .addEventListener("click", () => setFilters({ title: filters.title }, true));
  const [clear, copy] = ["[data-clear]", "[data-copy]"].map((name) => page.panel.querySelector(name));
  clear.addEventListener("click", () => setFilters({ title: filters.title }, true));
  copy.addEventListener("click", async () => {
    const copied = await copyText(location.href);
    toast(copied ? "The link to this list is copied." : "It could not be copied.", copied ? "good" : "bad");
  });
}

function showPanel(shown) {
  page.panel.hidden = !shown;
  page.more.setAttribute("aria-expanded", String(shown));
}

/** From now on these; soon after, the list is asked for as they say. `drawn`: the panel as well. */
function setFilters(next, drawn = false) {
  filters = tidy(next);
  history.replaceState(history.state, "", location.pathname + toSearch(filters) + location.hash);
  if (drawn) drawFilterPanel();
  clearTimeout(soon);
  soon = setTimeout(() => {
    feed?.narrow(toWish(filters));
    loadMine();
  }, ASKED_AFTER_MS);
  if (lobbies) drawLobbies();
  drawCount();
}

function drawFilterPanel() {
  drawPanel(page.panel.querySelector("[data-fields]"), {
    filters,
    title: known.get(filters.title),
    changed: (more) => setFilters({ ...filters, ...more }),
  });
  page.panel.querySelector("[data-hint]").hidden = filters.title !== undefined;
  drawCount();
}

function drawCount() {
  const badge = page.more.querySelector(".badge");
  badge.textContent = String(countOf(filters));
  badge.hidden = countOf(filters) === 0;
}

/** One button for each title, and one for free seats. */
function drawFilters(all) {
  page.row.hidden = all.length < 2 && toSearch(filters) === "" && page.panel.hidden;
  const buttons = ["", ...known.keys()].map((title) => ({ title, on: title === (filters.title ?? "") }));
  syncList(page.filters, [...buttons, { title: FREE, on: Boolean(filters.free) }], {
    key: (filter) => filter.title,
    draw: filterButton,
    looks: (filter) => JSON.stringify([filter, known.size]),
  });
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
          if (title === FREE) return setFilters({ ...filters, free: !filters.free });
          const { settings, ...others } = filters;
          return setFilters(title === filters.title ? filters : { ...others, title: title || undefined }, true);
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
