// Rock, paper, scissors in the browser: three buttons, a timer, and the rounds gone by.
import { HIDDEN, NOTHING, SIGNS, THINKING } from "./signs.js";

const BEATS = { rock: "scissors", paper: "rock", scissors: "paper" };
const ROUND_S = 15;
const REFUSALS = { already_chosen: "You have chosen; now wait for the other side." };

// Which seat won a round of two choices; null if neither did.
function winnerOf([first, second]) {
  if (first === second) return null;
  return !second || BEATS[first] === second ? 0 : 1;
}

export function describeResult({ ranking, reason }, seatNames, mySeat) {
  if (reason === "nobody_chose") return { headline: "A draw", detail: "Nobody chose any more." };
  const [winner] = ranking[0];
  const detail = reason === "rounds_won" ? "All rounds are played." : "One side is gone.";
  if (mySeat == null) return { headline: `${seatNames[winner]} won`, detail };
  return { headline: mySeat === winner ? "You won" : "You lost", detail };
}

export function mount(element, room) {
  const me = room.seat ?? 0; // spectators look over seat 0's shoulder
  const them = 1 - me;
  element.insertAdjacentHTML("beforeend", `
    <link rel="stylesheet" href="${new URL("style.css", import.meta.url)}">
    <div class="rsb">
      <div class="rsb-table"></div>
      <div class="rsb-time"><i></i></div>
      <p class="rsb-say" aria-live="polite"></p>
      <div class="rsb-choices" ${room.seat === null ? "hidden" : ""}>${Object.entries(SIGNS)
        .map(([choice, sign]) => `<button value="${choice}">${sign}<small>${choice}</small></button>`).join("")}</div>
      <ol class="rsb-rounds"></ol>
    </div>`);
  const root = element.querySelector(".rsb");
  const find = (name) => root.querySelector(`.rsb-${name}`);

  find("choices").addEventListener("click", async (event) => {
    const choice = event.target.closest("button")?.value;
    const { refused } = choice ? await room.send(choice) : {};
    if (refused) find("say").textContent = REFUSALS[refused] ?? "That did not work.";
  });

  function show() {
    const { chosen, wins, first_to, rounds } = room.state;
    const mine = room.secret?.mine;
    const fresh = !chosen.includes(true) && rounds.length > 0; // still showing the last round
    const sign = (seat) => {
      if (fresh) return SIGNS[rounds.at(-1)[seat]] ?? NOTHING;
      return seat === room.seat && mine ? SIGNS[mine] : chosen[seat] ? HIDDEN : THINKING;
    };
    find("table").innerHTML = [me, them].map((seat) => `
      <section class="${fresh && winnerOf(rounds.at(-1)) === seat ? "won" : ""}">
        <b></b><span>${sign(seat)}</span><em>${"●".repeat(wins[seat])}${"○".repeat(first_to - wins[seat])}</em>
      </section>`).join("");
    root.querySelectorAll("b").forEach((node, row) => {
      node.textContent = room.seats[row ? them : me]?.name ?? `Seat ${row + 1}`;
    });
    for (const button of root.querySelectorAll("button")) {
      button.disabled = chosen[me] || room.phase !== "playing";
      button.classList.toggle("picked", button.value === mine);
    }
    find("say").textContent = room.phase === "over" ? "" : say(chosen, fresh && rounds.at(-1));
    find("rounds").innerHTML = rounds.map((played) => `<li class="${outcomeOf(played)}">${[me, them]
      .map((seat) => SIGNS[played[seat]] ?? NOTHING).join("")}</li>`).join("");
  }

  const outcomeOf = (played) => ({ [me]: "won", [them]: "lost" })[winnerOf(played)] ?? "even";

  function say(chosen, last) {
    if (room.seat === null) return chosen.includes(true) ? "One has chosen…" : "Both choose…";
    if (chosen[me]) return "Chosen. Waiting for the other side…";
    if (chosen[them]) return "They have chosen. Your turn!";
    const told = { won: "You take this one.", lost: "They take this one.", even: "Nobody takes this one." };
    return last ? `${told[outcomeOf(last)]} Again!` : "Choose!";
  }

  const stops = ["state", "seats", "phase"].map((event) => room.on(event, () => room.state && show()));
  const timer = setInterval(() => {
    if (!room.state) return;
    const left = (room.state.left - (room.time() - room.info.time)) / room.hz / ROUND_S;
    find("time").firstChild.style.transform = `scaleX(${Math.max(0, Math.min(1, left))})`;
  }, 100);
  if (room.state) show();

  return { unmount() { clearInterval(timer); stops.forEach((stop) => stop()); element.replaceChildren(); } };
}
