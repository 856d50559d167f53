/**
 * One lobby's page: follows it live, and takes every member to the match when it starts.
 */

import { get, isMe, me, patch, post } from "./api.js";
import { announce, busy, copyText, toast, twice } from "./dom.js";
import { openLobbyForm } from "./lobby_form.js";
import { drawLobby, drawResult, inviteLink } from "./lobby_view.js";
import { drawSocial, setUpSocial } from "./lobby_social.js";
import { openPerson } from "./people.js";
import { joinLobby, myMembership } from "./seats.js";
import { LobbyFeed, showStatus } from "./socket.js";
import { setIcon, titles } from "./titles.js";

const id = decodeURIComponent(location.pathname.split("/")[2]);
const code = new URLSearchParams(location.search).get("code");
const path = `lobbies/${encodeURIComponent(id)}/`;
// Kept for this tab: which matches it went to, and the latest of this lobby.
const seenKey = (match) => `evertick.seen.${match}`;
const CHANGE_WAIT_MS = 4000; // a result counts a moment after it is known; then that is told
const lastKey = `evertick.last.${id}`;
const find = (selector) => document.querySelector(selector);

const isPrivate = "needsCode" in find("#lobby-page").dataset; // and we are not in it

let lobby = null;
let title = null;
let resultShown = null;
let seat = { match: null, gone: false };
let going = null; // the match that we are on our way to

const counted = new Set(); // matches that we were told of: they changed our rating
const waiting = new Map(); // match → what to call when we are told

document.addEventListener("evertick:notice", noteCounted);
addEventListener("pageshow", () => (going = null)); // back in a page that the browser kept

setUpButtons();
setUpSocial(path);
const feed = new LobbyFeed({
  lobby: id,
  onData: (data) => (data ? show(data) : gone()),
  onStatus: (status) => showStatus(find("#feed"), status),
  poll: read,
});
await start();

async function start() {
  if (isPrivate) return showClosed(null);
  const first = await read().catch((error) => {
    if (error.code === "offline" || error.status >= 500) toast(error.message, "bad");
    return undefined;
  });
  if (first === null) return gone();
  if (first) await show(first);
  return feed.open();
}

/** The lobby as it is now; null where there is none for us. */
async function read() {
  try {
    return await get(path);
  } catch (error) {
    if ([401, 403, 404].includes(error.status)) return null;
    throw error;
  }
}

async function show(next) {
  title ??= (await titles().catch(() => new Map())).get(next.title) ?? null;
  const before = lobby;
  lobby = next;
  if (next.state === "closed") return gone();
  tellChanges(before, next);
  if (shouldPlay(next)) return play(next.match);
  find("#loading").hidden = true;
  find("#closed").hidden = true;
  find("#lobby").hidden = false;
  find("#lobby-page").removeAttribute("aria-busy");
  draw();
  return Promise.all([showResult(next), learnSeat(next)]);
}

function draw() {
  const seatGone = seat.match === lobby.match && seat.gone;
  drawLobby(lobby, title, { seatGone, more, choose, comeBack });
  drawSocial(lobby, path, show);
}

// --- to the match and back --------------------------------------------------------------------

/**
 * Whether to go to the match by ourselves: when it starts while we look on, or when we come here
 * while it runs and have not been there. Who came back from it by choice is left here.
 */
function shouldPlay(next) {
  if (next.state !== "playing" || !next.match || !myMembership(next)) return false;
  const cameBack = document.referrer.endsWith(`/play/${next.match}/`);
  return !cameBack && kept(seenKey(next.match)) === null;
}

/** The answer to the host's start and the feed both tell it; going twice would begin anew. */
function play(match) {
  if (going === match) return;
  going = match;
  keep(seenKey(match), "1");
  keep(lastKey, match);
  feed.close();
  location.assign(`/play/${encodeURIComponent(match)}/`);
}

function keep(key, value) {
  try {
    sessionStorage.setItem(key, value);
  } catch {
    /* storage is closed to us: do without */
  }
}

