/**
 * Somebody's page: the ratings with their course, and the latest matches.
 */

import { get } from "./api.js";
import { el, paintAvatar } from "./dom.js";
import { matchRow } from "./match_rows.js";
import { exactly } from "./match_words.js";
import { drawPlot } from "./rating_plot.js";
import { boardName, changeText, ratingMark, ratingText, ratingTitle } from "./rating_words.js";
import { titleIcon } from "./titles.js";

const TABLE_MAX = 20;

const find = (selector) => document.querySelector(selector);
const { player: id, playerName: name } = find("#player").dataset;
const path = `players/${encodeURIComponent(id)}/`;
let shown = null; // the title whose course is shown

paintAvatar(find("[data-player-avatar]"), name, id);
await Promise.all([
  told("#ratings-error", loadRatings),
  told("#matches-error", loadMatches),
]);

/** Does it; what the server refuses is said where it belongs. */
async function told(place, action) {
  try {
    await action();
  } catch (error) {
    if (error.code === undefined) throw error;
    find(place).textContent = error.message;
    find(place).hidden = false;
  }
}

// --- ratings ----------------------------------------------------------------------------------

async function loadRatings() {
  const tabs = find("#rating-tabs");
  const { ratings } = await get(`${path}ratings/`).finally(() => tabs.replaceChildren());
  tabs.removeAttribute("aria-busy");
  find("#ratings-empty").hidden = ratings.length > 0;
  tabs.hidden = ratings.length === 0;
  tabs.replaceChildren(...ratings.map(tab));
  if (ratings.length) await choose(wanted(ratings));
}

/** What the address asks for, else what is played most. */
function wanted(ratings) {
  const asked = new URLSearchParams(location.search);
  const [title, category] = [asked.get("title"), asked.get("category")];
  return (
    ratings.find((rating) => rating.title === title && rating.category === category) ??
    ratings.find((rating) => rating.title === title) ??
    ratings[0]
  );
}

function tab(rating) {
  return el(
    "button",
    {
      class: "rating-tab",
      type: "button",
      "data-title": rating.title,
      "data-category": rating.category,
      "aria-pressed": "false",
      title: ratingTitle(rating.rating),
      on: { click: () => told("#ratings-error", () => choose(rating)) },
    },
    titleIcon(rating.title, 36),
    el(
      "span",
      { class: "rating-tab-text" },
      el("span", { class: "small muted clip" }, boardName(rating)),
      el("span", { class: "rating-tab-number" }, ratingMark(rating.rating)),
    ),
    rating.rank ? el("span", { class: "badge", title: "Rank of all time" }, `#${rating.rank}`) : null,
  );
}

async function choose({ title, category }) {
  const query = new URLSearchParams({ title, category }).toString();
  shown = query;
  for (const button of find("#rating-tabs").children) {
    const here = button.dataset.title === title && button.dataset.category === category;
    button.setAttribute("aria-pressed", String(here));
  }
  history.replaceState(null, "", category ? `?${query}` : `?title=${encodeURIComponent(title)}`);
  const { ratings } = await get(`${path}ratings/?${query}`);
  if (shown !== query || !ratings.length) return; // another one was chosen meanwhile
  drawDetail(ratings[0]);
}

function drawDetail(rating) {
  find("#rating-detail").dataset.title = rating.title;
  find("#rating-detail").hidden = false;
  find("#rating-record").replaceChildren(...facts(rating).map(fact));
  const { history: points } = rating;
  const sentence = course(rating);
  find("#plot-caption").textContent = sentence;
  drawPlot(find("#plot"), points, { label: sentence, onPoint: sayPoint });
  find("#plot-rows").replaceChildren(...points.slice(-TABLE_MAX).reverse().map(tableRow));
}

function facts({ rating, record, rank, duel, history: points }) {
  const settled = points.filter((point) => !point.provisional);
  const best = Math.max(...settled.map((point) => point.after));
  return [
    ["Rating", ratingText(rating)],
    ["Rank", rank ? `#${rank}` : "–"],
    ["Best", Number.isFinite(best) ? String(best) : "–"],
    ["Played", String(record.played)],
    ["Won", String(record.won)],
    ["Drawn", String(record.drawn)],
    duel ? ["Lost", String(record.lost)] : ["Placed", String(record.lost)],
  ];
}

function fact([term, value]) {
  return el(
    "div",
    { class: "record-fact" },
    el("dt", {}, term),
    el("dd", { class: "num" }, value),
  );
}

/** All of the plot, for those who do not see it. */
function course(board) {
  const { rating, history: points } = board;
  const title = boardName(board);
  const values = points.map((point) => point.after);
  return (
    `${title}: ${points.length} matches, from ${points[0].before} to ${ratingText(rating)}, ` +
    `between ${Math.min(...values)} and ${Math.max(...values)}.`
  );
}

function sayPoint(point) {
  find("#plot-said").textContent =
    `${exactly(point.at)} · ${pointText(point)} (${changeText(point)})`;
}

function pointText({ after, provisional }) {
  return ratingText({ shown: after, provisional });
}

function tableRow(point) {
  return el(
    "tr",
    {},
    el("td", {}, el("time", { datetime: point.at }, exactly(point.at))),
    el("td", { class: "num" }, pointText(point)),
    el("td", { class: "num" }, changeText(point)),
  );
}

// --- matches ----------------------------------------------------------------------------------

async function loadMatches() {
  const list = find("#matches");
  const matches = await get(`${path}matches/`).finally(() => list.replaceChildren());
  list.removeAttribute("aria-busy");
  list.replaceChildren(...matches.map((match) => matchRow(match, "Watch")));
  list.hidden = matches.length === 0;
  find("#matches-empty").hidden = matches.length > 0;
}
