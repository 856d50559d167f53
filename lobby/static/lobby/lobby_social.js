/**
 * What one lobby's page has besides: chat, invitations, and whom the host keeps out.
 */

import { get, isMe, me, post, request } from "./api.js";
import { avatar, busy, copyText, el, glyph, syncList, toast } from "./dom.js";
import { Chat } from "./chat.js";
import { myMembership } from "./seats.js";

const find = (selector) => document.querySelector(selector);
let chat = null;
let barredAt = ""; // of which members the list of those kept out was asked for
let partyKnown = false;

/** Once, before anything is drawn. */
export function setUpSocial(path) {
  on("[data-make-link]", async () => {
    const made = await post(`${path}invitations/`);
    const copied = await copyText(new URL(made.path, location.origin).href);
    toast(copied ? "A link for ten people and a day is copied." : "The link is in the list.", "good");
    await loadLinks(path);
  });
  on("[data-invite-friend]", () => inviteFriends(path));
  on("[data-bring-party]", async (button) => {
    await post("party/lobby/", { lobby: path.split("/")[1] });
    button.hidden = true;
    toast("Your party is here.", "good");
  });
}

/** With each new look of the lobby. */
export function drawSocial(lobby, path) {
  const mine = myMembership(lobby);
  find("#chat").hidden = !mine;
  if (mine && chat === null) {
    chat = new Chat(find("#chat [data-chat]"), { talk: `lobby:${lobby.id}`, label: "Lobby chat" });
    loadLinks(path).catch(() => {});
  } else if (!mine && chat !== null) {
    chat.close();
    chat = null;
  }
  if (mine && !partyKnown) offerParty(lobby);
  drawBarred(lobby, path, mine?.host === true);
}

// --- invitations ------------------------------------------------------------------------------

async function loadLinks(path) {
  const links = await get(`${path}invitations/`);
  syncList(find("[data-links]"), links, { key: (link) => link.id, draw: (link) => linkRow(link, path) });
}

function linkRow(link, path) {
  const url = new URL(link.path, location.origin).href;
  return el(
    "li",
    {},
    el(
      "span",
      { class: "grow clip muted" },
      link.invitee ? `For ${link.invitee.name}` : `Link, ${link.uses_left} more`,
    ),
    link.invitee
      ? null
      : el(
          "button",
          {
            class: "btn small ghost icon",
            type: "button",
            "aria-label": "Copy the link",
            on: { click: async () => toast((await copyText(url)) ? "Copied." : url) },
          },
          glyph("copy"),
        ),
    el(
      "button",
      {
        class: "btn small ghost icon",
        type: "button",
        "aria-label": "Take it back",
        on: {
          click: ({ currentTarget }) =>
            busy(currentTarget, async () => {
              await request("DELETE", `${path}invitations/${link.id}/`);
              await loadLinks(path);
            }),
        },
      },
      glyph("close"),
    ),
  );
}

async function inviteFriends(path) {
  const { results } = await get("friends/?page_size=100");
  results.sort((one, other) => (one.presence === "offline") - (other.presence === "offline"));
  const dialog = el(
    "dialog",
    { "aria-labelledby": "invite-friends-title" },
    el("h2", { id: "invite-friends-title" }, "Invite a friend"),
    results.length
      ? el("ul", { class: "people-list" }, results.map((row) => friendRow(row, path)))
      : el("p", { class: "muted" }, "You have no friends here yet. ", el("a", { href: "/friends/" }, "Find some")),
    el("form", { class: "actions", method: "dialog" }, el("button", { class: "btn" }, "Close")),
  );
  dialog.addEventListener("close", () => {
    dialog.remove();
    loadLinks(path).catch(() => {});
  });
  document.body.append(dialog);
  dialog.showModal();
}

function friendRow({ user, presence }, path) {
  return el(
    "li",
    { class: "person-row" },
    avatar(user.name, user.id),
    el(
      "div",
      { class: "person-what" },
      el("span", { class: "clip" }, user.name),
      el("small", { class: `presence ${presence}` }, el("i", { class: "dot" }), presence),
    ),
    el(
      "button",
      {
        class: "btn small primary",
        type: "button",
        on: {
          click: ({ currentTarget }) =>
            busy(currentTarget, async () => {
              await post(`${path}invite/`, { user: user.id });
              currentTarget.disabled = true;
              currentTarget.textContent = "Invited";
            }),
        },
      },
      "Invite",
    ),
  );
}

/** A leader whose party is not all here may bring it. */
async function offerParty(lobby) {
  partyKnown = true;
  const { party } = await get("party/").catch(() => ({ party: null }));
  const here = new Set(lobby.members.map(({ user }) => user.id));
  const missing = party?.members.some(({ id }) => !here.has(id));
  find("[data-bring-party]").hidden = !(party && isMe(party.leader) && missing && me);
}

// --- kept out ---------------------------------------------------------------------------------

async function drawBarred(lobby, path, hosting) {
  const box = find("#barred");
  if (!hosting) {
    box.hidden = true;
    barredAt = "";
    return;
  }
  const now = lobby.members.map(({ user }) => user.id).join();
  if (now === barredAt) return;
  barredAt = now;
  showBarred(await get(`${path}barred/`).catch(() => []), path);
}

function showBarred(people, path) {
  find("#barred").hidden = people.length === 0;
  syncList(find("[data-barred]"), people, {
    key: (user) => user.id,
    draw: (user) =>
      el(
        "li",
        { class: "person-row" },
        el("div", { class: "person-what" }, el("span", { class: "clip" }, user.name)),
        el(
          "button",
          {
            class: "btn small",
            type: "button",
            on: {
              click: ({ currentTarget }) =>
                busy(currentTarget, async () =>
                  showBarred(await post(`${path}unban/`, { user: user.id }), path),
                ),
            },
          },
          "Let in again",
        ),
      ),
  });
}

function on(selector, action) {
  const button = find(selector);
  button.addEventListener("click", () => busy(button, () => action(button)));
}
