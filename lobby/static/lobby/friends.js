/**
 * One's friends and where they are, requests, the party, those whom one blocked, and a conversation
 * with one friend.
 */

import { get, isMe, post } from "./api.js";
import { announce, avatar, busy, el, enable, glyph, syncList, toast, twice } from "./dom.js";
import { Chat, directTalk } from "./chat.js";
import { openPerson } from "./people.js";

const AGAIN_MS = 15000; // presence is half a minute old at the worst
const PAGE = 50;
const WHERE = { offline: "Offline", online: "Online", lobby: "In a lobby", match: "In a match" };

const find = (selector) => document.querySelector(selector);
let shown = PAGE;
let party = null;
let talk = null;

find("#add-friend").addEventListener("submit", add);
enable("#add-friend [type=submit]");
find("#friends-more").addEventListener("click", ({ currentTarget }) => {
  shown += PAGE;
  return busy(currentTarget, load);
});
find("[data-direct-close]").addEventListener("click", closeTalk);
find("[data-party-leave]").addEventListener("click", ({ currentTarget }) =>
  twice(currentTarget, "Leave?", () => busy(currentTarget, async () => drawParty(await post("party/leave/")))),
);
document.addEventListener("evertick:notice", load);
document.addEventListener("visibilitychange", () => document.hidden || load());
setInterval(() => document.hidden || load(), AGAIN_MS);
await load();
await openLinked();

async function load() {
  try {
    const [friends, received, sent, blocked, mine] = await Promise.all([
      get(`friends/?page_size=${shown}`),
      get("friends/requests/?page_size=50"),
      get("friends/requests/sent/?page_size=50"),
      get("blocks/?page_size=100"),
      get("party/"),
    ]);
    party = mine.party;
    drawFriends(friends);
    drawRequests(received.results, sent.results);
    drawBlocked(blocked.results);
    drawParty(mine);
  } catch (error) {
    if (error.code === undefined) throw error;
    toast(error.message, "bad");
  }
}

/** `?with=<id>`: the conversation with that friend. */
async function openLinked() {
  const id = new URLSearchParams(location.search).get("with");
  if (!/^\d+$/.test(id ?? "")) return;
  const person = await get(`people/${id}/`).catch(() => null);
  if (person) openTalk(person.user);
}

async function add(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const note = find("#add-error");
  note.hidden = true;
  await busy(form.querySelector("button"), async () => {
    try {
      const username = form.elements.username.value.trim();
      if (!username) throw Object.assign(new Error("Type a user name."), { code: "empty" });
      const { user } = await post("people/find/", { username });
      const person = await post(`people/${user.id}/request/`);
      toast(person.friend ? `${user.name} is your friend now.` : `${user.name} was asked.`, "good");
      form.reset();
      await load();
    } catch (error) {
      if (error.code === undefined) throw error;
      note.textContent = error.status === 404 ? "Nobody has this user name." : (error.fields?.user?.[0] ?? error.message);
      note.hidden = false;
    }
  });
}

// --- lists ------------------------------------------------------------------------------------

function drawFriends({ results, count }) {
  const order = ["match", "lobby", "online", "offline"];
  results.sort((one, other) => order.indexOf(one.presence) - order.indexOf(other.presence));
  find("#friends").removeAttribute("aria-busy");
  find("[data-friends-count]").textContent = count ? String(count) : "";
  find("#friends-empty").hidden = count > 0;
  find("#friends-more").hidden = results.length >= count;
  const leads = party === null || isMe(party.leader);
  const within = new Set([...(party?.members ?? []), ...(party?.invited ?? [])].map(({ id }) => id));
  syncList(
    find("#friends"),
    results.map((row) => ({ ...row, invitable: leads && !within.has(row.user.id) })),
    { key: ({ user }) => user.id, draw: friendRow },
  );
}

function friendRow({ user, presence, invitable }) {
  return row(
    user,
    el("small", { class: `presence ${presence}` }, el("i", { class: "dot" }), WHERE[presence]),
    button("chat", "Message", () => openTalk(user), user),
    invitable ? button("plus", "Party", () => partyInvite(user), user) : null,
    menuButton(user),
  );
}

function drawRequests(received, sent) {
  find("#requests").hidden = received.length + sent.length === 0;
  const key = ({ user }) => user.id;
  syncList(find("[data-received]"), received, {
    key,
    draw: ({ user }) =>
      row(user, "wants to be friends", answer(user, "accept", "Accept", "primary"), answer(user, "decline", "Decline", "ghost")),
  });
  syncList(find("[data-sent]"), sent, {
    key,
    draw: ({ user }) => row(user, "was asked", answer(user, "decline", "Take back", "ghost")),
  });
}

