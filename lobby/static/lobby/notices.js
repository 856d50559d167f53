/**
 * The bell in the header: what one was told, and what may be done about it at once.
 */

import { get, post } from "./api.js";
import { announce, busy, el, glyph, syncList, toast } from "./dom.js";
import { on } from "./line.js";
import { ago } from "./match_words.js";
import { boardName, changeText, ratingText } from "./rating_words.js";

const SHOWN = 15;
const FLEETING = ["party_joined", "matched", "result"]; // told, and not kept

/** `{text, deeds: [{label, run}], href}` of a notice; null for what this page does not know. */
function worded({ kind, data }) {
  const name = data.user?.name ?? "Somebody";
  const at = `/lobby/${encodeURIComponent(data.lobby?.id ?? "")}/`;
  switch (kind) {
    case "friend_request":
      return { text: `${name} would like to be your friend.`, deeds: [person("accept", "Accept", data), person("decline", "Decline", data)] };
    case "friend_accepted":
      return { text: `${name} is your friend now.`, href: "/friends/" };
    case "direct_message":
      return { text: `${name} wrote to you.`, href: `/friends/?with=${encodeURIComponent(data.user?.id ?? "")}` };
    case "lobby_invitation":
      return { text: `${name} invites you to “${data.lobby?.name}”.`, deeds: [{ label: "Join", run: () => enter(`invitations/${encodeURIComponent(data.token)}/accept/`, {}, at) }] };
    case "party_invitation":
      return { text: `${name} asks you into a party.`, deeds: [{ label: "Join", run: () => enter("party/join/", { party: data.party }, "/friends/") }] };
    case "party_joined":
      return { text: `${name} joined your party.`, href: "/friends/" };
    case "party_lobby":
      return { text: `Your party is in “${data.lobby?.name}”.`, href: at };
    case "matched":
      return { text: "Your match begins.", href: `/play/${encodeURIComponent(data.match)}/` };
    case "result":
      return { text: resultText(data), href: `/players/${encodeURIComponent(data.user?.id ?? "")}/` };
    case "muted":
      return { text: `You may not speak until ${new Date(data.until).toLocaleString()}. ${data.reason ?? ""}` };
    default:
      return null;
  }
}

/** "Chess, Rapid: +12, your rating is 1512, rank 3." */
function resultText(data) {
  const { rating, rank } = data;
  const now = ratingText({ shown: rating.after, provisional: rating.provisional });
  return `${boardName(data)}: ${changeText(rating)}, your rating is ${now}${rank ? `, rank ${rank}` : ""}.`;
}

const person = (what, label, { user }) => ({
  label,
  run: () => post(`people/${encodeURIComponent(user.id)}/${what}/`),
});

async function enter(path, body, to) {
  await post(path, body);
  location.assign(to);
}

/** Whether the page shows by itself what was told: it says so by preventing what is usually done. */
const isShown = (told) =>
  !document.dispatchEvent(new CustomEvent("evertick:notice", { detail: told, cancelable: true }));

export function setUpBell() {
  const button = document.getElementById("bell");
  const menu = document.getElementById("notices");
  const list = menu.querySelector("ul");
  let rows = [];
  let unread = 0;

  const count = (now) => {
    unread = now;
    const badge = button.querySelector("[data-unread]");
    badge.textContent = now > 9 ? "9+" : String(now);
    badge.hidden = now === 0;
    button.setAttribute("aria-label", now ? `Notices, ${now} unread` : "Notices");
  };

  const draw = () => {
    const known = rows.map((row) => ({ ...row, words: worded(row) })).filter((row) => row.words);
    menu.querySelector("[data-empty]").hidden = known.length > 0;
    syncList(list, known, {
      key: (row) => row.id,
      draw: notice,
      looks: (row) => `${row.id} ${row.read}`,
    });
  };

  const read = async () => {
    const { results } = await get(`notices/?page_size=${SHOWN}`);
    rows = results;
    draw();
    if (unread && rows.length) count((await post("notices/read/", { up_to: rows[0].id })).unread);
  };

  on("notice", ({ notice: told, unread: now }) => {
    const words = worded(told);
    if (now !== undefined) count(now);
    if (!words || isShown(told)) return;
    announce(words.text);
    if (!menu.matches(":popover-open")) toast(words.text);
    if (told.id !== null && !FLEETING.includes(told.kind)) {
      rows = [told, ...rows].slice(0, SHOWN);
      draw();
    }
  });
  on("unread", ({ unread: now }) => count(now));
  menu.addEventListener("toggle", (event) => {
    if (event.newState === "open") read().catch((error) => toast(error.message, "bad"));
  });
  get("notices/?unread=true&page_size=1").then(
    (answer) => count(answer.count),
    () => {},
  );
}

function notice({ words, created, read }) {
  return el(
    "li",
    { class: read ? "notice-row" : "notice-row unread" },
    el(
      "div",
      { class: "grow" },
      words.href ? el("a", { href: words.href }, words.text) : el("span", {}, words.text),
      el("small", { class: "muted" }, ago(created)),
    ),
    (words.deeds ?? []).map(({ label, run }, index) =>
      el(
        "button",
        {
          class: index ? "btn small ghost" : "btn small primary",
          type: "button",
          on: {
            click: ({ currentTarget }) =>
              busy(currentTarget, async () => {
                await run();
                currentTarget.closest("li").querySelectorAll("button").forEach((each) => each.remove());
              }),
          },
        },
        index ? null : glyph("check"),
        label,
      ),
    ),
  );
}
