/**
 * Matches as rows of a list: one's own history, and the latest of somebody else.
 */

import { el, glyph } from "./dom.js";
import { ago, exactly, matchHeadline, opponents, others, playedFor } from "./match_words.js";
import { changeMark, myChange, playerUrl } from "./rating_words.js";
import { duration, titleIcon } from "./titles.js";

const LIVE = ["starting", "running"];

/** One match, from the side of `match.seat`; `action`: the word that leads into a running one. */
export function matchRow(match, action) {
  const { headline, tone, detail } = matchHeadline(match);
  return el(
    "li",
    { class: "match-row", "data-title": match.title },
    titleIcon(match.title, 44),
    el(
      "div",
      { class: "match-what" },
      el(
        "p",
        { class: "match-title" },
        match.title_name,
        el("span", { class: "muted" }, ...against(match)),
      ),
      el("p", { class: "muted small" }, when(match), match.rated ? " · Rated" : null),
    ),
    el(
      "div",
      { class: "match-end" },
      LIVE.includes(match.status)
        ? el(
            "a",
            { class: "btn small good", href: `/play/${encodeURIComponent(match.id)}/` },
            action,
            glyph("arrow"),
          )
        : [
            el(
              "span",
              { class: `outcome ${tone}` },
              headline,
              " ",
              changeMark(myChange(match)),
            ),
            el("span", { class: "muted small" }, detail),
          ],
    ),
  );
}

/** Who played against them; one other has a page to go to. */
function against(match) {
  const [first, ...more] = others(match);
  if (first && !more.length && first.user !== null)
    return [" against ", el("a", { class: "quiet", href: playerUrl(first.user) }, first.name)];
  const names = opponents(match);
  return [names ? ` against ${names}` : " alone"];
}

function when(match) {
  const time = match.ended ?? match.started ?? match.created;
  const took = playedFor(match);
  return [
    el("time", { datetime: time, title: exactly(time) }, ago(time)),
    took === null ? null : ` · ${duration(took)}`,
  ].filter(Boolean);
}
