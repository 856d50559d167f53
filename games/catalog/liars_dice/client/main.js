// Liar's dice in the browser: the table, one's own dice, and the bid that is being made up.

import { fit, leastCount, lowestFace, mayBid, total, withCount } from "./bids.js";
import { CUP, FACE_NAME, FACE_NAMES, die } from "./dice.js";

const REFUSALS = {
  not_now: "Too late: the dice are on the table.",
  not_your_turn: "It is not your turn.",
  too_low: "A bid must rise: more dice, or as many of a higher face.",
  too_many: "There are not that many dice on the table.",
  ones_are_wild: "Ones are wild; nobody bids on them.",
  nothing_to_call: "There is no bid yet to call.",
  match_over: "The match is over.",
  seat_gone: "You have left this match.",
  paused: "The match is paused.",
  closed: "You are not connected any more.",
};
const LOW_S = 8;

export function describeResult({ ranking }, seatNames, mySeat) {
  const winner = ranking[0][0];
  const place = 1 + ranking.slice(0, ranking.findIndex((group) => group.includes(mySeat))).flat().length;
  const name = seatNames[winner] ?? `Seat ${winner + 1}`;
  if (mySeat === winner) return { headline: "You won", detail: "You are the last one with dice." };
  const detail = `${name} is the last one with dice.`;
  if (mySeat == null) return { headline: `${name} won`, detail };
  return { headline: place === 2 ? "So close: second place" : `You came in ${ordinal(place)}`, detail };
}

const ordinal = (place) => ["", "first", "second", "third", "fourth", "fifth", "sixth"][place] ?? `${place}th`;

