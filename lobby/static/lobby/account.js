/**
 * One's own account: address, password, where one is signed in, and the end of it.
 */

import { get, post, request } from "./api.js";
import { announce, busy, el, enable, toast, twice } from "./dom.js";
import { clearErrors, showErrors } from "./errors.js";
import { ago, exactly } from "./match_words.js";

const find = (selector) => document.querySelector(selector);

const DO = {
  async email(data) {
    const { email, email_pending: pending } = await post("me/email/", data);
    find("[data-no-email]").hidden = !email && !pending;
    find("[data-email-now]").hidden = !email;
    find("[data-email]").textContent = email;
    find("[data-email-waiting]").hidden = !pending;
    find("[data-pending]").textContent = pending;
    toast(pending ? "A link is on its way to that address." : "Saved.", "good");
  },
  async password({ old_password: old, new_password: fresh }) {
    await post("me/password/", { old_password: old ?? "", new_password: fresh });
    toast("That is your password now.", "good");
    await showSessions();
  },
  async delete(data) {
    dispatchEvent(new Event("pagehide")); // as in header.js
    await post("me/delete/", data);
    location.assign("/");
  },
};

for (const form of document.querySelectorAll("form[data-account]")) {
  const button = form.querySelector("[type=submit]");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const go = () => busy(button, () => submit(form));
    if (form.dataset.account === "delete") twice(button, "Really, for good?", go);
    else go();
  });
}

enable("form[data-account] [type=submit]");

async function submit(form, more = {}) {
  clearErrors(form);
  const given = [...new FormData(form)].filter(([, value]) => value !== "");
  const data = { ...Object.fromEntries(given), ...more };
  delete data.username; // there for password managers alone
  try {
    await DO[form.dataset.account](data);
    form.reset();
  } catch (error) {
    showErrors(form, error);
  }
}

find("[data-rename-here]").addEventListener("click", () => find("[data-rename]").click());

const noEmail = find("[data-no-email]");
noEmail?.addEventListener("click", () =>
  twice(noEmail, "Really?", () => busy(noEmail, () => submit(noEmail.form, { email: "" }))),
);

find("[data-again]")?.addEventListener("click", (event) =>
  busy(event.currentTarget, async () => {
    await post("me/email/again/");
    toast("The link is on its way again.", "good");
  }),
);

// --- where one is signed in ---------------------------------------------------------------------

const sessions = find("[data-sessions]");
const endOthers = find("[data-end-others]");

async function showSessions() {
  const { results } = await get("me/sessions/?page_size=100");
  sessions.replaceChildren(...results.map(sessionRow));
  endOthers.parentElement.hidden = results.length < 2;
}

function sessionRow(session) {
  const since = `since ${exactly(session.created)}, used ${ago(session.used)}`;
  const button = el("button", { class: "btn small ghost", type: "button" }, "Sign out");
  button.addEventListener("click", () =>
    twice(button, "Really?", () => busy(button, () => end(session))),
  );
  return el(
    "li",
    { class: "spread" },
    el(
      "span",
      { class: "grow" },
      el("strong", {}, session.agent),
      el("br"),
      el("span", { class: "muted small" }, since),
    ),
    session.current ? el("span", { class: "badge good" }, "this one") : button,
  );
}

async function end(session) {
  await request("DELETE", `me/sessions/${encodeURIComponent(session.id)}/`);
  announce(`${session.agent} is signed out.`);
  await showSessions();
}

endOthers.addEventListener("click", () =>
  twice(endOthers, "Really, everywhere?", () =>
    busy(endOthers, async () => {
      const { ended } = await request("DELETE", "me/sessions/");
      toast(`Signed out in ${ended} ${ended === 1 ? "place" : "places"}.`, "good");
      await showSessions();
    }),
  ),
);

// --- other ways in ------------------------------------------------------------------------------

const identities = find("[data-identities]");

async function showIdentities() {
  const { results } = await get("me/external/?page_size=100");
  identities.replaceChildren(...results.map(identityRow));
}

function identityRow(identity) {
  const button = el("button", { class: "btn small ghost", type: "button" }, "Forget");
  const forget = async () => {
    await request("DELETE", `me/external/${identity.id}/`);
    await showIdentities();
  };
  button.addEventListener("click", () =>
    twice(button, "Really?", () => busy(button, forget)),
  );
  const name = el("strong", { class: "clip" }, `${identity.provider}: ${identity.name}`);
  return el("li", { class: "spread" }, name, button);
}

busy(sessions, showSessions);
if (identities) busy(identities, showIdentities);
