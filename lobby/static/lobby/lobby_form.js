/**
 * The dialog in which a lobby is made, or its settings changed.
 *
 * Its fields are built out of the title's settings schema, so a new title needs nothing here.
 */

import { me } from "./api.js";
import { busy, el } from "./dom.js";
import { clearErrors, showErrors } from "./errors.js";
import { setIcon, settingFields, settingValue, titles, worded } from "./titles.js";

const SLIDER_STEPS_MAX = 600; // more are set with a number than with a thumb

/**
 * Opens the dialog.
 *
 * @param {{heading: string, submit: string, title: string, lobby?: object, choose?: boolean,
 *   onSubmit: (lobby: {title, name, settings, private, rated, bots}) => Promise<void>}} options
 *   `lobby`: what the fields start with; `choose`: whether the game may be changed.
 */
export async function openLobbyForm({ heading, submit, title, lobby, choose = false, onSubmit }) {
  const known = await titles();
  const dialog = document.getElementById("lobby-dialog");
  const form = freshForm(dialog);
  const build = () => fill(dialog, form, known.get(title), lobby);
  dialog.querySelector("h2").textContent = heading;
  form.querySelector("[data-submit]").textContent = submit;
  offerTitles(form, known, title, choose, (chosen) => {
    title = chosen;
    build();
  });
  form.elements.name.value = lobby?.name ?? "";
  build();
  form.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearErrors(form);
    busy(form.querySelector("[data-submit]"), () =>
      onSubmit({ title, ...read(form, known.get(title)) })
        .then(() => dialog.close())
        .catch((error) => showErrors(form, error)),
    );
  });
  dialog.showModal();
}

/** The form without what listened to it when it was last open. */
function freshForm(dialog) {
  const old = dialog.querySelector("form");
  const form = old.cloneNode(true);
  old.replaceWith(form);
  clearErrors(form);
  return form;
}

function offerTitles(form, known, title, choose, onChoice) {
  const select = form.querySelector("#lobby-title");
  form.querySelector("[data-title-field]").hidden = !choose;
  select.replaceChildren(
    ...[...known.values()].map((each) => el("option", { value: each.title }, each.name)),
  );
  select.value = title;
  select.addEventListener("change", () => onChoice(select.value));
}

function fill(dialog, form, title, lobby) {
  setIcon(dialog.querySelector("[data-icon]"), title.title);
  dialog.querySelector("[data-summary]").textContent = title.summary;
  form.elements.name.placeholder = me ? `${title.name} with ${me.name}` : `${title.name} with you`;
  const fields = settingFields(title.settings);
  form
    .querySelector("[data-settings]")
    .replaceChildren(
      form.querySelector("legend"),
      ...fields.map((field) => settingInput(field, lobby?.settings?.[field.key] ?? field.default)),
    );
  form.querySelector("[data-extras]").replaceChildren(...extras(title, lobby));
}

/** Bots, where the title has some; whether it is rated; and whether it is private, where it is new. */
function extras(title, lobby) {
  const bots = {
    key: "bots",
    title: "Bots",
    description: "Take seats that are left at the start.",
  };
  const most = title.seats.max - 1;
  return [
    title.bots && most > 0
      ? numberInput({ ...bots, minimum: 0, maximum: most }, lobby?.bots ?? 0)
      : null,
    title.rateable && me && !me.guest
      ? switchInput(
          {
            key: "rated",
            title: "Rated",
            description: "Changes ratings: for people with accounts, without bots.",
          },
          lobby?.rated ?? false,
        )
      : null,
    textInput(
      {
        key: "password",
        title: "Password",
        maxLength: 64,
        description: lobby?.locked
          ? "Left empty it stays as it is; a dash takes it away."
          : "Asked of everybody who has no invitation; empty: none.",
      },
      "",
    ),
    lobby
      ? null
      : switchInput(
          {
            key: "private",
            title: "Private",
            description: "Not in the list; who has the link or code comes in.",
          },
          false,
        ),
  ].filter(Boolean);
}

