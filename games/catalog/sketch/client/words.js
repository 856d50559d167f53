// What the client says: refusals, lines of the chat, results.

export const REFUSALS = {
  too_fast: "Not so fast: wait a moment.",
  empty: "There is nothing to read in that.",
  gives_it_away: "That gives the word away.",
  choose_first: "Pick a word first.",
  canvas_full: "The board is full. Undo something, or clear it.",
  not_choosing: "The word is picked already.",
  not_playing: "You have left this match.",
  match_over: "The match is over.",
  seat_gone: "You have left this match.",
  paused: "The match is paused.",
  closed: "You are not connected any more.",
};
/** Of what comes too late to matter: nothing is said. */
export const QUIET = new Set(["not_drawing", "no_stroke", "nothing_there"]);

export const WHY = {
  all_guessed: "Everybody guessed it!",
  time_up: "Time is up.",
  left: "The drawer has left.",
  idle: "Nothing was drawn.",
};

export const ordinal = (place) => ["", "First", "Second", "Third"][place] ?? `${place}th`;

const listed = (names) => (names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`);

// What the end of a match means to the one who looks at it.
export function describeResult({ ranking, reason }, seatNames, mySeat) {
  const name = (seat) => seatNames[seat] ?? `Seat ${seat + 1}`;
  const winners = ranking[0] ?? [];
  const why = reason === "too_few" ? "The others have left." : "All words are drawn.";
  const group = ranking.findIndex((seats) => seats.includes(mySeat));
  const best = winners.length > 1 ? `${listed(winners.map(name))} share the victory.` : `${name(winners[0])} has most points.`;
  if (group < 0) return { headline: winners.length > 1 ? "A shared victory" : `${name(winners[0])} won`, detail: `${why} ${winners.length > 1 ? best : ""}`.trim() };
  const others = ranking[group].filter((seat) => seat !== mySeat).map(name);
  if (group === 0) {
    return others.length
      ? { headline: "A shared victory", detail: `${why} You and ${listed(others)} have as many points.` }
      : { headline: "You won", detail: `${why} You have most points.` };
  }
  const place = 1 + ranking.slice(0, group).flat().length;
  const level = others.length ? ` You are level with ${listed(others)}.` : "";
  return { headline: `${ordinal(place)} place`, detail: `${why} ${best}${level}` };
}

// How many letters: "5 + 4".
export const lengths = (mask) => mask.split(/[ '-]+/).map((part) => part.length).join(" + ");

// A mask as one would read it aloud.
export function spoken(mask) {
  if (!mask) return "";
  const letters = [...mask].map((char) => (char === "_" ? "blank" : char === " " ? "space" : char)).join(" ");
  return `${lengths(mask)} letters: ${letters}`;
}
