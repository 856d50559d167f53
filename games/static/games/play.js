/**
 * The page that a match is played on: joins the room, puts the title's client on the stage, and
 * shows what is the same for every title: seats, connection, pauses, results, leaving.
 *
 * The title's module is loaded first and mounted at the room's "ready", so that its client hears
 * every event from the first on. What people wrote only ever becomes text, never markup.
 */

import { join } from "./evertick.js";
import * as words from "./play-words.js";

const { match, title, clientUrl, lobby, mode } = document.body.dataset;
const watching = new URLSearchParams(location.search).has("watch");
const home = lobby ? `/lobby/${encodeURIComponent(lobby)}/` : "/";

/** After the end, for the last move to be seen. */
const RESULT_AFTER_MS = 1100;
/** Where more play, the others' chips are only their colours. */
const NAMED_MAX = 4;
/** How long it stands above the stage that somebody is missing; the chip goes on counting. */
const ABSENCE_MS = 8000;
/** How long to wait for what the result changed, before it is asked for again. */
const CHANGE_WAIT_MS = 4000; // a result counts a moment after it is known; then that is told
/** … and from when on it stands there again: soon something happens. */
const ABSENCE_LAST_S = 10;

const $ = (id) => document.getElementById(id);
const show = (id, shown = true) => { $(id).hidden = !shown; };

/** What the server says of the title; what happens to the absent is part of it. */
let about = { away: null, drop_in: false, teams: 0, team_names: [] };
let client = null;
let room = null;
let mounted = null;
let resultTold = false;
let changesTold = []; // what it changed, which may be told before the result is shown
let leaving = false;
let absentSince = null;
const came = new Set(); // seats whose player was seen here

start();

async function start() {
  $("back").href = home;
  $("back").textContent = lobby ? "Back to lobby" : "All lobbies";
  wire();
  ask("GET", `titles/${title}/`).then((answer) => { about = answer; draw(); }, () => {});
  try {
    client = await import(clientUrl);
  } catch (error) {
    console.error(error);
    return end({ code: "client_missing" });
  }
  room = join({ match, getTicket, encoding: encodingWanted() });
  window.evertick = { room };
  room.on("ready", mount);
  room.on("seats", draw);
  room.on("phase", draw);
  room.on("result", () => setTimeout(showResult, RESULT_AFTER_MS));
  room.on("status", onStatus);
  room.on("error", onError);
  room.on("rtt", drawLink);
  setInterval(drawTime, 250);
}

/** `?encoding=json` is for reading along in the browser's network panel. */
function encodingWanted() {
  return new URLSearchParams(location.search).get("encoding") === "json" ? "json" : "msgpack";
}

async function getTicket() {
  const { ticket } = await ask("POST", `matches/${match}/ticket/`, watching ? { spectate: true } : {});
  return ticket;
}

function mount() {
  show("loading", false);
  show("watching", room.seat === null);
  try {
    mounted = client.mount($("stage"), room, { sound: false });
  } catch (error) {
    console.error(error);
    return end({ code: "client_missing" });
  }
  draw();
  if (room.result) showResult();
  else $("stage").focus({ preventScroll: true });
}

// --- the bar ---------------------------------------------------------------------------------

function draw() {
  if (room === null) return;
  for (const [seat, { status }] of Object.entries(room.seats)) if (status === "here") came.add(seat);
  drawChips();
  drawTime();
}

/** Seats in order, one's own first, then those of one's team; teams stay together. */
function seatsInOrder() {
  const numbers = Object.keys(room.seats).map(Number).sort((a, b) => a - b);
  const mine = room.seat === null ? null : teamOf(room.seat);
  numbers.sort((a, b) => (teamOf(b) === mine) - (teamOf(a) === mine) || teamOf(a) - teamOf(b));
  return numbers.sort((a, b) => (b === room.seat) - (a === room.seat));
}

