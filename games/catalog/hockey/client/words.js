/** What hockey says to people. */

export const TEAMS = ["Blue", "Red"];
export const teamOf = (seat) => seat % 2;

const WHY = {
  time_up: "Time is up.",
  sudden_death: "The next goal won.",
  left: "The other team left.",
  kicked: "The other team was removed.",
  forfeit: "The other team stayed away.",
};

let score = null; // as this page saw it last

/** Keep the score, for the words about the end. */
export function remember(goals) {
  score = goals;
}

/** What the end of a match means to the one who looks at it. */
export function describeResult(result, seatNames, mySeat) {
  const told = score === null ? "" : ` ${score[0]} : ${score[1]}`;
  if (result.ranking.length < 2) return { headline: "A draw", detail: `Blue and Red are level${told}.` };
  const best = teamOf(result.ranking[0][0]);
  const high = score === null ? "" : ` ${score[best]} : ${score[1 - best]}`;
  const detail = `${TEAMS[best]} beat ${TEAMS[1 - best]}${high}. ${WHY[result.reason] ?? ""}`.trim();
  if (mySeat === null || mySeat === undefined) return { headline: `${TEAMS[best]} wins`, detail };
  const alone = result.ranking.every((seats) => seats.length === 1);
  const won = teamOf(mySeat) === best;
  return { headline: `${alone ? "You" : "Your team"} ${won ? "won" : "lost"}`, detail };
}

/** 2:05 */
export function clock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** Whose goal it was. */
export function scorer({ team, seat, own }, nameOf) {
  return own ? `Own goal by ${nameOf(seat)}` : `${nameOf(seat)} for ${TEAMS[team]}`;
}