function kept(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

/** What came of the latest match that we know of, once it is over. */
async function showResult(next) {
  if (next.state === "playing" && next.match) keep(lastKey, next.match);
  const match = kept(lastKey);
  if (next.state !== "open" || !match || !myMembership(next) || resultShown === match) return;
  resultShown = match;
  const result = await get(`matches/${encodeURIComponent(match)}/`).catch(() => null);
  if (!result?.ended || lobby?.state !== "open") return;
  drawResult(result);
  const known = result.seats.some(({ rating }) => rating);
  if (result.rated && result.status === "finished" && !known) await showChange(match);
}

/** What it changed, which is told a moment after the result; whoever is not told looks once. */
async function showChange(match) {
  await toldOf(match);
  if (resultShown !== match || lobby?.state !== "open") return;
  const result = await get(`matches/${encodeURIComponent(match)}/`).catch(() => null);
  if (result && resultShown === match && lobby?.state === "open") drawResult(result);
}

/** Until it was told that this match counted, or for so long as that may take. */
function toldOf(match) {
  if (counted.has(match)) return Promise.resolve();
  return new Promise((done) => {
    waiting.set(match, done);
    setTimeout(done, CHANGE_WAIT_MS);
  });
}

function noteCounted(event) {
  const { kind, data } = event.detail;
  if (kind !== "result" || data.match !== kept(lastKey)) return;
  event.preventDefault(); // the banner says it
  counted.add(data.match);
  waiting.get(data.match)?.();
}

/** Whether our seat in the running match was given up; then there is only watching. */
async function learnSeat(next) {
  if (next.state !== "playing" || !myMembership(next) || seat.match === next.match) return;
  seat = { match: next.match, gone: false };
  const match = await get(`matches/${encodeURIComponent(next.match)}/`).catch(() => null);
  const mine = match?.seats.find((each) => each.number === match.seat);
  seat.gone = match !== null && !title?.drop_in && (!mine || mine.left !== "");
  if (seat.gone && lobby) draw();
}

// --- what changed, in words -------------------------------------------------------------------

function tellChanges(before, next) {
  if (!before) return;
  const then = new Map(before.members.map((member) => [member.user.id, member]));
  const now = new Map(next.members.map((member) => [member.user.id, member]));
  const said = [];
  for (const [userId, member] of now) {
    if (isMe(member.user)) continue;
    if (!then.has(userId)) said.push(`${member.user.name} came in`);
    else if (member.ready && !then.get(userId).ready) said.push(`${member.user.name} is ready`);
  }
  for (const [userId, member] of then) {
    if (!now.has(userId) && !isMe(member.user)) said.push(`${member.user.name} left`);
  }
  if (next.host && isMe(next.host) && !isMe(before.host)) said.push("You are the host now");
  if (said.length) announce(`${said.join(". ")}.`);
  if (myMembership(before) && !myMembership(next)) toast("You are not in this lobby any more.");
}

// --- where there is no lobby for us -----------------------------------------------------------

/** The feed knows no such lobby (any more); REST may still show it to one who is no member. */
async function gone() {
  feed.close();
  const was = lobby;
  lobby = null;
  const still = was && was.state !== "closed" ? await read().catch(() => null) : null;
  if (still && still.state !== "closed") {
    await show(still);
    return feed.open();
  }
  return showClosed(was);
}

function showClosed(was) {
  find("#loading").hidden = true;
  find("#lobby").hidden = true;
  find("#closed").hidden = false;
  find("#lobby-page").removeAttribute("aria-busy");
  const join = find("[data-closed-join]");
  const [heading, text, label] = closedWords(was);
  find("[data-closed-title]").textContent = heading;
  find("[data-closed-text]").textContent = text;
  find("#closed-code").hidden = !codeNeeded(was);
  join.hidden = !label;
  join.textContent = label ?? "";
  if (was) setIcon(find("#closed img"), was.title);
  announce(heading);
}

/** A private lobby, and no code in the link. */
function codeNeeded(was) {
  return !was && !code && isPrivate;
}

function closedWords(was) {
  if (was?.members.some((member) => !isMe(member.user)) && was.state !== "closed") {
    return ["You are not in this lobby any more.", "You were removed, or it was closed."];
  }
  if (was) return ["This lobby is closed.", "Its last player left."];
  const label = me ? "Join" : "Join as guest";
  if (codeNeeded(was)) return ["This lobby is private.", "Type the code that you were given."];
  if (code) return ["You are invited.", "One click, and you are in the lobby.", label];
  if (!me) return ["A lobby for you?", "Join with one click, or log in first to see it.", label];
  return [
    "No such lobby.",
    "It may be closed, or private: then you need its code, or the whole link.",
  ];
}

// --- buttons ----------------------------------------------------------------------------------

function setUpButtons() {
  find("#closed-code").addEventListener("submit", useCode);
  on("[data-closed-join]", () => joinLobby({ id }, code));
  on("[data-join]", () => joinLobby(lobby, code));
  find("[data-leave]").addEventListener("click", ({ currentTarget }) => {
    if (lobby.state !== "playing" || seat.gone) return busy(currentTarget, leave);
    return twice(currentTarget, "Give up the seat?", () => busy(currentTarget, leave));
  });
  on("[data-ready]", async () =>
    show(await post(`${path}ready/`, { ready: !myMembership(lobby).ready })),
  );
  on("[data-start]", async () => {
    const { match } = await post(`${path}start/`);
    play(match);
  });
  on("[data-edit]", edit);
  on("[data-copy-link]", (button) => copied(button, inviteLink(lobby), find("#invite-link")));
  on("[data-copy-code]", (button) => copied(button, lobby.code));
}

function useCode(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const note = find("#closed-code-error");
  note.hidden = true;
  busy(form.querySelector("button"), () =>
    joinLobby({ id }, form.elements.code.value.trim() || "-").catch((error) => {
      if (error.code === undefined) throw error;
      note.textContent =
        error.status === 404 ? "This is not the code of this lobby." : error.message;
      note.hidden = false;
      form.elements.code.select();
    }),
  );
}

function on(selector, action) {
  const button = find(selector);
  button.addEventListener("click", () => busy(button, () => action(button)));
}

async function copied(button, text, field) {
  const done = await copyText(text, field);
  toast(done ? "Copied." : "Copy it from the field by hand.", done ? "good" : "");
}

async function leave() {
  feed.close();
  await post(`${path}leave/`).catch((error) => {
    feed.open();
    throw error;
  });
  location.assign("/");
}

/** Back into the running match; where people drop in, also on a seat that was given up. */
function comeBack(button) {
  return busy(button, async () => {
    if (title?.drop_in) await post(`${path}join/`, {});
    play(lobby.match);
  });
}

/** What one may do about a member; the host also as the host. */
function more(member, button) {
  const { user } = member;
  const asHost = (key, label, icon, ask, what, body = {}) => ({
    key,
    label,
    icon,
    ask,
    run: async () => {
      const next = await post(`${path}${what}/`, { user: user.id, ...body });
      if (next?.members) await show(next);
    },
  });
  const deeds = myMembership(lobby)?.host
    ? [
        asHost("host", "Make host", "crown", "Make host?", "host"),
        asHost("kick", "Remove", "exit", "Remove?", "kick", { ban: false }),
        asHost("ban", "Remove and keep out", "lock", "Keep out?", "kick"),
      ]
    : [];
  return openPerson(user, button, { match: null }, deeds);
}

/** A seat or a team: "seat:1", "team:0", or "" for whichever. */
async function choose(value, select) {
  const [kind, number] = value.split(":");
  await busy(select, async () =>
    show(await post(`${path}seat/`, value ? { [kind]: Number(number) } : {})),
  );
  draw();
}

async function edit() {
  await openLobbyForm({
    heading: "Lobby settings",
    submit: "Save",
    title: lobby.title,
    lobby,
    onSubmit: async ({ name, settings, bots, rated, password }) =>
      show(await patch(path, { name, settings, bots, rated, password })),
  });
}
