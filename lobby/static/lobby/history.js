/**
 * The matches that the player was in, page by page.
 */

import { get } from "./api.js";
import { announce } from "./dom.js";
import { matchRow } from "./match_rows.js";

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
  list.replaceChildren(...results.map((match) => matchRow(match, "Return")));
  list.hidden = results.length === 0;
  find("#history-empty").hidden = results.length > 0;
  find("#pager").hidden = !next && !previous;
  find("[data-previous]").disabled = !previous;
  find("[data-next]").disabled = !next;
  find("[data-page]").textContent = `Page ${page} · ${count} matches`;
}
