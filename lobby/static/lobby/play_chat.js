/**
 * The chat beside a match. It is closed until somebody opens it, never takes the keyboard from the
 * game by itself, and keeps its own keys from the game; Escape gives the keyboard back.
 */

import { get, isMe } from "./api.js";
import { Chat } from "./chat.js";
import { el } from "./dom.js";
import { on } from "./line.js";
import { openPerson, openReport } from "./people.js";
import { openPeopleLine } from "./socket.js";

const { match } = document.body.dataset;
const panel = document.getElementById("play-chat");
const open = document.getElementById("play-chat-open");
const badge = open.querySelector("[data-unread]");
const stage = document.getElementById("stage");

const chat = new Chat(panel.querySelector("[data-chat]"), {
  talk: `match:${match}`,
  label: "Match chat",
  match,
  seen: () => !panel.hidden,
  onUnread: (count) => {
    badge.textContent = count > 9 ? "9+" : String(count);
    badge.hidden = count === 0;
    open.setAttribute("aria-label", count ? `Chat, ${count} unread` : "Chat");
  },
});

function show(shown) {
  panel.hidden = !shown;
  open.setAttribute("aria-expanded", String(shown));
  if (shown) {
    drawPlayers();
    chat.count(0);
    chat.list.scrollTop = chat.list.scrollHeight;
  }
  stage.focus({ preventScroll: true });
}

/** Everybody who plays with an account: a menu at each name. */
async function drawPlayers() {
  const { seats } = await get(`matches/${encodeURIComponent(match)}/`).catch(() => ({ seats: [] }));
  const people = seats.filter(({ user, left }) => user !== null && !left);
  panel.querySelector("[data-players]").replaceChildren(
    ...people
      .map(({ user, name }) => ({ id: user, name }))
      .filter((user) => !isMe(user))
      .map((user) =>
        el(
          "button",
          {
            class: "btn ghost small",
            type: "button",
            "data-user": user.id,
            on: { click: ({ currentTarget }) => openPerson(user, currentTarget, { match }) },
          },
          user.name,
        ),
      ),
  );
}

panel
  .querySelector("[data-report]")
  .addEventListener("click", () => openReport({ name: "this match" }, { match }));
open.addEventListener("click", () => show(panel.hidden));
panel.querySelector("[data-close]").addEventListener("click", () => show(false));
for (const kind of ["keydown", "keyup", "keypress"]) {
  panel.addEventListener(kind, (event) => {
    event.stopPropagation();
    if (event.key === "Escape" && kind === "keydown") stage.focus({ preventScroll: true });
  });
}
// Buttons give the keyboard back at once; only the line to write in keeps it.
panel.addEventListener("click", (event) => {
  if (event.target.closest(".chat-reactions, .chat-more")) stage.focus({ preventScroll: true });
});
on("counted", ({ talk, seats }) => {
  if (talk === `match:${match}`) document.dispatchEvent(new CustomEvent("evertick:counted", { detail: seats }));
});
openPeopleLine();
