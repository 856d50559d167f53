/**
 * A conversation on a page: what was said, what is being said, and a line to say something.
 *
 * Messages are numbered without a gap. A number that is missing was lost on its way and is asked
 * for by REST, a moment later, as is everything after the socket was away. What people wrote only
 * ever becomes text.
 */

import { get, isMe, me, post } from "./api.js";
import { el, glyph, toast } from "./dom.js";
import { on, send } from "./line.js";
import { exactly } from "./match_words.js";
import { openPerson } from "./people.js";

const REACTIONS = ["👍", "👏", "😀", "😮", "😢", "🔥", "🎉", "🤝"];
const SHOWN_MAX = 200; // lines kept in the page
const GAP_WAIT_MS = 700; // two workers may tell two messages the other way round
const BUSY_WAIT_MS = 1200;
const SAID_WAIT_MS = 5000;
const REACTION_MS = 2600;

export class Chat {
  /**
   * @param {HTMLElement} root  an empty element
   * @param {{talk: string, label: string, match?: string, onUnread?: (count: number) => void,
   *   seen?: () => boolean}} options  `seen`: whether somebody looks at it just now
   */
  constructor(root, { talk, label, match = null, onUnread = () => {}, seen = () => true }) {
    Object.assign(this, { root, talk, match, onUnread, seen });
    this.upto = null; // all up to this number is shown
    this.first = null;
    this.waiting = new Map();
    this.ref = 0;
    this.unread = 0;
    this.build(label);
    this.ends = [
      on("open", () => this.listen()),
      on("listening", (told) => told.talk === talk && this.listening(told)),
      on("message", (told) => told.talk === talk && this.hear(told)),
      on("reaction", (told) => told.talk === talk && this.react(told)),
      on("said", (told) => told.talk === talk && this.said(told.ref)),
      on("refused", (told) => told.talk === talk && this.refused(told)),
      on("dropped", (told) => told.talk === talk && this.allow(false)),
      on("missed", () => this.fill()),
    ];
  }

  close() {
    this.ends.forEach((end) => end());
    send({ t: "unlisten", talk: this.talk });
    clearTimeout(this.gap);
    this.root.replaceChildren();
  }

  listen() {
    send({ t: "listen", talk: this.talk });
    if (this.upto === null) this.load();
  }

  listening({ speaks, last }) {
    this.allow(speaks);
    if (this.upto !== null && last > this.upto) this.fill();
  }

  // --- what was said --------------------------------------------------------------------------

  /** The newest page; `before`: the one before what is shown. */
  async load(before = null) {
    const query = before ? `?before=${before}` : "";
    const page = await this.ask(query);
    if (!page) return;
    this.allow(page.speaks);
    const kept = this.list.scrollHeight - this.list.scrollTop;
    this.first = page.first;
    if (before) {
      this.list.prepend(...page.messages.map((message) => this.line(message)));
      this.list.scrollTop = this.list.scrollHeight - kept;
    } else {
      this.upto = Math.max(this.upto ?? 0, page.upto);
      this.list.replaceChildren(...page.messages.map((message) => this.line(message)));
      this.list.scrollTop = this.list.scrollHeight;
    }
    this.more.hidden = page.first <= 1 || page.messages.length === 0;
    this.empty.hidden = this.list.childElementCount > 0;
  }

  /** What was said since what is shown, however much. */
  async fill() {
    if (this.upto === null || this.filling) return;
    this.filling = true;
    try {
      for (;;) {
        const page = await this.ask(`?after=${this.upto}`);
        if (!page) return;
        page.messages.forEach((message) => message.number > this.upto && this.show(message));
        this.upto = Math.max(this.upto, page.upto);
        if (page.upto >= page.last) return;
      }
    } finally {
      this.filling = false;
    }
  }

  async ask(query) {
    try {
      return await get(`chat/${encodeURIComponent(this.talk)}/${query}`);
    } catch (error) {
      if (error.code === undefined) throw error;
      if (error.status === 404) this.allow(false);
      return null;
    }
  }

  hear({ number, message }) {
    if (this.upto === null || number <= this.upto) return;
    if (number > this.upto + 1) {
      clearTimeout(this.gap);
      this.gap = setTimeout(() => this.fill(), GAP_WAIT_MS);
      return;
    }
    this.upto = number;
    if (message) this.show(message);
  }

  show(message) {
    const atEnd = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 60;
    this.list.append(this.line(message));
    while (this.list.childElementCount > SHOWN_MAX) this.list.firstElementChild.remove();
    this.empty.hidden = true;
    if (atEnd || isMe(message.author)) this.list.scrollTop = this.list.scrollHeight;
    if (!isMe(message.author) && !this.seen()) this.count(this.unread + 1);
  }

  count(unread) {
    this.unread = unread;
    this.onUnread(unread);
  }

