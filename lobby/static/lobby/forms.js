/**
 * Logging in, registering, or playing as a guest; then on to where the visitor wanted to go. And the
 * forms that links in mails lead to, which stay where they are and say that it is done.
 */

import { post } from "./api.js";
import { busy, enable } from "./dom.js";
import { clearErrors, markInput, showErrors } from "./errors.js";

const next = nextPath();

const DO = {
  login: (data) => enter("auth/login/", data),
  register: (data) => enter("auth/register/", data),
  upgrade: async (data) => {
    await post("me/upgrade/", data);
    location.assign(next);
  },
  forgot: (data) => post("auth/reset/", data),
  reset: (data) => post("auth/reset/confirm/", data),
  verify: (data) => post("auth/email/verify/", data),
};

for (const form of document.querySelectorAll("form[data-form]")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(form.querySelector("[type=submit]"), () => submit(form));
  });
}

document.querySelector("[data-guest]")?.addEventListener("click", (event) => {
  busy(event.currentTarget, () => enter("auth/guest/", {}));
});

for (const button of document.querySelectorAll("[data-external]")) {
  button.addEventListener("click", () =>
    busy(button, async () => {
      const here = location.pathname === "/account/" ? location.pathname : next;
      const { url } = await post(`auth/external/${button.dataset.external}/`, { next: here });
      location.assign(url);
    }),
  );
}

document.querySelectorAll("[data-keep-next]").forEach((link) => {
  link.search = location.search;
});

enable("form[data-form] [type=submit], [data-guest], [data-external]");

async function submit(form) {
  clearErrors(form);
  if (!filled(form)) return;
  const data = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
  try {
    await DO[form.dataset.form](data);
    showDone(form);
  } catch (error) {
    showErrors(form, error);
  }
}

/** Where there is nowhere to go next, the form says that it is done, and is of no use any more. */
function showDone(form) {
  const note = form.querySelector("[data-done]");
  if (!note) return;
  note.hidden = false;
  form.querySelectorAll(".field, [type=submit]").forEach((part) => part.remove());
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
