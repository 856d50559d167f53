/**
 * The matches that the player was in, page by page.
 */

import { get } from "./api.js";
import { announce, el, glyph } from "./dom.js";
import { ago, exactly, matchHeadline, opponents, playedFor } from "./match_words.js";
import { duration, titleIcon } from "./titles.js";

const LIVE = ["starting", "running"];
const find = (selector) => document.querySelector(selector);
let page = Math.max(1, Number(new URLSearchParams(location.search).get("page")) || 1);

find("[data-previous]").addEventListener("click", () => turn(page - 1));
find("[data-next]").addEventListener("click", () => turn(page + 1));
await load();

async function turn(to) {
  page = to;
  history.replaceState(null, "", page > 1 ? `?page=${page}` : location.pathname);
  await load();
  announce(`Page ${page}`);
  scrollTo({ top: 0, behavior: "smooth" });
}

async function load() {
  const problem = find("#history-error");
  problem.hidden = true;
  try {
    draw(await get(`matches/?page=${page}`));
  } catch (error) {
    if (error.code === undefined) throw error;
    if (error.status === 404 && page > 1) return turn(1);
    if (error.status === 401) return location.assign("/login/?next=/history/");
    problem.textContent = error.message;
    problem.hidden = false;
    find("#matches").hidden = true;
  }
  return undefined;
}

function draw({ results, next, previous, count }) {
  const list = find("#matches");
  list.removeAttribute("aria-busy");
  list.replaceChildren(...results.map(row));
  list.hidden = results.length === 0;
  find("#history-empty").hidden = results.length > 0;
  find("#pager").hidden = !next && !previous;
  find("[data-previous]").disabled = !previous;
  find("[data-next]").disabled = !next;
  find("[data-page]").textContent = `Page ${page} · ${count} matches`;
}

function row(match) {
  const { headline, tone, detail } = matchHeadline(match);
  const against = opponents(match);
  return el(
    "li",
    { class: "match-row", "data-title": match.title },
    titleIcon(match.title, 44),
    el(
      "div",
      { class: "match-what" },
      el(
        "p",
        { class: "match-title" },
        match.title_name,
        el("span", { class: "muted" }, against ? ` against ${against}` : " alone"),
      ),
      el("p", { class: "muted small" }, when(match)),
    ),
    el(
      "div",
      { class: "match-end" },
      LIVE.includes(match.status)
        ? el(
            "a",
            { class: "btn small good", href: `/play/${encodeURIComponent(match.id)}/` },
            "Return",
            glyph("arrow"),
          )
        : [
            el("span", { class: `outcome ${tone}` }, headline),
            el("span", { class: "muted small" }, detail),
          ],
    ),
  );
}

function when(match) {
  const time = match.ended ?? match.started ?? match.created;
  const took = playedFor(match);
  return [
    el("time", { datetime: time, title: exactly(time) }, ago(time)),
    took === null ? null : ` · ${duration(took)}`,
  ].filter(Boolean);
}
