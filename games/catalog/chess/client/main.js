// Chess in the browser: the board, both players with their clocks, and what else can be said.

import { createBoard, position } from "./board.js";
import { NAMES, drawing, isWhite } from "./pieces.js";

const WORTH = { q: 9, r: 5, b: 3, n: 3, p: 1 };
const FULL = { q: 1, r: 2, b: 2, n: 2, p: 8 };
const SIDES = ["White", "Black"];
const DAY_S = 24 * 3600;
const LOW_S = 20;

const REASONS = {
  checkmate: "by checkmate",
  resignation: "by resignation",
  timeout: "on time",
  forfeit: "the opponent did not come back",
  left: "the opponent left",
  kicked: "the opponent was removed",
  everyone_left: "Everybody left.",
  stalemate: "Stalemate: no legal move, and no check.",
  insufficient_material: "Neither side has the pieces to mate.",
  timeout_insufficient: "The flag fell, but the other side has no pieces to mate with.",
  fivefold_repetition: "The same position stood on the board five times.",
  threefold_repetition: "The same position stood on the board three times.",
  fifty_moves: "Fifty moves without a capture or a pawn move.",
  seventyfive_moves: "Seventy-five moves without a capture or a pawn move.",
  agreement: "Agreed by both sides.",
  aborted: "A first move was not made in time; the match does not count.",
};

const REFUSALS = {
  not_your_turn: "It is not your turn.",
  illegal_move: "That move is not legal.",
  no_offer: "There is no offer of a draw any more.",
  already_offered: "You have offered a draw in this position already.",
  nothing_to_claim: "There is no draw to claim here.",
  match_over: "The match is over.",
  paused: "The match is paused.",
  closed: "You are not connected any more.",
};

export function describeResult(result, seatNames, mySeat) {
  const { ranking, reason } = result;
  const why = REASONS[reason] ?? `${reason.replaceAll("_", " ")}`;
  if (reason === "aborted") return { headline: "Match aborted", detail: why };
  if (ranking[0].length > 1) return { headline: "Draw", detail: why };
  const winner = ranking[0][0];
  const name = seatNames?.[winner] ?? SIDES[winner];
  const detail = `${SIDES[winner]} wins: ${why}.`.replace(": by", " by").replace(": on", " on");
  if (mySeat !== 0 && mySeat !== 1) return { headline: `${name} won`, detail };
  return { headline: mySeat === winner ? "You won" : "You lost", detail };
}