/** The team that a seat plays for; 0 where everybody plays alone. */
const teamOf = (seat) => (about.teams ? seat % about.teams : 0);

/** Its name, for people; empty where everybody plays alone. */
const teamName = (seat) => (about.teams ? (about.team_names[teamOf(seat)] ?? `Team ${teamOf(seat) + 1}`) : "");

function drawChips() {
  const order = seatsInOrder();
  const many = order.length > NAMED_MAX;
  const chips = order.map((seat) => chip(seat, room.seats[seat], many && seat !== room.seat));
  $("seats").replaceChildren(el("span", "chips", ...chips));
  if (many) $("seats").append(el("span", "count num", String(order.length), el("span", "count-word", " players")));
  $("seats").classList.toggle("few", order.length <= 2);
  $("seats").setAttribute("aria-label", `Players: ${order.map(spoken).join(", ")}`);
}

function chip(seat, { name, status }, bare) {
  const kind = `${status} ${seat === room.seat ? "mine" : ""} ${bare ? "bare" : ""}`;
  const node = el("span", `seat ${kind}`, el("i", "disc"));
  node.style.setProperty("--colour", colour(seat));
  node.dataset.seat = seat;
  node.title = about.teams ? `${name}, ${teamName(seat)}` : name;
  if (!bare) node.append(el("span", "who", name), el("span", "what num"));
  return node;
}

function spoken(seat) {
  const { name, status } = room.seats[seat];
  const team = about.teams ? `, ${teamName(seat)}` : "";
  return `${name}${seat === room.seat ? " (you)" : ""}${team}${status === "here" ? "" : `, ${status}`}`;
}

/** A seat's colour, or its team's. */
const colour = (seat) => `var(--seat-${about.teams ? teamOf(seat) : seat % 16})`;

function drawLink() {
  const live = room.status === "live";
  const { rtt } = room;
  const bars = !live ? 0 : rtt === null || rtt < 130 ? 3 : rtt < 320 ? 2 : 1;
  const ms = live && rtt !== null ? `${Math.round(rtt)} ms` : "";
  if ($("link").dataset.bars !== String(bars)) $("link").dataset.bars = bars;
  setText("rtt", ms);
  $("link").setAttribute("aria-label", live ? `Connection: ${ms || "good"}` : "Not connected");
  $("link").title = live ? "Round trip to the server" : "Not connected";
}

// --- who is missing --------------------------------------------------------------------------

/** Everything that counts down. */
function drawTime() {
  if (room === null || room.state === null) return;
  for (const node of $("seats").querySelectorAll(".seat:not(.bare)")) {
    const seat = room.seats[node.dataset.seat];
    const note = seat ? words.seatNote(seat, left(seat)) : "";
    const what = node.querySelector(".what");
    if (what.textContent !== note) what.textContent = note;
    what.hidden = note === "";
  }
  drawAbsence();
  drawPause();
  if ($("players").open) drawPeople();
}

/** Seconds that an absent player is still waited for, or null. */
function left({ status, until }) {
  return status === "away" && until != null && room.phase !== "over" ? room.secondsUntil(until) : null;
}

function missing() {
  return Object.entries(room.seats)
    .filter(([seat, { status }]) => status === "away" && Number(seat) !== room.seat)
    .map(([seat, place]) => ({ name: place.name, left: left(place), came: came.has(seat) }));
}

/** Where few play, one who is missing concerns everybody; where many do, the chips say enough. */
function drawAbsence() {
  const people = missing();
  const few = Object.keys(room.seats).length <= NAMED_MAX && !about.drop_in;
  const concerns = few && people.length > 0 && room.phase === "playing" && room.status === "live";
  absentSince = concerns ? (absentSince ?? performance.now()) : null;
  const soon = people.some((person) => person.left !== null && person.left < ABSENCE_LAST_S);
  const shown = concerns && (soon || performance.now() - absentSince < ABSENCE_MS);
  if (shown) {
    const one = people.length === 1;
    setText("absence-text", one ? words.absence(people[0], about.away) : words.absenceOfMany(people));
  }
  announceOnce(concerns ? `${words.names(people.map(({ name }) => name))} away` : "");
  show("absence", shown);
}