export function mount(element, room) {
  const root = build(element);
  const find = (name) => root.querySelector(`.ld-${name}`);
  const me = room.seat;
  let draft = null; // {count, face}: the bid that the buttons show
  let draftFor = ""; // what was bid when it was made up
  let sending = false;
  let notice = "";

  const nameOf = (seat) => room.seats[seat]?.name ?? `Seat ${seat + 1}`;
  const whoOf = (seat) => (seat === me ? "You" : nameOf(seat));
  const counts = (view, face) => (one) => one === face || (view.wild && one === 1);
  const myTurn = (view) => me !== null && view.turn === me && room.phase === "playing";

  async function send(input) {
    if (sending) return;
    sending = true;
    notice = "";
    showActions(room.state);
    const { refused } = await room.send(input).catch(({ code }) => ({ refused: code }));
    sending = false;
    if (refused) notice = REFUSALS[refused] ?? "The server did not accept that.";
    if (room.state) show(room.state);
  }

  find("liar").addEventListener("click", () => send({ t: "liar" }));
  find("make").addEventListener("click", () => draft && send({ t: "bid", ...draft }));
  find("less").addEventListener("click", () => change((view) => withCount(view, draft, draft.count - 1)));
  find("more").addEventListener("click", () => change((view) => withCount(view, draft, draft.count + 1)));
  find("faces").addEventListener("click", (event) => {
    const face = Number(event.target.closest("button")?.value);
    if (face) change((view) => fit(view, { ...draft, face }));
  });

  function change(made) {
    if (!room.state || !draft) return;
    notice = "";
    draft = made(room.state);
    show(room.state);
  }

  // --- drawing -----------------------------------------------------------------------------------

  function show(view) {
    const open = revealed(view);
    const key = `${view.round} ${view.bids.length} ${total(view)}`;
    if (draftFor !== key) {
      draft = fit(view, { count: leastCount(view), face: draft?.face ?? favourite(view) });
      if (view.bids.length === 0) draft = { count: 1, face: favourite(view) };
      draftFor = key;
    }
    root.classList.toggle("ld-open", open);
    showSeats(view, open);
    showCentre(view, open);
    showHand(view, open);
    showActions(view);
    showHistory(view);
    showTime();
  }

  // The face that one holds most of: what one would most likely open with.
  function favourite(view) {
    const dice = room.secret?.dice ?? [];
    const faces = [2, 3, 4, 5, 6, 1].filter((face) => face >= lowestFace(view));
    return faces.reduce((best, face) => (dice.filter((one) => one === face).length >
      dice.filter((one) => one === best).length ? face : best));
  }

  function showSeats(view, open) {
    const seats = view.counts.map((_, seat) => seat);
    const others = me === null ? seats : [...seats.slice(me + 1), ...seats.slice(0, me)];
    const box = find("seats");
    if (box.childElementCount !== others.length) {
      box.dataset.many = others.length;
      box.classList.toggle("ld-all", me === null);
      box.replaceChildren(...others.map((seat, index) => seatCard(seat, place(index, others.length, me === null))));
    }
    for (const card of box.children) showSeat(card, Number(card.dataset.seat), view, open);
  }

  function showSeat(card, seat, view, open) {
    const out = view.counts[seat] === 0 && !(open && view.last.dice[seat].length);
    card.classList.toggle("ld-turn", view.turn === seat);
    card.classList.toggle("ld-out", out);
    card.classList.toggle("ld-lost", open && view.last.loser === seat);
    setText(card.querySelector(".ld-name"), nameOf(seat));
    setText(card.querySelector(".ld-tag"), tagOf(seat, view, open));
    const dice = open ? view.last.dice[seat] : Array(view.counts[seat]).fill(0);
    draw(card.querySelector(".ld-tray"), `${open && view.round} ${dice}`, () =>
      dice.map((one) => dieOf(one, view, open)).join(""));
    setText(card.querySelector(".ld-number"), out ? "" : String(dice.length));
    const bid = open && seat === view.last.caller ? "liar" : view.bids.findLast(([by]) => by === seat);
    draw(card.querySelector(".ld-said"), `${bid ?? ""}`, () =>
      bid === "liar" ? '<b class="ld-shout">Liar!</b>' : bid ? bidText(view, bid) : "");
  }

  function tagOf(seat, view, open) {
    if (open && view.last.loser === seat) return view.counts[seat] ? "−1 die" : "out";
    if (view.counts[seat] === 0) return room.seats[seat]?.status === "gone" ? "left" : "out";
    return { bot: "bot", away: "away" }[room.seats[seat]?.status] ?? "";
  }

  const dieOf = (one, view, open) =>
    die(one, { wild: view.wild, kind: !open ? "" : counts(view, view.last.face)(one) ? "ld-hit" : "ld-miss" });

  const bidText = (view, [, count, face]) => `<span>${count} ×</span>${die(face, { wild: view.wild })}`;

  function showCentre(view, open) {
    const { last } = view;
    const bid = view.bids.at(-1);
    const lied = open && last.found < last.count;
    const centre = find("centre");
    centre.classList.toggle("ld-true", open && !lied);
    centre.classList.toggle("ld-lie", lied);
    draw(find("bid"), open ? `open ${view.round}` : `${view.round} ${bid ?? ""}`, () =>
      open ? bidText(view, [0, last.found, last.face]) : bid ? bidText(view, bid) : "<em>No bid</em>");
    find("bid").setAttribute("aria-label", bid ? bidSpoken(open ? [0, last.found, last.face] : bid) : "No bid yet");
    setText(find("who"), open ? "On the table" : bid ? `${possessive(bid[0])} bid` : `Round ${view.round}`);
    setText(find("of"), open ? `bid: ${last.count}` : `${total(view)} dice in play`);
    setText(find("say"), open ? verdict(view) : saying(view));
    find("say").classList.toggle("ld-mine", !open && myTurn(view));
  }

  const possessive = (seat) => (seat === me ? "Your" : `${nameOf(seat)}’s`);

  const bidSpoken = ([, count, face]) => `${count} ${count === 1 ? FACE_NAME[face] : FACE_NAMES[face]}`;

  function verdict({ last, counts: left }) {
    const lied = last.found < last.count;
    const call = `${whoOf(last.caller)} called ${last.bidder === me ? "you" : nameOf(last.bidder)} a liar, and`;
    const right = lied ? `${last.caller === me ? "were" : "was"} right.` : `${last.caller === me ? "were" : "was"} wrong.`;
    const mine = last.loser === me;
    const loss = left[last.loser] ? `${mine ? "lose" : "loses"} a die.` : `${mine ? "are" : "is"} out.`;
    return `${call} ${right} ${whoOf(last.loser)} ${loss}`;
  }

  function saying(view) {
    if (view.phase === "over") return "The match is over.";
    if (!myTurn(view)) return view.turn === null ? "" : `${nameOf(view.turn)} is thinking…`;
    if (!view.bids.length) return "You open. What do you bid?";
    return leastCount(view) > total(view) ? "It cannot go higher: call it!" : "Your turn: raise the bid, or call it.";
  }

  function showHand(view, open) {
    find("hand").hidden = me === null;
    if (me === null) return;
    const own = open ? view.last.dice[me] : (room.secret?.dice ?? []);
    const out = own.length === 0;
    find("hand").classList.toggle("ld-turn", myTurn(view));
    find("hand").classList.toggle("ld-done", out);
    find("hand").classList.toggle("ld-lost", open && view.last.loser === me);
    draw(find("own"), `${view.round} ${open} ${own}`, () => own.map((one) => dieOf(one, view, open)).join(""));
    find("own").setAttribute("aria-label", `Your dice: ${own.join(", ")}`);
    const held = own.filter(counts(view, draft.face)).length;
    const text = `Your dice · ${held} of ${own.length} count as ${FACE_NAMES[draft.face]}`;
    setText(find("held"), out ? `You are out of dice.${view.phase === "over" ? "" : " Stay and watch!"}` : open ? "Your dice" : text);
    if (open) return;
    [...find("own").children].forEach((node, index) =>
      node.classList.toggle("ld-counts", counts(view, draft.face)(own[index])));
  }

  function showActions(view) {
    if (me === null) return;
    find("builder").hidden = view.counts[me] === 0 && !(revealed(view) && view.last.dice[me].length);
    find("builder").inert = view.phase !== "bidding"; // still there, so that nothing jumps
    const may = myTurn(view) && !sending;
    setText(find("count"), String(draft.count));
    find("less").disabled = draft.count <= leastCount(view);
    find("more").disabled = draft.count >= total(view);
    draw(find("faces"), `${view.wild}`, () => [1, 2, 3, 4, 5, 6].slice(lowestFace(view) - 1)
      .map((face) => `<button type="button" value="${face}" aria-label="${FACE_NAMES[face]}">${die(face)}</button>`).join(""));
    for (const button of find("faces").children) {
      const face = Number(button.value);
      button.disabled = !mayBid(view, total(view), face);
      button.setAttribute("aria-pressed", String(face === draft.face));
    }
    draw(find("make"), `${draft.count} ${draft.face}`, () => `Bid ${draft.count} × ${die(draft.face)}`);
    find("make").setAttribute("aria-label", `Bid ${bidSpoken([0, draft.count, draft.face])}`);
    find("make").disabled = !may || !mayBid(view, draft.count, draft.face);
    find("liar").disabled = !may || !view.bids.length;
    setText(find("notice"), notice);
  }

  function showHistory(view) {
    const { bids, last } = view;
    setText(find("past"), last && !revealed(view)
      ? `Last call: ${last.count} × ${FACE_NAMES[last.face]} bid, ${last.found} found. ${whoOf(last.loser)} lost a die.`
      : view.wild ? "Ones (★) are wild: they count as any face." : "");
    const list = find("history");
    const key = `${view.round} `;
    if (list.dataset.round !== key || list.childElementCount > bids.length) list.replaceChildren();
    list.dataset.round = key;
    for (const bid of bids.slice(list.childElementCount)) {
      const row = document.createElement("li");
      row.style.setProperty("--colour", `var(--seat-${bid[0]})`);
      row.innerHTML = `<i class="ld-disc"></i><span class="ld-name"></span><span class="ld-said">${bidText(view, bid)}</span>`;
      row.querySelector(".ld-name").textContent = whoOf(bid[0]);
      list.append(row);
      list.scrollTo(list.scrollWidth, list.scrollHeight);
    }
    find("side").classList.toggle("ld-empty", !bids.length);
  }

  function showTime() {
    const view = room.state;
    if (!view) return;
    const whole = view.phase === "reveal" ? view.reveal_periods : view.turn_periods;
    const passed = room.phase === "playing" && room.info ? room.time() - room.info.time : 0;
    const left = view.phase === "over" ? 0 : Math.max(0, view.left - passed);
    find("ring").style.strokeDashoffset = String(1 - Math.min(1, left / whole));
    root.classList.toggle("ld-low", view.phase === "bidding" && left < LOW_S * room.hz);
    setText(find("seconds"), view.phase === "bidding" ? `${Math.ceil(left / room.hz)} s` : "");
  }

  const stops = ["state", "seats", "phase"].map((event) => room.on(event, () => room.state && show(room.state)));
  const timer = setInterval(showTime, 100);
  if (room.state) show(room.state);

  return {
    unmount() {
      clearInterval(timer);
      for (const stop of stops) stop();
      root.remove();
    },
  };
}

