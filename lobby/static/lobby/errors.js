/**
 * Shows what the server refused beside the fields that it was about.
 */

import { el } from "./dom.js";

/** Takes away what an earlier try was told. */
export function clearErrors(form) {
  form.querySelectorAll(".field.bad").forEach((field) => field.classList.remove("bad"));
  form.querySelectorAll(".field > .error").forEach((note) => note.remove());
  form.querySelectorAll("[aria-invalid]").forEach((input) => {
    input.removeAttribute("aria-invalid");
    const help = input
      .getAttribute("aria-describedby")
      ?.replace(/\S+-error/, "")
      .trim();
    if (help) input.setAttribute("aria-describedby", help);
    else input.removeAttribute("aria-describedby");
  });
  const general = form.querySelector("[data-error]");
  if (general) general.hidden = true;
}

/** An `ApiError` beside its fields, the rest above the button; anything else is thrown on. */
export function showErrors(form, error) {
  if (error.code === undefined) throw error;
  const strays = [];
  for (const [name, text] of flatten(error.fields)) {
    const input = form.elements[name] ?? form.elements[name.split(".").pop()];
    if (input instanceof HTMLElement) markInput(input, text);
    else strays.push(text);
  }
  form.querySelector('[aria-invalid="true"]')?.focus();
  const none = !form.querySelector('[aria-invalid="true"]');
  if (strays.length || none) showGeneral(form, strays.join(" ") || error.message);
}

export function markInput(input, text) {
  const field = input.closest(".field");
  const note = el("p", { class: "error", id: `${input.id}-error` }, text);
  field.classList.add("bad");
  field.append(note);
  input.setAttribute("aria-invalid", "true");
  const help = input.getAttribute("aria-describedby");
  input.setAttribute("aria-describedby", help ? `${help} ${note.id}` : note.id);
}

function showGeneral(form, text) {
  const place = form.querySelector("[data-error]");
  if (place) {
    place.textContent = text;
    place.hidden = false;
  } else {
    markInput(
      [...form.elements].find((input) => input.closest(".field")),
      text,
    );
  }
}

/** `{settings: {minutes: ["…"]}}` is `[["settings.minutes", "…"]]`. */
function flatten(fields, path = "") {
  return Object.entries(fields).flatMap(([name, value]) => {
    const here = path ? `${path}.${name}` : name;
    if (Array.isArray(value)) return [[here, value.map(String).join(" ")]];
    return typeof value === "object" && value !== null
      ? flatten(value, here)
      : [[here, String(value)]];
  });
}
