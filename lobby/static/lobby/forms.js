/**
 * Logging in, registering, or playing as a guest; then on to where the visitor wanted to go.
 */

import { post } from "./api.js";
import { busy } from "./dom.js";
import { clearErrors, markInput, showErrors } from "./errors.js";

const next = nextPath();

for (const form of document.querySelectorAll("form[data-form]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(form.querySelector("[type=submit]"), () => submit(form));
  });
}

document.querySelector("[data-guest]")?.addEventListener("click", (event) => {
  busy(event.currentTarget, () => enter("auth/guest/", {}));
});

document.querySelectorAll("[data-keep-next]").forEach((link) => {
  link.search = location.search;
});

async function submit(form) {
  clearErrors(form);
  if (!filled(form)) return;
  const data = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  try {
    await enter(`auth/${form.dataset.form}/`, data);
  } catch (error) {
    showErrors(form, error);
  }
}

/** Whether nothing that is needed is missing; says what is. */
function filled(form) {
  const empty = [...form.elements].filter((input) => input.required && !input.value.trim());
  empty.forEach((input) => markInput(input, "Please fill this in."));
  empty[0]?.focus();
  return empty.length === 0;
}

async function enter(path, data) {
  await post(path, { ...data, session: true });
  location.assign(next);
}

/** `?next=` where it is a path of this very site; else the first page. */
function nextPath() {
  const wanted = new URLSearchParams(location.search).get("next") ?? "/";
  try {
    const url = new URL(wanted, location.origin);
    const ours = url.origin === location.origin && /^\/(?![/\\])/.test(wanted);
    return ours ? url.pathname + url.search + url.hash : "/";
  } catch {
    return "/";
  }
}