// Whether the dice of the last call lie open.
function revealed({ phase, last, bids }) {
  if (!last || phase === "bidding") return false;
  return phase === "reveal" || String(bids.at(-1)) === String([last.bidder, last.count, last.face]);
}

// Where a seat sits at the oval table, in percent; players have theirs below it, spectators none.
function place(index, many, all) {
  const span = all ? 360 - 360 / many : many === 1 ? 0 : Math.min(190, 70 + 40 * (many - 1));
  const angle = ((270 - span / 2 + (many === 1 ? 0 : (span * index) / (many - 1))) * Math.PI) / 180;
  const [y, height] = all ? [50, 39] : [58, 43];
  return { x: 50 + 41 * Math.cos(angle), y: y + height * Math.sin(angle) };
}

function seatCard(seat, { x, y }) {
  const card = document.createElement("section");
  card.className = "ld-seat";
  card.dataset.seat = seat;
  card.style.setProperty("--colour", `var(--seat-${seat})`);
  card.style.setProperty("--x", `${x}%`);
  card.style.setProperty("--y", `${y}%`);
  card.innerHTML = `
    <header><i class="ld-disc"></i><span class="ld-name"></span><span class="ld-tag"></span></header>
    <div class="ld-place"><span class="ld-cupped">${CUP}<b class="ld-number"></b></span><span class="ld-tray"></span></div>
    <p class="ld-said"></p>`;
  return card;
}