  line({ author, text, sent, number }) {
    const mine = isMe(author);
    const { talk, match } = this;
    const name = mine
      ? el("span", { class: "chat-name" }, author.name)
      : el(
          "button",
          {
            class: "chat-name",
            type: "button",
            on: { click: ({ currentTarget }) => openPerson(author, currentTarget, { talk, number, match }) },
          },
          author.name,
        );
    return el(
      "li",
      { class: mine ? "chat-line mine" : "chat-line", title: exactly(sent) },
      name,
      el("bdi", { class: "chat-text" }, text),
    );
  }

  // --- saying something -----------------------------------------------------------------------

  submit(event) {
    event.preventDefault();
    const text = this.input.value.trim();
    if (!text) return;
    this.input.value = "";
    this.say(text);
  }

  say(text, tries = 0) {
    this.ref += 1;
    const { ref } = this;
    if (!send({ t: "say", talk: this.talk, text, ref })) return this.byRest(text);
    const lost = setTimeout(() => this.unanswered(ref), SAID_WAIT_MS);
    return this.waiting.set(ref, { text, tries, lost });
  }

  /** It may have been said and the answer lost: saying it again would say it twice. */
  async unanswered(ref) {
    const sent = this.waiting.get(ref);
    await this.fill();
    if (!sent || !this.waiting.has(ref)) return;
    this.said(ref);
    this.note.textContent = "No answer came; look whether it was said.";
    this.note.hidden = false;
  }

  /** Where there is no socket just now. */
  async byRest(text) {
    try {
      await post(`chat/${encodeURIComponent(this.talk)}/`, { text });
      this.fill();
    } catch (error) {
      if (error.code === undefined) throw error;
      this.giveBack(text, error.message);
    }
  }

  said(ref) {
    clearTimeout(this.waiting.get(ref)?.lost);
    this.waiting.delete(ref);
  }

  refused({ of, ref, code, message, fields }) {
    if (of === "listen") return this.allow(false);
    if (of === "react") return undefined;
    const sent = this.waiting.get(ref);
    this.said(ref);
    if (!sent) return undefined;
    if (code === "busy" && sent.tries < 2)
      return setTimeout(() => this.say(sent.text, sent.tries + 1), BUSY_WAIT_MS);
    const more = fields.reason?.[0] && fields.reason[0] !== "–" ? ` (${fields.reason[0]})` : "";
    return this.giveBack(sent.text, (fields.text?.[0] ?? message) + more);
  }

  giveBack(text, why) {
    if (!this.input.value) this.input.value = text;
    this.note.textContent = why;
    this.note.hidden = false;
    clearTimeout(this.noted);
    this.noted = setTimeout(() => {
      this.note.hidden = true;
    }, 6000);
  }

  allow(speaks) {
    this.form.hidden = !speaks;
    this.reactions.hidden = !speaks;
    this.root.classList.toggle("silent", !speaks);
  }

  react({ emoji, user }) {
    const shown = el("span", { class: "reaction", title: user.name }, emoji, el("small", {}, user.name));
    shown.style.setProperty("--at", `${10 + Math.random() * 70}%`);
    this.stage.append(shown);
    setTimeout(() => shown.remove(), REACTION_MS);
  }

  // --- its looks ------------------------------------------------------------------------------

  build(label) {
    this.root.classList.add("chat");
    this.list = el("ol", { class: "chat-list", role: "log", "aria-label": label, tabindex: "0" });
    this.more = el(
      "button",
      { class: "btn ghost small chat-more", type: "button", hidden: true, on: { click: () => this.load(this.first) } },
      "Older messages",
    );
    this.empty = el("p", { class: "muted small chat-empty", hidden: true }, "Nothing was said yet.");
    this.note = el("p", { class: "chat-note", role: "alert", hidden: true });
    this.input = el("input", {
      class: "chat-input",
      maxlength: "300",
      placeholder: "Say something",
      "aria-label": `Message: ${label}`,
      autocomplete: "off",
      enterkeyhint: "send",
    });
    this.form = el(
      "form",
      { class: "chat-form", hidden: true, on: { submit: (event) => this.submit(event) } },
      this.input,
      el("button", { class: "btn icon", type: "submit", "aria-label": "Send" }, glyph("send")),
    );
    this.reactions = el(
      "div",
      { class: "chat-reactions", role: "group", "aria-label": "React", hidden: true },
      REACTIONS.map((emoji) =>
        el(
          "button",
          {
            type: "button",
            "aria-label": `React with ${emoji}`,
            on: { click: () => send({ t: "react", talk: this.talk, emoji }) || toast("Not connected.") },
          },
          emoji,
        ),
      ),
    );
    this.stage = el("div", { class: "chat-stage", "aria-hidden": "true" });
    this.root.replaceChildren(
      this.more, this.list, this.empty, this.stage, this.note, this.reactions, this.form,
    );
  }
}

/** The conversation that one has with somebody. */
export function directTalk(user) {
  const [low, high] = [Number(me.id), Number(user.id)].sort((one, other) => one - other);
  return `direct:${low}-${high}`;
}
