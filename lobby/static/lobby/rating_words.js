/**
 * Ratings in words and marks.
 */

import { el } from "./dom.js";

export const playerUrl = (user) => `/players/${encodeURIComponent(user.id ?? user)}/`;

/** "Chess, Rapid"; of a title without categories its name. */
export const boardName = ({ title_name: title, category_name: category }) =>
  category ? `${title}, ${category}` : title;

/** "1612", or "1612?" while it is a guess. */
export const ratingText = ({ shown, provisional }) => `${shown}${provisional ? "?" : ""}`;

/** A rating, with what the question mark means for those who hear or point at it. */
export function ratingMark(rating) {
  return el(
    "span",
    { class: "rating num", title: ratingTitle(rating) },
    String(rating.shown),
    rating.provisional
      ? el(
          "span",
          { class: "rating-guess" },
          el("span", { "aria-hidden": "true" }, "?"),
          el("span", { class: "visually-hidden" }, ", provisional"),
        )
      : null,
  );
}

export const ratingTitle = ({ provisional, deviation }) =>
  provisional ? `Provisional: ± ${deviation}. A few more matches settle it.` : `± ${deviation}`;

/** "+12", "−8", "±0". */
export function changeText({ change }) {
  if (change === 0) return "±0";
  return change > 0 ? `+${change}` : `−${-change}`;
}

const toneOf = ({ change }) => (change > 0 ? "won" : change < 0 ? "lost" : "even");

/** What a match changed; null where it changed nothing that one could be told. */
export const changeMark = (rating) =>
  rating
    ? el(
        "span",
        {
          class: `change num ${toneOf(rating)}`,
          title: `Rating ${rating.before} → ${rating.after}${rating.provisional ? "?" : ""}`,
        },
        changeText(rating),
      )
    : null;

/** What a match changed for the one who asks. */
export const myChange = (match) =>
  match.seats.find((seat) => seat.number === match.seat)?.rating ?? null;