function build(element) {
  const root = document.createElement("div");
  root.className = "ld";
  root.innerHTML = `
    <div class="ld-grid">
      <div class="ld-table">
        <div class="ld-felt"></div>
        <div class="ld-seats"></div>
        <div class="ld-middle">
          <div class="ld-centre">
            <svg viewBox="0 0 100 100" aria-hidden="true"><circle cx="50" cy="50" r="47"/><circle class="ld-ring" cx="50" cy="50" r="47" pathLength="1"/></svg>
            <span class="ld-who"></span><b class="ld-bid"></b><span class="ld-of"></span><span class="ld-seconds" role="timer" aria-live="off"></span>
          </div>
          <p class="ld-say" aria-live="polite"></p>
        </div>
      </div>
      <aside class="ld-side">
        <h2>This round</h2>
        <ol class="ld-history" tabindex="0" aria-label="Bids of this round"></ol>
        <p class="ld-past"></p>
      </aside>
      <section class="ld-hand" hidden>
        <div class="ld-mydice"><div class="ld-own" role="img"></div><p class="ld-held"></p></div>
        <div class="ld-builder">
          <div class="ld-faces" role="group" aria-label="Face"></div>
          <div class="ld-stepper" role="group" aria-label="How many">
            <button type="button" class="ld-less" aria-label="Fewer">−</button><output class="ld-count"></output><button type="button" class="ld-more" aria-label="More">+</button>
          </div>
          <button type="button" class="ld-make"></button>
          <button type="button" class="ld-liar">Liar!</button>
          <p class="ld-notice" aria-live="assertive"></p>
        </div>
      </section>
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

// Fills a node anew if what it shows has changed; markup of ours only, never what people wrote.
function draw(node, key, markup) {
  if (node.dataset.shown === key) return;
  node.dataset.shown = key;
  node.innerHTML = markup();
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
