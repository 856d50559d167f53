/**
 * What one may do about somebody: a small menu at their name, and the same as a row of buttons for
 * a page of theirs (`[data-person]`, templates/lobby/player/_head.html).
 */

import { get, isMe, me, post } from "./api.js";
import { busy, el, glyph, toast, twice } from "./dom.js";

const path = (user, what = "") => `people/${encodeURIComponent(user.id)}/${what}`;

/**
 * What may be done now: `[{key, label, icon, run, ask}]`; `ask`: the question before it is done.
 * `about`: what a report is about, `{talk, number}` or `{match}`.
 */
export function deeds(person, about, done) {
  const { user, friend, request, blocked, muted } = person;
  const act = (what, words) => async () => {
    done(await post(path(user, `${what}/`)));
    toast(words, "good");
  };
  return [
    !friend && !blocked && request === null
      ? { key: "request", label: "Add as friend", icon: "users", run: act("request", `${user.name} was asked.`) }
      : null,
    request === "received"
      ? { key: "accept", label: "Accept request", icon: "check", run: act("accept", `${user.name} is your friend now.`) }
      : null,
    request !== null
      ? { key: "decline", label: request === "sent" ? "Take request back" : "Decline request", icon: "close", run: act("decline", "Done.") }
      : null,
    friend
      ? { key: "unfriend", label: "Unfriend", icon: "close", ask: "Unfriend?", run: act("unfriend", `${user.name} is no friend any more.`) }
      : null,
    blocked
      ? null
      : muted
        ? { key: "unmute", label: "Unmute", icon: "chat", run: act("unmute", `You read ${user.name} again.`) }
        : { key: "mute", label: "Mute", icon: "chat", run: act("mute", `You do not read ${user.name} any more.`) },
    blocked
      ? { key: "unblock", label: "Unblock", icon: "lock", run: act("unblock", `${user.name} is not blocked any more.`) }
      : { key: "block", label: "Block", icon: "lock", ask: "Block?", run: act("block", `${user.name} is blocked.`) },
    { key: "report", label: "Report…", icon: "flag", run: () => openReport(user, about) },
  ].filter(Boolean);
}

/** A menu beside `anchor`; `more`: deeds of the page itself, put first. */
export async function openPerson(user, anchor, about = {}, more = []) {
  if (me === null || isMe(user)) return;
  const menu = el("div", { class: "menu person-menu", popover: "auto" });
  menu.addEventListener("toggle", (event) => event.newState === "closed" && menu.remove());
  document.body.append(menu);
  menu.append(el("p", { class: "menu-who" }, el("strong", { class: "clip" }, user.name), el("span", { class: "spinner" })));
  menu.showPopover();
  place(menu, anchor);
  const draw = (person) => {
    menu.replaceChildren(
      el(
        "p",
        { class: "menu-who" },
        el("strong", { class: "clip" }, user.name),
        person.friend ? el("span", { class: "badge good" }, "Friend") : null,
      ),
      ...[...more, ...deeds(person, about, () => menu.hidePopover())].map((deed) => item(deed, menu)),
    );
    place(menu, anchor);
    menu.querySelector("button")?.focus();
  };
  try {
    draw(await get(path(user)));
  } catch (error) {
    if (error.code === undefined) throw error;
    menu.remove();
    toast(error.message, "bad");
  }
}

function item({ key, label, icon, ask, run, stays = false }, menu) {
  const go = (button) =>
    busy(button, async () => {
      await run(button);
      if (!stays && menu.isConnected) menu.hidePopover();
    });
  return el(
    "button",
    {
      class: "menu-item",
      type: "button",
      "data-do": key,
      on: {
        click: ({ currentTarget }) =>
          ask ? twice(currentTarget, ask, () => go(currentTarget)) : go(currentTarget),
      },
    },
    glyph(icon),
    label,
  );
}

/** Below the anchor where there is room, else above; never beyond the edge. */
function place(menu, anchor) {
  const at = anchor.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = menu;
  const below = at.bottom + 6 + height < innerHeight;
  menu.style.inset = "auto";
  menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
  menu.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - height - 6)}px`;
}

/** Asks why, and reports; `user` without an id is a match itself. */
export function openReport(user, { talk, number, match } = {}) {
  const id = "report-reason";
  const error = el("p", { class: "notice bad", role: "alert", hidden: true });
  const reason = el("textarea", { id, rows: "3", maxlength: "500", required: true });
  const send = el("button", { class: "btn primary", type: "submit" }, "Report");
  const dialog = el(
    "dialog",
    { "aria-labelledby": "report-title" },
    el("h2", { id: "report-title" }, `Report ${user.name}`),
    el("p", { class: "muted small" }, number ? "The message goes along, with what was said around it." : "People who run this server will look at it."),
    el(
      "form",
      {
        class: "stack",
        on: {
          submit: (event) => {
            event.preventDefault();
            busy(send, async () => {
              try {
                const body = { reason: reason.value };
                if (number) await post("reports/message/", { ...body, talk, number });
                else if (user.id === undefined) await post("reports/match/", { ...body, match });
                else await post("reports/player/", { ...body, user: user.id, match: match ?? null });
                dialog.close();
                toast("Thank you; somebody will look at it.", "good");
              } catch (problem) {
                if (problem.code === undefined) throw problem;
                error.textContent = problem.fields.reason?.[0] ?? problem.message;
                error.hidden = false;
              }
            });
          },
        },
      },
      el("div", { class: "field" }, el("label", { for: id }, "What happened?"), reason),
      error,
      el(
        "div",
        { class: "actions" },
        el("button", { class: "btn ghost", type: "button", on: { click: () => dialog.close() } }, "Cancel"),
        send,
      ),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** The row of buttons on somebody's own page. */
async function drawPerson(root) {
  const user = { id: root.dataset.person, name: root.dataset.name };
  if (me === null || isMe(user)) return;
  const draw = (person) => {
    root.replaceChildren(
      ...deeds(person, {}, draw).map((deed) =>
        el(
          "button",
          {
            class: "btn small",
            type: "button",
            "data-do": deed.key,
            on: {
              click: ({ currentTarget }) => {
                const go = () => busy(currentTarget, deed.run);
                return deed.ask ? twice(currentTarget, deed.ask, go) : go();
              },
            },
          },
          glyph(deed.icon),
          deed.label,
        ),
      ),
    );
  };
  draw(await get(path(user)));
}

document.querySelectorAll("[data-person]").forEach((root) => drawPerson(root).catch(() => {}));
