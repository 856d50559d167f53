/**
 * Who is best: a title, a season, a page of it; all of which is in the address.
 */

import { get, me } from "./api.js";
import { announce, avatar, el } from "./dom.js";
import { boardName, playerUrl, ratingMark } from "./rating_words.js";
import { titleIcon } from "./titles.js";

const PAGE_SIZE = 50;
const PAGES_MAX = 100; // as the server bounds them

const find = (selector) => document.querySelector(selector);
const chosen = readAddress();
let boards = [];

find("#season").addEventListener("change", (event) => go({ season: event.target.value, page: 1 }));
find("[data-previous]").addEventListener("click", () => go({ page: chosen.page - 1 }));
find("[data-next]").addEventListener("click", () => go({ page: chosen.page + 1 }));
find("#board-views").addEventListener("click", ({ target }) => {
  if ("view" in target.dataset) go({ view: target.dataset.view, page: 1 });
});
addEventListener("popstate", () => {
  Object.assign(chosen, readAddress());
  show();
});
await start();

function readAddress() {
  const query = new URLSearchParams(location.search);
  return {
    title: query.get("title") ?? "",
    category: query.get("category") ?? "",
    season: query.get("season") ?? "",
    view: ["around", "friends"].find((view) => query.has(view)) ?? "",
    page: Math.max(1, Math.trunc(Number(query.get("page"))) || 1),
  };
}

function query() {
  const words = new URLSearchParams();
  if (chosen.category) words.set("category", chosen.category);
  if (chosen.season) words.set("season", chosen.season);
  if (chosen.view) words.set(chosen.view, "me");
  if (chosen.page > 1) words.set("page", String(chosen.page));
  return words;
}

function go(changes) {
  Object.assign(chosen, changes);
  const words = query();
  words.set("title", chosen.title);
  history.pushState(null, "", `?${words}`);
  show();
}

async function start() {
  try {
    boards = await get("leaderboards/");
  } catch (error) {
    return complain(error);
  }
  return show();
}

async function show() {
  if (!me && chosen.view) chosen.view = "";
  const board = boards.find(({ title }) => title === chosen.title) ?? boards[0];
  if (!board) return drawRows({ results: [], count: 0, me: null });
  chosen.title = board.title;
  const there = board.categories.map(({ category }) => category);
  if (!there.includes(chosen.category)) chosen.category = there[0] ?? "";
  const known = board.seasons.some(({ season }) => season === chosen.season);
  if (!known) chosen.season = board.seasons[0].season;
  drawChoice(board);
  const asked = `${chosen.title}/?${query()}`;
  find("#board").setAttribute("aria-busy", "true");
  try {
    const answer = await get(`leaderboards/${asked}`);
    if (asked !== `${chosen.title}/?${query()}`) return undefined; // something else was chosen
    drawRows(answer);
  } catch (error) {
    if (error.status === 404 && chosen.page > 1) return go({ page: 1 });
    complain(error);
  }
  return undefined;
}

function complain(error) {
  if (error.code === undefined) throw error;
  find("#board-error").textContent = error.message;
  find("#board-error").hidden = false;
  find("#board").hidden = true;
}

// --- what is chosen ---------------------------------------------------------------------------

function drawChoice(board) {
  find("#board-tabs").replaceChildren(...boards.map(tab));
  find("#board-categories").replaceChildren(...board.categories.map(categoryTab));
  find("#board-categories").hidden = board.categories.length < 2;
  const season = find("#season");
  season.replaceChildren(
    ...board.seasons.map((each) =>
      el(
        "option",
        { value: each.season, selected: each.season === chosen.season },
        each.running && each.season !== "all" ? `${each.name} (now)` : each.name,
      ),
    ),
  );
  season.disabled = board.seasons.length < 2;
  for (const button of find("#board-views").children)
    button.setAttribute("aria-pressed", String(button.dataset.view === chosen.view));
}

