/**
 * Waiting for a match: for how long already, for how long about, and the way out.
 */

import { get, remove } from "./api.js";
import { announce, busy } from "./dom.js";
import { LobbyFeed, showStatus } from "./socket.js";
import { matchUrl, waitFor } from "./tickets.js";
import { duration, setIcon } from "./titles.js";

const FRESH_MS = 60000; // a match that was found longer ago is not the one that is waited for here

const find = (selector) => document.querySelector(selector);
let ticket = null;
let begun = 0; // when it began to wait, by the clock of this page
let waitedHere = false;

const feed = new LobbyFeed({
  ticket: true,
  onData: show,
  onStatus: (status) => showStatus(find("#feed"), status),
  poll: async () => (await get("matchmaking/tickets/?page_size=1")).results[0] ?? null,
});

start();

function start() {
  find("[data-cancel]").addEventListener("click", ({ currentTarget }) => busy(currentTarget, cancel));
  find("[data-again]").addEventListener("click", ({ currentTarget }) =>
    busy(currentTarget, () => waitFor(ticket.title, ticket.mode)),
  );
  setInterval(tick, 250);
  feed.open();
}

function show(next) {
  ticket = next;
  if (ticket?.state === "matched" && (waitedHere || isFresh(ticket))) return play();
  const waiting = ticket?.state === "waiting";
  waitedHere ||= waiting;
  find("#loading").hidden = true;
  find("#search").hidden = !waiting;
  find("#over").hidden = waiting;
  if (waiting) drawSearch();
  else drawOver();
}

const isFresh = ({ created, waited_s }) =>
  Date.now() - (Date.parse(created) + 1000 * waited_s) < FRESH_MS;

function play() {
  announce("A match is found.");
  feed.close();
  location.replace(matchUrl(ticket));
}

function drawSearch() {
  begun = performance.now() - 1000 * ticket.waited_s;
  const icon = find("[data-icon]");
  if (icon.dataset.of !== ticket.title) setIcon(icon, ticket.title);
  icon.dataset.of = ticket.title;
  find("[data-title]").textContent = ticket.title_name;
  find("[data-mode]").textContent = ticket.mode_label;
  find("[data-party]").textContent = ticket.people.map(({ name }) => name).join(", ");
  find("[data-party]").hidden = ticket.people.length < 2;
  tick();
}

function tick() {
  if (ticket?.state !== "waiting") return;
  const seconds = (performance.now() - begun) / 1000;
  find("[data-elapsed]").textContent = clock(seconds);
  find("[data-estimate]").textContent = expected(seconds);
}

function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function expected(seconds) {
  if (ticket.estimate_s === null) return "How long it takes is not known yet.";
  if (seconds > 2 * ticket.estimate_s + 5) return "It takes longer than usual.";
  return `Usually about ${duration(Math.max(1, ticket.estimate_s))}.`;
}

function drawOver() {
  find("[data-over]").textContent =
    ticket?.state === "expired" ? "The search has ended." : "You are not waiting for a match.";
  find("[data-again]").hidden = ticket === null;
  if (ticket) find("[data-again]").textContent = `Play ${ticket.title_name}, ${ticket.mode_label}`;
}

async function cancel() {
  try {
    await remove(`matchmaking/tickets/${ticket.id}/`);
  } catch (error) {
    // A match was found at this very moment: the feed says which.
    if (error.code !== "ticket_over") throw error;
    return show(await get(`matchmaking/tickets/${ticket.id}/`));
  }
  feed.close();
  location.assign("/");
}