function drawPause() {
  const shown = room.phase === "paused" && room.status !== "closed";
  show("paused", shown);
  if (!shown) return;
  const people = missing();
  const waits = people.map((person) => person.left).filter((seconds) => seconds !== null);
  setText("paused-text", words.paused(people));
  setText("paused-clock", waits.length ? words.duration(Math.min(...waits)) : "");
}

function drawPeople() {
  const items = seatsInOrder().map((seat) => {
    const place = room.seats[seat];
    const item = el("li", seat === room.seat ? "mine" : "", el("i", "disc"));
    item.style.setProperty("--colour", colour(seat));
    item.append(el("span", "clip", place.name));
    if (about.teams) item.append(el("span", "team", teamName(seat)));
    if (seat === room.seat) item.append(el("span", "badge accent", "You"));
    item.append(el("span", "item-what num", words.seatLine(place, left(place), about.away)));
    return item;
  });
  $("people").replaceChildren(...items);
}

// --- the connection --------------------------------------------------------------------------

function onStatus(status) {
  document.body.classList.toggle("off", status === "reconnecting");
  drawLink();
  drawBanner();
  if (status === "live") draw();
  if (status === "closed" && !leaving) onClosed();
}

function drawBanner() {
  const shown = room.status === "reconnecting";
  const offline = !navigator.onLine;
  if (shown) {
    setText("banner-text", offline
      ? "You are offline. The match goes on; you are back as soon as the network is."
      : "Connection lost. Coming back…");
  }
  if (room.status === "connecting") {
    setText("loading-text", offline ? "You are offline." : "The server does not answer. Trying again…");
  }
  show("banner", shown);
}

function onError({ code, message, fatal }) {
  if (fatal) return; // told when the room closes
  if (code === "flood") toast("Too much at once; some of it has to wait.");
  else console.warn(`evertick: ${code}: ${message}`);
}

async function onClosed() {
  const { error } = room.closed;
  if (room.result) return;
  if (error?.code === "match_over" || error?.code === "match_not_found") {
    const known = await ask("GET", `matches/${match}/result/`).catch(() => null);
    if (known?.ranking) return showOldResult(known);
    if (known?.status === "faulted") return end({ code: "room_faulted" });
    if (known?.reason === "ended_by_operator") return end({ code: "match_ended" });
    if (known?.status === "abandoned") return end({ code: "room_lost" });
  }
  end(error ?? { code: "left" });
}

// --- the end ---------------------------------------------------------------------------------

function showResult() {
  if (resultTold || room.result === null) return;
  const seatNames = Object.fromEntries(Object.entries(room.seats).map(([seat, { name }]) => [seat, name]));
  drawResult(room.result, seatNames, room.seat);
}

/** The match was over before this page came. */
function showOldResult({ ranking, reason, seats }) {
  show("loading", false);
  show("result-close", false);
  const seatNames = Object.fromEntries(seats.map(({ number, name }) => [number, name]));
  const me = seats.find(({ user }) => user !== null && String(user) === document.body.dataset.me);
  drawResult({ ranking, reason }, seatNames, me?.number ?? null);
}

function drawResult(result, seatNames, mine) {
  resultTold = true;
  const { headline, detail } = describe(result, seatNames, mine);
  setText("result-headline", headline);
  setText("result-detail", detail);
  $("ranking").replaceChildren(...rows(result.ranking, seatNames, mine));
  changesTold.forEach(drawChange);
  const sheet = document.querySelector(".result");
  const place = result.ranking.findIndex((seats) => seats.includes(mine));
  const decided = result.ranking.length > 1;
  sheet.classList.toggle("won", decided && place === 0);
  sheet.classList.toggle("lost", decided && place > 0 && place === result.ranking.length - 1);
  setText("again", mine === null ? "Play yourself" : "Play again");
  openResult();
  showChanges().catch(() => {}); // they are on the players' pages as well
}