function settingInput(field, value) {
  const choices = field.enum ?? (field.const !== undefined ? [field.const] : null);
  if (choices) return choiceInput(field, choices, value);
  if (field.type === "boolean") return switchInput(field, value);
  if (field.type === "integer" || field.type === "number") return numberInput(field, value);
  return textInput(field, value);
}

const inputId = (field) => `lobby-field-${field.key}`;

function labelled(field, input, ...more) {
  return el(
    "div",
    { class: "field" },
    el("label", { for: input.id }, field.title),
    input,
    ...more,
    help(field, input),
  );
}

function help(field, input) {
  if (!field.description) return null;
  const id = `${inputId(field)}-help`;
  input.setAttribute("aria-describedby", id);
  return el("p", { class: "help", id }, field.description);
}

function textInput(field, value) {
  const input = el("input", {
    id: inputId(field),
    name: field.key,
    maxlength: field.maxLength,
    value: value ?? "",
  });
  return labelled(field, input);
}

function choiceInput(field, choices, value) {
  const options = choices.map((choice) =>
    el("option", { value: JSON.stringify(choice), selected: choice === value }, worded(choice)),
  );
  return labelled(
    field,
    el("select", { id: inputId(field), name: field.key, "data-kind": "json" }, options),
  );
}

function switchInput(field, value) {
  const input = el("input", {
    id: inputId(field),
    name: field.key,
    type: "checkbox",
    role: "switch",
    checked: value,
    "data-kind": "boolean",
  });
  return el(
    "div",
    { class: "field switch-field" },
    el("label", { class: "switch", for: input.id }, el("span", {}, field.title), input),
    help(field, input),
  );
}

function numberInput(field, value) {
  const { minimum: min, maximum: max } = field;
  const step = field.multipleOf ?? (field.type === "number" ? "any" : 1);
  const bounds = {
    id: inputId(field),
    name: field.key,
    min,
    max,
    step,
    value,
    "data-kind": "number",
  };
  const slides =
    min !== undefined && max !== undefined && max - min <= SLIDER_STEPS_MAX && step !== "any";
  return slides
    ? sliderInput(field, bounds)
    : labelled(field, el("input", { ...bounds, type: "number", inputmode: "numeric" }));
}

/** A slider to find a value by feel, and beside it what it stands for. */
function sliderInput(field, bounds) {
  const slider = el("input", { ...bounds, type: "range" });
  const shown = el("output", { class: "slider-value num", for: slider.id });
  const show = () => {
    const value = Number(slider.value);
    shown.textContent = settingValue(field, value);
    slider.setAttribute("aria-valuetext", shown.textContent);
    const span = bounds.max - bounds.min || 1;
    slider.style.setProperty("--filled", `${(100 * (value - bounds.min)) / span}%`);
  };
  slider.addEventListener("input", show);
  show();
  return el(
    "div",
    { class: "field slider-field" },
    el("label", { for: slider.id }, field.title),
    shown,
    slider,
    help(field, slider),
  );
}

function read(form, title) {
  const value = (name) => {
    const input = form.elements[name];
    return input instanceof HTMLElement ? inputValue(input) : undefined;
  };
  const settings = settingFields(title.settings).map(({ key }) => [key, value(key)]);
  return {
    name: form.elements.name.value.trim() || undefined,
    settings: Object.fromEntries(settings.filter(([, chosen]) => chosen !== undefined)),
    private: value("private"),
    rated: value("rated"),
    bots: value("bots"),
    password: password(value("password")),
  };
}

/** Empty says nothing of it, a dash takes it away. */
const password = (text) => (text === "-" ? "" : text || undefined);

function inputValue(input) {
  if (input.dataset.kind === "boolean") return input.checked;
  if (input.dataset.kind === "json") return JSON.parse(input.value);
  if (input.dataset.kind === "number") return input.value === "" ? undefined : Number(input.value);
  return input.value;
}
