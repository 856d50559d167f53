/**
 * What every page has: the account menu, the dialog for the name, logging out.
 */

import { me, patch, post } from "./api.js";
import { busy, paintAvatar, toast } from "./dom.js";
import { showErrors, clearErrors } from "./errors.js";
import { setUpBell } from "./notices.js";
import { openPeopleLine } from "./socket.js";

if (me) {
  showName(me.name);
  setUpMenu(document.getElementById("account-menu"));
  setUpRename(document.getElementById("rename-dialog"));
  setUpBell();
  // After the page's own script, which may keep a socket itself.
  addEventListener("load", openPeopleLine);
}

function showName(name) {
  me.name = name;
  document.querySelectorAll("[data-my-name]").forEach((place) => {
    place.textContent = name;
  });
  document.querySelectorAll("[data-avatar]").forEach((disc) => paintAvatar(disc, name, me.id));
}

function setUpMenu(menu) {
  menu.querySelector("[data-log-out]").addEventListener("click", (event) => {
    const sure =
      !me.guest ||
      confirm("You are a guest: once logged out, this name and its matches are gone. Log out?");
    if (sure) busy(event.currentTarget, logOut);
  });
}

async function logOut() {
  dispatchEvent(new Event("pagehide")); // what this page keeps open would be closed, and reload it
  await post("auth/logout/");
  location.assign("/");
}

function setUpRename(dialog) {
  const form = dialog.querySelector("form");
  document.querySelector("[data-rename]").addEventListener("click", () => {
    document.getElementById("account-menu").hidePopover();
    clearErrors(form);
    form.elements.display_name.value = me.name;
    dialog.showModal();
    form.elements.display_name.select();
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(form.querySelector("[type=submit]"), () => rename(dialog, form));
  });
}

async function rename(dialog, form) {
  clearErrors(form);
  try {
    const user = await patch("me/", { display_name: form.elements.display_name.value.trim() });
    showName(user.name);
    dialog.close();
    toast(`You are ${user.name} now.`, "good");
  } catch (error) {
    showErrors(form, error);
  }
}
