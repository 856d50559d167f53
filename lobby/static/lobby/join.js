/**
 * Where a link to a lobby leads: says what it is, and lets one in with one click.
 */

import { get, post, signedIn } from "./api.js";
import { busy, el, glyph } from "./dom.js";
import { lobbyUrl, seatMarks } from "./seats.js";
import { setIcon, settingSummary, titles } from "./titles.js";

const page = document.getElementById("invited");
const find = (selector) => page.querySelector(selector);
const path = `invitations/${encodeURIComponent(page.dataset.token)}/`;

find("[data-accept]").addEventListener("click", ({ currentTarget }) => busy(currentTarget, accept));
await show();

async function show() {
  try {
    const { lobby, maker } = await get(path);
    const title = (await titles().catch(() => new Map())).get(lobby.title);
    setIcon(find("[data-icon]"), lobby.title);
    find("[data-heading]").textContent = lobby.name;
    find("[data-text]").textContent = `${maker.name} invites you to play ${lobby.title_name}.`;
    const summary = settingSummary(title, lobby.settings);
    find("[data-facts]").replaceChildren(
      seatMarks(lobby),
      summary ? el("span", { class: "badge" }, glyph("clock"), summary) : "",
    );
    find("[data-accept]").hidden = false;
  } catch (error) {
    if (error.code === undefined) throw error;
    find("[data-heading]").textContent = "This invitation opens nothing.";
    find("[data-text]").textContent =
      error.status === 404 ? "It was taken back, or its lobby is closed." : error.message;
  } finally {
    page.removeAttribute("aria-busy");
  }
}

async function accept() {
  const note = find("[data-error]");
  note.hidden = true;
  try {
    await signedIn();
    location.assign(lobbyUrl(await post(`${path}accept/`)));
  } catch (error) {
    if (error.code === undefined) throw error;
    note.textContent = error.message;
    note.hidden = false;
  }
}