export function mount(element, room) {
  const root = build(element);
  const mine = room.seat === 0 || room.seat === 1 ? room.seat : null;
  const board = createBoard({ onMove: (uci) => send({ t: "move", uci }) });
  root.querySelector(".ec-stage").append(board.element);
  board.flip(mine === 1);

  const find = (name) => root.querySelector(`.ec-${name}`);
  const status = find("status");
  const say = (text) => (find("live").textContent = text);
  let notice = "";
  let pending = null; // the number of moves before ours, which is shown but not settled yet
  let confirming = false;
  let frame = 0;

  async function send(input) {
    notice = "";
    pending = input.t === "move" ? room.state.moves.length : pending;
    const { refused } = await room.send(input).catch(({ code }) => ({ refused: code }));
    if (input.t === "move") pending = null;
    if (refused) {
      notice = REFUSALS[refused] ?? "The server did not accept that.";
      say(notice);
    }
    if (room.state) show();
  }

  // The seats at the top and at the bottom of the board.
  const rows = () => (board.flipped ? { top: 0, bottom: 1 } : { top: 1, bottom: 0 });

  function show() {
    const view = room.state;
    const playing = room.phase === "playing" && view.reason === null;
    if (pending !== view.moves.length) board.show(view, playing && view.turn === mine);
    for (const [row, seat] of Object.entries(rows())) showPlayer(find(row), seat, view, playing);
    showMoves(find("moves"), view.moves);
    showStatus(view, playing);
    showActions(view, playing);
    showClocks();
  }

  function showPlayer(row, seat, view, playing) {
    row.classList.toggle("ec-active", playing && view.turn === seat);
    row.dataset.seat = seat;
    setText(row.querySelector(".ec-name"), nameOf(room, seat));
    row.setAttribute("aria-label", seat === mine ? `You, ${SIDES[seat]}` : SIDES[seat]);
    row.querySelector(".ec-colour").className = `ec-colour ${seat ? "ec-black" : "ec-white"}`;
    const captured = row.querySelector(".ec-captured");
    if (captured.dataset.fen !== view.fen + seat) {
      captured.dataset.fen = view.fen + seat;
      captured.innerHTML = captures(view.fen, seat);
    }
  }

  function showStatus(view, playing) {
    let text;
    if (!playing) {
      text = room.result ? describe(room, mine) : view.reason === null ? "Paused" : "";
    } else if (view.turn === mine) {
      text = view.check ? "Check! Your turn" : "Your turn";
    } else {
      const who = mine === null ? SIDES[view.turn] : nameOf(room, view.turn);
      text = view.check ? `${who} is in check` : `${who} to move`;
    }
    status.classList.toggle("ec-mine", playing && view.turn === mine);
    status.dataset.text = text;
    setText(find("notice"), notice || offerText(view, playing));
  }

  function offerText(view, playing) {
    if (!playing || view.offer === null) return "";
    if (view.offer === mine) return "You offered a draw.";
    return `${mine === null ? SIDES[view.offer] : nameOf(room, view.offer)} offers a draw.`;
  }

  function showActions(view, playing) {
    const asked = mine !== null && view.offer === 1 - mine;
    const may = {
      accept: playing && asked,
      decline: playing && asked,
      claim: playing && view.claim !== null && view.turn === mine,
      offer: playing && mine !== null && !asked && !confirming,
      resign: playing && mine !== null && !confirming && !asked,
      surrender: playing && confirming && !asked,
      stay: playing && confirming && !asked,
      flip: true,
    };
    for (const [name, shown] of Object.entries(may)) find(`do-${name}`).hidden = !shown;
    const offered = view.offer === mine || !view.can_offer[mine];
    find("do-offer").disabled = offered;
  }

  function showClocks() {
    const view = room.state;
    if (!view) return;
    const told = room.info?.time ?? room.time(); // not known yet while "ready" is told
    const passed = Math.max(0, room.time() - told);
    for (const row of ["top", "bottom"]) {
      const seat = rows()[row];
      const left = view.clocks[seat] - (view.running === seat ? passed : 0);
      const clock = find(row).querySelector(".ec-clock");
      const low = left < LOW_S * room.hz && view.running !== null;
      setText(clock, clockText(left / room.hz));
      clock.classList.toggle("ec-low", low);
    }
    const first = view.first_move;
    const wait = first === null ? "" : ` · first move within ${waitText((first - passed) / room.hz)}`;
    setText(status, status.dataset.text + (room.phase === "playing" ? wait : ""));
  }

  function announce(view, previous) {
    if (!previous || view.moves.length <= previous.moves.length) return;
    const mover = (view.moves.length - 1) % 2;
    say(`${SIDES[mover]}: ${speak(view.moves.at(-1))}`);
  }

  const actions = {
    offer: () => send({ t: "draw_offer" }),
    accept: () => send({ t: "draw_accept" }),
    decline: () => send({ t: "draw_decline" }),
    claim: () => send({ t: "draw_claim" }),
    resign: () => confirm(true),
    stay: () => confirm(false),
    surrender: () => {
      confirm(false);
      send({ t: "resign" });
    },
    flip: () => {
      board.flip(!board.flipped);
      show();
    },
  };
  for (const [name, act] of Object.entries(actions)) find(`do-${name}`).addEventListener("click", act);

  function confirm(value) {
    confirming = value;
    show();
    if (value) find("do-stay").focus();
  }

  const stops = [
    room.on("state", (view, previous) => {
      if (view.moves.length !== previous?.moves.length) notice = "";
      announce(view, previous);
      show();
    }),
    ...["seats", "phase", "result"].map((name) => room.on(name, () => room.state && show())),
  ];

  const run = () => {
    showClocks();
    frame = requestAnimationFrame(run);
  };
  if (room.state) show();
  run();

  return {
    unmount() {
      cancelAnimationFrame(frame);
      for (const stop of stops) stop();
      root.remove();
    },
  };
}

