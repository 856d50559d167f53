/**
 * Builds and updates elements. What players wrote only ever becomes text, never markup.
 */

/**
 * An element: `el("button", {class: "btn", type: "button", on: {click}}, "Join")`.
 * Attributes that are null, undefined or false are left out; children may be null as well.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, handler] of Object.entries(value))
        element.addEventListener(event, handler);
    } else {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const GLYPHS = new URL("./icons/ui.svg", import.meta.url).pathname;
const SVG = "http://www.w3.org/2000/svg";

/** A small icon in the colour of the text around it; `name` is a symbol of `icons/ui.svg`. */
export function glyph(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "glyph");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${GLYPHS}#${name}`);
  svg.append(use);
  return svg;
}

/**
 * Makes the children of `list` show `items`: unchanged ones stay as they are (and keep the focus),
 * changed ones are drawn anew, new ones come in with the class `enter`.
 */
export function syncList(list, items, { key, draw, looks = (item) => JSON.stringify(item) }) {
  const first = list.dataset.synced !== "true";
  const known = new Map([...list.children].map((child) => [child.dataset.key, child]));
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const wanted = items.map((item) => {
    const id = String(key(item));
    const now = looks(item);
    const before = known.get(id);
    if (before?.looks === now) return before;
    const child = draw(item);
    child.dataset.key = id;
    child.looks = now;
    if (!first && !before) child.classList.add("enter");
    return child;
  });
  wanted.forEach((child, index) => {
    if (list.children[index] !== child) list.insertBefore(child, list.children[index] ?? null);
  });
  while (list.children.length > wanted.length) list.lastElementChild.remove();
  list.dataset.synced = "true";
  if (focused && !focused.isConnected) refocus(list, focused);
}

/** The same button of the row that was drawn anew. */
function refocus(list, lost) {
  const row = lost.closest("[data-key]")?.dataset.key;
  const again = [...list.children].find((child) => child.dataset.key === row);
  again?.querySelector(lost.dataset.do ? `[data-do="${lost.dataset.do}"]` : "button, a")?.focus();
}

/** Says something to those who listen to the page instead of looking at it. */
export function announce(text) {
  const announcer = document.getElementById("announcer");
  announcer.textContent = "";
  requestAnimationFrame(() => {
    announcer.textContent = text;
  });
}

/** A short message at the edge of the page; `kind` is "", "good" or "bad". */
export function toast(text, kind = "") {
  const note = el("p", { class: `toast ${kind}` }, text);
  const toasts = document.getElementById("toasts");
  while (toasts.children.length > 2) toasts.firstElementChild.remove();
  toasts.append(note);
  setTimeout(() => note.remove(), 4000 + 40 * text.length);
}

/** Runs `action`; `button` cannot be pressed again meanwhile, a refusal becomes a toast. */
export async function busy(button, action) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    await action();
  } catch (error) {
    if (error.code === undefined) throw error;
    toast(error.message, "bad");
  } finally {
    button.removeAttribute("aria-busy");
  }
}

/**
 * Lets buttons be pressed, now that somebody hears them. Pages come with them disabled: a form that is
 * sent before its script is there goes to where nobody takes it, as a press on a button goes nowhere.
 */
export function enable(selectors) {
  document.querySelectorAll(selectors).forEach((button) => {
    button.disabled = false;
  });
}

const SURE_MS = 3500; // how long a question waits for the second click

/**
 * Asks on the button itself before `action` runs: the first click shows `question`, a second one
 * soon after means it. A slip of the finger does nothing.
 */
export function twice(button, question, action) {
  if (button.dataset.asked) {
    delete button.dataset.asked;
    return action();
  }
  const [shown, look] = [[...button.childNodes], button.className];
  button.dataset.asked = "true";
  button.classList.remove("ghost");
  button.classList.add("danger");
  button.replaceChildren(question);
  return setTimeout(() => {
    delete button.dataset.asked;
    button.className = look;
    button.replaceChildren(...shown);
  }, SURE_MS);
}

/** Copies text, also where the clipboard is closed to the page (plain HTTP from another host). */
export async function copyText(text, field) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (!field) return false;
    field.select();
    return document.execCommand("copy");
  }
}

/** Puts the first letters of a name into a coloured disc; the colour follows `seed`. */
export function paintAvatar(disc, name, seed) {
  disc.textContent = initials(name);
  disc.style.setProperty("--tint", `var(--seat-${hash(String(seed)) % 16})`);
  return disc;
}

export const avatar = (name, seed) =>
  paintAvatar(el("span", { class: "avatar", "aria-hidden": "true" }), name, seed);

function initials(name) {
  const words = name
    .trim()
    .split(/[\s_.-]+/u)
    .filter(Boolean);
  return (
    words
      .slice(0, 2)
      .map((word) => [...word][0])
      .join("")
      .toUpperCase() || "?"
  );
}

function hash(text) {
  let sum = 7;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)) >>> 0;
  return sum;
}
