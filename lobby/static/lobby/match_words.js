/**
 * What came of a match, in words; a match as REST shows it.
 */

import { worded } from "./titles.js";

const NAMES_MAX = 3;

// Reasons that read badly when only their underscores are taken away; titles may have more.
const REASONS = {
  rounds_won: "On rounds",
  score_reached: "On points",
  goals: "On goals",
  sudden_death: "In sudden death",
  time_up: "Time is up",
  nobody_chose: "Nobody chose",
  everyone_left: "Everybody left",
  forfeit: "By forfeit",
  left: "Seat given up",
  kicked: "Player removed",
  shutdown: "The server was stopped",
  room_lost: "The server failed",
  rules_changed: "The game was changed",
  ended_by_operator: "Ended by an operator",
};

/**
 * The short of it for the player who asks.
 *
 * @returns {{headline: string, tone: "won"|"lost"|"even"|"none", detail: string}}
 */
export function matchHeadline(match) {
  const detail =
    match.reason && match.reason !== match.status
      ? (REASONS[match.reason] ?? worded(match.reason))
      : "";
  if (match.status === "faulted")
    return { headline: "Stopped", tone: "none", detail: "The game failed" };
  if (match.status === "abandoned") return { headline: "Abandoned", tone: "none", detail };
  if (match.status !== "finished") return { headline: "Running", tone: "none", detail: "" };
  return { ...placed(match), detail };
}

function placed(match) {
  const mine = match.seats.find((seat) => seat.number === match.seat);
  if (mine?.place == null) return { headline: "Finished", tone: "none" };
  if (match.seats.length === 1) return { headline: "Finished", tone: "even" };
  if (mine.team !== null) return placedAsTeam(match, mine);
  const sharing = match.seats.filter((seat) => seat.place === mine.place).length;
  if (sharing === match.seats.length) return { headline: "Draw", tone: "even" };
  if (mine.place === 1) return { headline: sharing > 1 ? "Shared win" : "Won", tone: "won" };
  if (match.seats.length === 2) return { headline: "Lost", tone: "lost" };
  return { headline: `${ordinal(mine.place)} of ${match.seats.length}`, tone: "lost" };
}

/** The same of a team, whose seats all have one place. */
function placedAsTeam(match, mine) {
  const ahead = teamsOf(match.seats.filter((seat) => seat.place < mine.place));
  const sharing = teamsOf(match.seats.filter((seat) => seat.place === mine.place));
  const teams = teamsOf(match.seats);
  if (sharing === teams) return { headline: "Draw", tone: "even" };
  if (ahead === 0) return { headline: sharing > 1 ? "Shared win" : "Won", tone: "won" };
  return { headline: teams === 2 ? "Lost" : `${ordinal(ahead + 1)} of ${teams}`, tone: "lost" };
}

const teamsOf = (seats) => new Set(seats.map(({ team }) => team)).size;

function ordinal(place) {
  const teen = place % 100 >= 11 && place % 100 <= 13;
  return `${place}${(!teen && ["th", "st", "nd", "rd"][place % 10]) || "th"}`;
}

/** All who played against the one who asks; none of their team. */
export function others(match) {
  const mine = match.seats.find((seat) => seat.number === match.seat);
  const team = mine?.team ?? null;
  return match.seats.filter((seat) => seat !== mine && (team === null || seat.team !== team));
}

/** "Swift Otter and Bot 1", "Ann, Bob and 4 more". */
export function opponents(match) {
  const names = others(match).map((seat) => seat.name);
  if (names.length === 0) return "";
  if (names.length > NAMES_MAX)
    return `${names.slice(0, 2).join(", ")} and ${names.length - 2} more`;
  return names.length === 1 ? names[0] : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const STEPS = [
  ["day", 86400],
  ["hour", 3600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const dated = new Intl.DateTimeFormat("en", { dateStyle: "medium" });
const timed = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

/** "5 minutes ago"; a date, once that says more. */
export function ago(time) {
  if (!time) return "";
  const seconds = (Date.now() - Date.parse(time)) / 1000;
  if (seconds > 7 * 86400) return dated.format(new Date(time));
  const [unit, size] = STEPS.find(([, each]) => seconds >= each) ?? ["", 1];
  return unit ? relative.format(-Math.floor(seconds / size), unit) : "just now";
}

export const exactly = (time) => (time ? timed.format(new Date(time)) : "");

/** Seconds from the start to the end; null where one of them is missing. */
export function playedFor(match) {
  if (!match.started || !match.ended) return null;
  return (Date.parse(match.ended) - Date.parse(match.started)) / 1000;
}