/**
 * Beside each name what the match changed, and who it is. What it changed is known a moment after
 * its end, and then told; who is not told looks once more.
 */
async function showChanges() {
  const { rated, seats } = await ask("GET", `matches/${match}/`);
  seats.forEach(drawChange);
  if (!rated || $("ranking").querySelector(".change")) return;
  await new Promise((done) => setTimeout(done, CHANGE_WAIT_MS));
  if ($("ranking").querySelector(".change")) return;
  (await ask("GET", `matches/${match}/`)).seats.forEach(drawChange);
}

function drawChange({ number, user, rating }) {
  const row = document.querySelector(`#ranking [data-seat="${number}"]`);
  if (row === null) return;
  const name = row.querySelector(".grow");
  if (user && name.firstElementChild === null) {
    const link = el("a", "quiet", name.textContent);
    link.href = `/players/${user}/`;
    name.replaceChildren(link);
  }
  if (!rating || row.querySelector(".change")) return;
  const change = el("span", `change num ${rating.change > 0 ? "up" : rating.change < 0 ? "down" : ""}`);
  change.textContent = rating.change === 0 ? "±0" : `${rating.change > 0 ? "+" : "−"}${Math.abs(rating.change)}`;
  change.title = `Rating ${rating.before} → ${rating.after}${rating.provisional ? "?" : ""}`;
  name.after(change);
}

/** In the title's words, if it has some for this end. */
function describe(result, seatNames, mine) {
  const plain = words.plainResult(result, seatNames, mine, teamName);
  if (result.reason === "everyone_left") return plain;
  try {
    return { ...plain, ...client.describeResult?.(result, seatNames, mine) };
  } catch (error) {
    console.error(error);
    return plain;
  }
}

function rows(ranking, seatNames, mine) {
  let place = 1;
  return ranking.flatMap((seats) => {
    const here = place;
    place += about.teams ? new Set(seats.map(teamOf)).size : seats.length;
    return seats.map((seat) => {
      const row = el("li", `${here === 1 && ranking.length > 1 ? "first" : ""} ${seat === mine ? "mine" : ""}`);
      row.style.setProperty("--colour", colour(seat));
      row.dataset.seat = seat;
      row.append(el("span", "place", ranking.length > 1 ? `${here}.` : "="), el("i", "disc"));
      row.append(el("span", "clip grow", seatNames[seat] ?? `Seat ${seat + 1}`));
      if (about.teams) row.append(el("span", "team", teamName(seat)));
      if (seat === mine) row.append(el("span", "badge accent", "You"));
      return row;
    });
  });
}

function openResult() {
  show("result-open", false);
  show("result");
  $("result-headline").focus({ preventScroll: true }); // not a button: a key may still be held down
}

function closeResult() {
  show("result", false);
  show("result-open");
}

/** Ready for the next round, and there; where the match was found by a ticket, with a new one. */
async function again() {
  $("again").setAttribute("aria-busy", "true");
  if (mode && !lobby) {
    const waits = await ask("POST", "matchmaking/tickets/", { title, mode }).then(
      () => true,
      (error) => error.code === "already_waiting",
    );
    return go(waits ? "/wait/" : "/");
  }
  if (lobby && room?.seat != null) {
    await ask("POST", `lobbies/${lobby}/ready/`, { ready: true }).catch(() => {});
  }
  go(home);
}

/** The page is not in the match any more. */
function end(error) {
  const { headline, detail, actions } = words.ending(error);
  for (const id of ["loading", "paused", "result", "absence", "banner"]) show(id, false);
  setText("ended-headline", headline);
  setText("ended-detail", detail);
  $("ended-actions").replaceChildren(...actions.map((action, index) => actionButton(action, index === 0, error)));
  show("ended");
  $("ended-headline").focus({ preventScroll: true });
}

