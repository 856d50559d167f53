/**
 * The fields that narrow down the list of lobbies: whether they are rated, how good their host is,
 * and the settings of the game that was chosen, out of its schema.
 */

import { el } from "./dom.js";
import { choicesOf, filterFields, range, tidy } from "./filters.js";
import { settingValue } from "./titles.js";

const RATING = { key: "host-rating", title: "Rating of the host", minimum: 0, maximum: 10000 };

/**
 * Draws the fields of `filters` into `panel`; calls `changed` with what is new after each change.
 *
 * @param {HTMLElement} panel
 * @param {{filters: object, title: object|undefined, changed: (more: object) => void}} options
 *   `title`: the game that was chosen, if there is one.
 */
export function drawPanel(panel, { filters, title, changed }) {
  let { settings } = filters;
  const wish = (key, found) => {
    settings = tidy({ ...settings, [key]: found });
    changed({ settings });
  };
  const fields = title ? filterFields(title) : [];
  panel.replaceChildren(
    ratedField(filters.rated, (rated) => changed({ rated })),
    rangeField(RATING, filters.rating, (rating) => changed({ rating })),
    ...fields.map((field) =>
      choicesOf(field)
        ? choiceField(field, filters.settings?.[field.key]?.in, (found) => wish(field.key, found))
        : rangeField(field, filters.settings?.[field.key], (found) => wish(field.key, found)),
    ),
  );
}

const RATED = [
  ["Any", undefined],
  ["Rated", true],
  ["Casual", false],
];

function ratedField(chosen, say) {
  return group(
    "Matches",
    RATED.map(([label, value]) =>
      pick({ type: "radio", name: "filter-rated", label, on: value === chosen }, () => say(value)),
    ),
  );
}

/** Some of a few; all and none are the same. */
function choiceField(field, chosen = [], say) {
  const choices = choicesOf(field);
  const on = new Set(chosen);
  return group(
    field.title,
    choices.map((choice) =>
      pick(
        {
          type: "checkbox",
          name: `filter-${field.key}`,
          label: settingValue(field, choice),
          on: on.has(choice),
        },
        (checked) => {
          if (checked) on.add(choice);
          else on.delete(choice);
          const found = choices.filter((each) => on.has(each));
          say(found.length && found.length < choices.length ? { in: found } : undefined);
        },
      ),
    ),
  );
}

function group(title, inputs) {
  return el(
    "fieldset",
    { class: "field" },
    el("legend", {}, title),
    el("div", { class: "picks" }, inputs),
  );
}

function pick({ type, name, label, on }, say) {
  const input = el("input", {
    type,
    name,
    checked: on,
    class: "visually-hidden",
    on: { change: ({ currentTarget }) => say(currentTarget.checked) },
  });
  return el("label", { class: "filter pick" }, input, label);
}

function rangeField(field, chosen = {}, say) {
  const bounds = { minimum: field.minimum, maximum: field.maximum };
  const ends = ["min", "max"].map((end) =>
    el("input", {
      type: "number",
      inputmode: "numeric",
      name: `filter-${field.key}-${end}`,
      min: field.minimum,
      max: field.maximum,
      step: field.type === "number" ? "any" : 1,
      value: chosen[end],
      placeholder: end === "min" ? "from" : "to",
      "aria-label": `${field.title}, ${end === "min" ? "at least" : "at most"}`,
      on: {
        change: () => say(range(...ends.map((input) => input.valueAsNumber), bounds)),
      },
    }),
  );
  return el(
    "fieldset",
    { class: "field" },
    el("legend", {}, field.title, unit(field)),
    el("div", { class: "ends" }, ends[0], el("span", { class: "muted" }, "–"), ends[1]),
  );
}

/** What the numbers count, and between what they lie. */
function unit(field) {
  if (field === RATING || field.minimum === undefined || field.maximum === undefined) return null;
  const seconds = /(^|_)s(econds)?$/.test(field.key) ? " s" : "";
  return el("span", { class: "muted small" }, ` ${field.minimum}–${field.maximum}${seconds}`);
}
