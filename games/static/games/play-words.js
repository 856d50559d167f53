/**
 * What the page of a match says to people: how a seat is doing, and how and why a match ended.
 *
 * Rules of this file: words only; nothing is read from the page and nothing is drawn.
 */

const list = new Intl.ListFormat("en", { style: "long", type: "conjunction" });

/** "Ada, Bob, and Cid" */
export const names = (words) => list.format(words);

/** 1:05, or 42 s. */
export function duration(seconds) {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** The small word on a seat's chip; `left` is in seconds, or null. */
export function seatNote({ status }, left) {
  if (status === "away") return left === null ? "away" : duration(left);
  return { bot: "bot", gone: "left" }[status] ?? "";
}

/** The same in a whole sentence, in the list of players. */
export function seatLine({ status }, left, away) {
  if (status === "away") return left === null ? "Away" : `Away, ${afterwards(away)} in ${duration(left)}`;
  return { here: "Here", bot: "Bot", gone: "Left" }[status] ?? "";
}

/** What happens to a seat after the grace time, by what the title says. */
function afterwards(away) {
  return { bot: "the bot takes over", pause: "the match pauses" }[away] ?? "gives up the seat";
}

/** Above the stage, when somebody is missing. `came` tells whether they were ever here. */
export function absence({ name, left, came }, away) {
  const what = came ? "lost the connection" : "is not here yet";
  if (left === null) return `${name} ${what}.`;
  const next = { bot: "A bot takes over", pause: "The match pauses" }[away] ?? "The seat is given up";
  return `${name} ${what}. ${next} in ${duration(left)}.`;
}

export function absenceOfMany(people) {
  return `${names(people.map(({ name }) => name))} are not here.`;
}

export function paused(people) {
  if (!people.length) return "The match goes on in a moment.";
  const who = names(people.map(({ name }) => name));
  return `Waiting for ${who} to come back. If the time runs out, the seat is given up.`;
}

/** What a person gives up by leaving. */
export function leaving({ dropIn, seats }) {
  if (dropIn) return "Your seat becomes free, and your score may be lost. You can come back while the match runs.";
  if (seats <= 2) return "You give up your seat for good, and the other side wins. To take a short break, just close the page: your seat is kept for a while.";
  return "You give up your seat for good. To take a short break, just close the page: your seat is kept for a while.";
}

/** Where a title says nothing itself about how its match ended. */
export function plainResult({ ranking, reason }, seatNames, mine, teamName = () => "") {
  const name = (seat) => seatNames[seat] ?? `Seat ${Number(seat) + 1}`;
  const [best = []] = ranking;
  const detail = REASONS[reason] ?? sentence(reason);
  if (ranking.length <= 1 && best.length !== 1) return { headline: "A draw", detail };
  const teams = [...new Set(best.map(teamName))].filter(Boolean);
  if (teams.length && best.length > 1) {
    const ours = best.includes(mine) && teams.length === 1;
    return { headline: ours ? "Your team won" : `${names(teams)} won`, detail };
  }
  if (best.includes(mine)) return { headline: best.length > 1 ? "You share the victory" : "You won", detail };
  return { headline: `${names(best.map(name))} won`, detail };
}

const REASONS = {
  left: "The other side left the match.",
  kicked: "A player was removed from the match.",
  forfeit: "The other side stayed away for too long.",
  everyone_left: "Everybody left the match.",
  time_up: "Time is up.",
};

function sentence(code) {
  const words = String(code).replaceAll("_", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}

/**
 * Why the page is not in the match any more, and what to do about it.
 * `actions`, the first one foremost: "reload", "watch", "lobby", "login", "history".
 */
export function ending(error) {
  return ENDINGS[error?.code] ?? {
    headline: "The connection ended",
    detail: error?.message || "The match may still be running. Try to join again.",
    actions: ["reload", "lobby"],
  };
}

const OVER = {
  headline: "This match is over",
  detail: "It has ended, and its room is closed.",
  actions: ["lobby", "history"],
};

const LOST = {
  headline: "This match was lost",
  detail: "The server that ran it went away, and the match could not be saved. It counts for nobody.",
  actions: ["lobby", "history"],
};

const STRANGE = {
  headline: "Something went wrong",
  detail: "This page and the server did not understand each other. Loading the page again may help.",
  actions: ["reload", "lobby"],
};

const ENDINGS = {
  left: {
    headline: "You left this match",
    detail: "Your seat was given up.",
    actions: ["lobby", "watch"],
  },
  seat_replaced: {
    headline: "You play somewhere else",
    detail: "This match was opened in another tab or on another device, and goes on there.",
    actions: ["reload", "lobby"],
  },
  kicked: {
    headline: "You were removed",
    detail: "The host or an operator removed you from this match.",
    actions: ["lobby"],
  },
  signed_out: {
    headline: "You were signed out",
    detail: "Your session was ended, here or on another device. Sign in again to go on.",
    actions: ["reload"],
  },
  seat_gone: {
    headline: "Your seat was given up",
    detail: "You left, or were away for too long. You can still watch how it goes on.",
    actions: ["watch", "lobby"],
  },
  no_seat: {
    headline: "You have no seat here",
    detail: "Join its lobby to play, or watch the match.",
    actions: ["watch", "lobby"],
  },
  not_public: {
    headline: "This match is private",
    detail: "Only its players may see it.",
    actions: ["lobby"],
  },
  match_ended: {
    headline: "This match was ended",
    detail: "An operator ended it. It counts for nobody.",
    actions: ["lobby", "history"],
  },
  room_lost: LOST,
  room_faulted: {
    headline: "This match had to stop",
    detail: "The game ran into an error of its own. It was noted, and counts for nobody.",
    actions: ["lobby", "history"],
  },
  match_not_found: OVER,
  not_found: { ...OVER, headline: "There is no such match", detail: "It has ended, or it is not yours to see." },
  match_over: OVER,
  not_authenticated: {
    headline: "You are not logged in",
    detail: "Log in again to come back to your seat.",
    actions: ["login"],
  },
  client_missing: {
    headline: "The game could not be loaded",
    detail: "Check your connection and load the page again.",
    actions: ["reload", "lobby"],
  },
  bad_message: STRANGE,
  malformed: STRANGE,
  unknown_message: STRANGE,
  unsupported_version: {
    ...STRANGE,
    detail: "The server was updated meanwhile. Load the page again to go on.",
  },
};