function tab({ title, title_name: name }) {
  const here = title === chosen.title;
  return el(
    "a",
    {
      class: "board-tab",
      href: `?title=${encodeURIComponent(title)}`,
      "data-title": title,
      "aria-current": here ? "page" : null,
      on: {
        click: (event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          go({ title, category: "", page: 1 });
        },
      },
    },
    titleIcon(title, 28),
    el("span", {}, name),
  );
}

function categoryTab({ category, category_name: name }) {
  return el(
    "button",
    {
      class: "filter",
      type: "button",
      "data-category": category,
      "aria-pressed": String(category === chosen.category),
      on: { click: () => go({ category, page: 1 }) },
    },
    name,
  );
}

// --- the board --------------------------------------------------------------------------------

function drawRows(answer) {
  const table = find("#board");
  table.removeAttribute("aria-busy");
  find("#board-error").hidden = true;
  table.hidden = answer.results.length === 0;
  table.tBodies[0].replaceChildren(...answer.results.map((row) => line(row, answer)));
  find("#board-record").textContent = answer.duel ? "Won / drawn / lost" : "Won";
  const caption = `${boardName(answer)}, ${answer.season?.name}: ${answer.count} ranked`;
  find("#board-caption").textContent = caption;
  announce(caption);
  drawEmpty(answer);
  drawMe(answer);
  drawPager(answer);
}

function line({ rank, user, rating, record }, { duel }) {
  const mine = me !== null && String(user.id) === me.id;
  return el(
    "tr",
    { class: `${mine ? "mine" : ""} ${rank <= 3 ? `medal-${rank}` : ""}` },
    el("td", { class: "num board-rank" }, String(rank)),
    el(
      "th",
      { scope: "row" },
      el(
        "a",
        { class: "board-player", href: `${playerUrl(user)}?${new URLSearchParams({ title: chosen.title, category: chosen.category })}` },
        avatar(user.name, user.id),
        el("span", { class: "clip" }, user.name),
        mine ? el("span", { class: "badge accent" }, "You") : null,
      ),
    ),
    el("td", { class: "num board-rating" }, ratingMark(rating)),
    el("td", { class: "num board-wide muted" }, String(record.played)),
    el(
      "td",
      { class: "num board-wide muted" },
      duel ? `${record.won} / ${record.drawn} / ${record.lost}` : String(record.won),
    ),
  );
}

function drawEmpty({ results }) {
  find("#board-empty").hidden = results.length > 0;
  const [heading, text] = {
    around: ["You are not ranked here yet.", "Rated matches settle your rating: a dozen, or so."],
    friends: ["Nobody among your friends is ranked here.", "Invite one to a rated match."],
  }[chosen.view] ?? ["Nobody is ranked here yet.", "Play rated matches, and be the first."];
  find("[data-empty-title]").textContent = heading;
  find("[data-empty-text]").textContent = text;
}

/** One's own place, where it is not among the rows. */
function drawMe({ me: mine, results, count }) {
  const place = find("#board-me");
  const seen = mine && results.some(({ user }) => user.id === mine.user.id);
  place.hidden = !mine || seen;
  if (place.hidden) return;
  place.replaceChildren(
    el("span", {}, "You are ", el("strong", {}, `#${mine.rank}`), ` of ${count}, with `),
    ratingMark(mine.rating),
    el(
      "button",
      { class: "btn small", type: "button", on: { click: () => go({ view: "around", page: 1 }) } },
      "Show me there",
    ),
  );
}

function drawPager({ next, previous, count }) {
  find("#pager").hidden = !next && !previous;
  find("[data-previous]").disabled = !previous;
  find("[data-next]").disabled = !next;
  const pages = Math.min(PAGES_MAX, Math.ceil(count / PAGE_SIZE));
  find("[data-page]").textContent = `Page ${chosen.page} of ${pages} · ${count} ranked`;
}