function actionButton(action, foremost, error) {
  const reload = error?.code === "seat_replaced" ? "Play here instead" : "Load again";
  const [text, target] = {
    reload: [reload, null],
    watch: ["Watch instead", `${location.pathname}?watch`],
    lobby: [lobby ? "Back to lobby" : "All lobbies", home],
    history: ["Match history", "/history/"],
    login: ["Log in", `/login/?next=${encodeURIComponent(location.pathname)}`],
  }[action];
  const button = el("button", `btn wide ${foremost ? "primary big" : ""}`, text);
  button.type = "button";
  button.addEventListener("click", () => (target === null ? location.reload() : go(target)));
  return button;
}

// --- leaving ---------------------------------------------------------------------------------

function wire() {
  $("leave").addEventListener("click", askToLeave);
  $("leave-dialog").addEventListener("close", () => {
    if ($("leave-dialog").returnValue === "leave") leave();
  });
  $("again").addEventListener("click", again);
  $("result-close").addEventListener("click", closeResult);
  document.addEventListener("evertick:counted", ({ detail: seats }) => {
    changesTold = seats;
    seats.forEach(drawChange);
  });
  $("result-open").addEventListener("click", openResult);
  $("seats").addEventListener("click", () => {
    if (room?.state == null) return;
    drawPeople();
    $("players").showModal();
  });
  for (const name of ["online", "offline"]) addEventListener(name, () => room && drawBanner());
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !$("result").hidden && !$("result-close").hidden) closeResult();
  });
  $("stage").addEventListener("contextmenu", (event) => event.preventDefault());
}

function askToLeave() {
  const playing = room?.state != null && room.seat !== null && room.phase !== "over" && room.status !== "closed";
  if (!playing) return leave();
  const seats = Object.keys(room.seats).length;
  setText("leave-text", words.leaving({ dropIn: about.drop_in, seats }));
  $("leave-dialog").returnValue = "";
  $("leave-dialog").showModal();
}

async function leave() {
  leaving = true;
  $("leave").disabled = true;
  if (room !== null && room.seat !== null && room.phase !== "over") await room.leave();
  room?.close();
  go(home);
}

function go(target) {
  mounted?.unmount?.();
  mounted = null;
  location.assign(target);
}

// --- small things ----------------------------------------------------------------------------

/** The REST API; an error says whether it is of any use to ask again. */
async function ask(method, path, body) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  const options = { method, headers, credentials: "same-origin", cache: "no-store" };
  if (body !== undefined) options.body = JSON.stringify(body);
  const answer = await fetch(`/api/${path}`, options);
  const data = await answer.json().catch(() => null);
  if (answer.ok) return data;
  const { code = "error", message = `The server answered ${answer.status}.` } = data?.error ?? {};
  const fatal = answer.status >= 400 && answer.status < 500 && ![408, 425, 429].includes(answer.status);
  throw Object.assign(new Error(message), { code, fatal });
}

/** Signing in elsewhere changes the token, so the cookie is newer than the page. */
function csrfToken() {
  const cookie = document.cookie.match(/(?:^|;\s*)csrftoken=([^;]+)/);
  return cookie?.[1] ?? document.querySelector('meta[name="csrf-token"]')?.content ?? "";
}

function el(tag, className, ...children) {
  const node = document.createElement(tag);
  if (className.trim()) node.className = className.trim();
  node.append(...children);
  return node;
}

function setText(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}

function announceOnce(text) {
  setText("announcer", text);
}

function toast(text) {
  if ([...$("toasts").children].some((node) => node.textContent === text)) return;
  const node = el("p", "toast", text);
  $("toasts").append(node);
  setTimeout(() => node.remove(), 5000);
}