function drawBlocked(rows) {
  find("[data-blocked-empty]").hidden = rows.length > 0;
  syncList(find("[data-blocked]"), rows, {
    key: ({ user }) => user.id,
    draw: ({ user, chat_only: muted }) =>
      row(user, muted ? "muted" : "blocked", muted ? answer(user, "unmute", "Unmute", "ghost") : answer(user, "unblock", "Unblock", "ghost")),
  });
}

function drawParty(mine) {
  party = mine.party;
  const leads = party !== null && isMe(party.leader);
  find("[data-party-leave]").hidden = party === null;
  find("[data-party-hint]").textContent =
    party === null
      ? "Invite a friend to go from lobby to lobby together."
      : leads
        ? "Open a lobby and bring your party along from there."
        : `${party.leader.name} chooses the lobby, and you come along.`;
  const members = [
    ...(party?.members ?? []).map((user) => ({ user, invited: false })),
    ...(party?.invited ?? []).map((user) => ({ user, invited: true })),
  ];
  syncList(
    find("[data-party-members]"),
    members.map((member) => ({ ...member, leads, leader: member.user.id === party.leader.id })),
    { key: ({ user }) => user.id, draw: partyRow },
  );
  syncList(find("[data-party-invitations]"), mine.invitations, {
    key: (each) => each.party,
    draw: ({ party: id, leader }) =>
      row(
        leader,
        "asks you into a party",
        small("Join", "primary", async () => drawParty(await post("party/join/", { party: id }))),
        small("Decline", "ghost", async () => drawParty(await post("party/decline/", { party: id }))),
      ),
  });
}

function partyRow({ user, invited, leads, leader }) {
  return row(
    user,
    invited ? "invited" : leader ? "leads" : "",
    leads && !isMe(user) && !invited
      ? small("Lead", "ghost", async () => drawParty(await post("party/lead/", { user: user.id })))
      : null,
    leads && !isMe(user)
      ? small("Remove", "ghost", async () => drawParty(await post("party/kick/", { user: user.id })))
      : null,
  );
}

async function partyInvite(user) {
  drawParty(await post("party/invite/", { user: user.id }));
  toast(`${user.name} was asked.`, "good");
  await load();
}

function row(user, about, ...buttons) {
  return el(
    "li",
    { class: "person-row" },
    avatar(user.name, user.id),
    el(
      "div",
      { class: "person-what" },
      el("span", { class: "clip" }, user.name),
      typeof about === "string" ? el("small", { class: "muted" }, about) : about,
    ),
    buttons,
  );
}

function small(label, kind, run) {
  const click = ({ currentTarget }) => busy(currentTarget, run);
  const about = { class: `btn small ${kind}`, type: "button", "data-do": label, on: { click } };
  return el("button", about, label);
}

function answer(user, what, label, kind) {
  return small(label, kind, async () => {
    await post(`people/${user.id}/${what}/`);
    await load();
  });
}

function button(icon, label, run, user) {
  return el(
    "button",
    {
      class: "btn small",
      type: "button",
      "data-do": icon,
      "aria-label": `${label}: ${user.name}`,
      on: { click: ({ currentTarget }) => busy(currentTarget, async () => run()) },
    },
    glyph(icon),
    el("span", { class: "word" }, label),
  );
}

function menuButton(user) {
  return el(
    "button",
    {
      class: "btn ghost icon small",
      type: "button",
      "data-do": "menu",
      "aria-label": `More about ${user.name}`,
      on: { click: ({ currentTarget }) => openPerson(user, currentTarget) },
    },
    glyph("dots"),
  );
}

// --- a conversation ---------------------------------------------------------------------------

function openTalk(user) {
  closeTalk();
  find("#direct").hidden = false;
  find("#direct-title").textContent = user.name;
  talk = new Chat(find("[data-direct]"), { talk: directTalk(user), label: `With ${user.name}` });
  find("#direct").scrollIntoView({ block: "nearest", behavior: "smooth" });
  find("#direct-title").focus({ preventScroll: true });
  announce(`Conversation with ${user.name}`);
}

function closeTalk() {
  talk?.close();
  talk = null;
  find("#direct").hidden = true;
}