function build(element) {
  const root = document.createElement("div");
  root.className = "ec";
  const player = (row) => `
    <section class="ec-player ec-${row}" >
      <span class="ec-colour"></span>
      <span class="ec-who"><span class="ec-name"></span><span class="ec-captured" aria-hidden="true"></span></span>
      <span class="ec-clock" role="timer" aria-live="off">–:––</span>
    </section>`;
  const button = (name, text, kind = "") =>
    `<button type="button" class="ec-button ec-do-${name} ${kind}" hidden>${text}</button>`;
  root.innerHTML = `
    <div class="ec-grid">
      ${player("top")}
      <div class="ec-stage"></div>
      ${player("bottom")}
      <div class="ec-moves" role="log" aria-label="Moves" aria-live="off" tabindex="0"></div>
      <div class="ec-talk">
        <p class="ec-status"></p>
        <p class="ec-notice"></p>
        <div class="ec-actions">
          ${button("accept", "Accept draw", "ec-good")}${button("decline", "Decline")}
          ${button("claim", "Claim draw", "ec-good")}
          ${button("offer", "½ Draw")}${button("resign", "⚑ Resign")}
          ${button("surrender", "Yes, resign", "ec-bad")}${button("stay", "Play on")}
          ${button("flip", "⇅ Flip")}
        </div>
      </div>
      <p class="ec-live" aria-live="polite"></p>
    </div>`;
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = new URL("./style.css", import.meta.url).href;
  root.style.visibility = "hidden"; // until it looks as it should
  style.onload = style.onerror = () => (root.style.visibility = "");
  root.prepend(style);
  element.append(root);
  return root;
}

function showMoves(list, moves) {
  if (moves.length < list.childElementCount) list.replaceChildren();
  for (let ply = list.childElementCount; ply < moves.length; ply++) {
    const move = document.createElement("span");
    move.className = "ec-move";
    move.dataset.number = ply % 2 ? "" : `${ply / 2 + 1}.`;
    move.textContent = moves[ply];
    list.append(move);
    list.scrollTop = list.scrollHeight;
  }
}

function nameOf(room, seat) {
  const { name, status } = room.seats?.[seat] ?? {};
  return (name || SIDES[seat]) + (status === "bot" && !/bot/i.test(name ?? "") ? " (bot)" : "");
}

function describe(room, mine) {
  const names = [nameOf(room, 0), nameOf(room, 1)];
  const { headline, detail } = describeResult(room.result, names, mine);
  return `${headline}. ${detail}`;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// 5:03, 1:05:00, 2 d 7 h, and tenths below ten seconds: 9.8
function clockText(seconds) {
  const left = Math.max(0, seconds);
  if (left >= DAY_S) return `${Math.floor(left / DAY_S)} d ${Math.floor((left % DAY_S) / 3600)} h`;
  if (left < 10) return (Math.floor(left * 10) / 10).toFixed(1);
  const whole = Math.floor(left);
  const two = (number) => String(number).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  return `${hours ? `${hours}:${two(minutes)}` : minutes}:${two(whole % 60)}`;
}

// 30 s, and as on the clock from two minutes
function waitText(seconds) {
  return seconds > 120 ? clockText(seconds) : `${Math.ceil(Math.max(0, seconds))} s`;
}

// What a side has taken, as small pieces, and its lead in points.
function captures(fen, seat) {
  const count = {};
  let lead = 0;
  for (const letter of position(fen).values()) {
    count[letter] = (count[letter] ?? 0) + 1;
    lead += (WORTH[letter.toLowerCase()] ?? 0) * (isWhite(letter) === (seat === 0) ? 1 : -1);
  }
  const taken = Object.keys(FULL).map((kind) => {
    const letter = seat === 0 ? kind : kind.toUpperCase();
    const missing = Math.max(0, FULL[kind] - (count[letter] ?? 0));
    const look = seat === 0 ? "ec-black" : "ec-white";
    return missing ? `<i class="${look}">${drawing(letter).repeat(missing)}</i>` : "";
  });
  return taken.join("") + (lead > 0 ? `<b>+${lead}</b>` : "");
}

// "Nxf3+" -> "knight takes f3, check"
function speak(san) {
  if (san.startsWith("O-O")) return `castles ${san.startsWith("O-O-O") ? "long" : "short"}${tail(san)}`;
  const words = san
    .replace(/[+#]/, "")
    .replace("x", " takes ")
    .replace(/[NBRQK]/g, (kind) => ` ${NAMES[kind.toLowerCase()]} `)
    .replace("=", " becomes ");
  return words.trim().replace(/ +/g, " ") + tail(san);
}

function tail(san) {
  return san.endsWith("#") ? ", checkmate" : san.endsWith("+") ? ", check" : "";
}
