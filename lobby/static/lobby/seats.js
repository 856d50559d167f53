/**
 * Lobbies in words and marks: who has a seat, whether one is free, how to come in.
 */

import { isMe, me, post, signedIn } from "./api.js";
import { el } from "./dom.js";

const PIPS_MAX = 8; // more dots cannot be counted at a glance

export const lobbyUrl = (lobby) => `/lobby/${encodeURIComponent(lobby.id)}/`;

export const myMembership = (lobby) => lobby.members.find((member) => isMe(member.user)) ?? null;

/** Seats that people or bots will have when it starts. */
export const takenSeats = (lobby) =>
  Math.min(lobby.seats.max, Math.max(lobby.seats.taken, lobby.members.length));

export const freeSeats = (lobby) => Math.max(0, lobby.seats.max - takenSeats(lobby));

/** Whether its matches are rated, and who looks on is a guest, or would come as one. */
export const accountsOnly = (lobby) => lobby.rated && (me === null || me.guest);

/** Whether somebody new may sit down now. */
export const joinable = (lobby, title) =>
  freeSeats(lobby) > 0 &&
  !accountsOnly(lobby) &&
  (lobby.state === "open" || (lobby.state === "playing" && title?.drop_in === true));

/** The seats as dots, the taken ones filled; a bar where there are many. */
export function seatMarks(lobby) {
  const taken = takenSeats(lobby);
  const { max } = lobby.seats;
  const marks =
    max <= PIPS_MAX
      ? Array.from({ length: max }, (_, index) =>
          el("i", { class: index < taken ? "pip taken" : "pip" }),
        )
      : [bar(taken / max)];
  return el(
    "span",
    { class: "seats" },
    el("span", { class: "pips", "aria-hidden": "true" }, marks),
    el(
      "span",
      { class: "num" },
      `${taken}/${max}`,
      el("span", { class: "visually-hidden" }, " seats taken"),
    ),
  );
}

function bar(share) {
  const filled = el("i", { class: "pip-bar-filled" });
  filled.style.setProperty("width", `${Math.round(100 * share)}%`);
  return el("span", { class: "pip-bar" }, filled);
}

/** Sits down in a lobby, as a guest if nobody is signed in, and goes there. */
export async function joinLobby(lobby, code) {
  await signedIn();
  if (await withPassword((more) => post(`lobbies/${lobby.id}/join/`, code ? { code, ...more } : more)))
    location.assign(lobbyUrl(lobby));
}

/** Sits down in the lobby that has this code, and goes there. */
export async function joinByCode(code) {
  await signedIn();
  const tidy = code.trim().toUpperCase();
  const lobby = await withPassword((more) => post("lobbies/join/", { code: tidy, ...more }));
  if (lobby) location.assign(lobbyUrl(lobby));
}

/** Asks for the password where there is one, again while it is wrong; null if none is given. */
async function withPassword(enter) {
  let more = {};
  for (;;) {
    try {
      return await enter(more);
    } catch (error) {
      if (error.code !== "lobby_password_wrong") throw error;
      const password = await askPassword("password" in more);
      if (password === null) return null;
      more = { password };
    }
  }
}

function askPassword(again) {
  return new Promise((resolve) => {
    const input = el("input", { id: "lobby-password", type: "password", maxlength: "64", autocomplete: "off" });
    const dialog = el(
      "dialog",
      { "aria-labelledby": "lobby-password-title" },
      el("h2", { id: "lobby-password-title" }, "This lobby has a password"),
      el(
        "form",
        { class: "stack", method: "dialog" },
        el("div", { class: "field" }, el("label", { for: input.id }, "Password"), input),
        again ? el("p", { class: "notice bad", role: "alert" }, "That was not it.") : null,
        el(
          "div",
          { class: "actions" },
          el("button", { class: "btn ghost", value: "", formnovalidate: true }, "Cancel"),
          el("button", { class: "btn primary", value: "join" }, "Join"),
        ),
      ),
    );
    // Enter presses the first button of a form: here it means the second one.
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      dialog.close("join");
    });
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "join" ? input.value : null);
    });
    document.body.append(dialog);
    dialog.showModal();
    input.focus();
  });
}
