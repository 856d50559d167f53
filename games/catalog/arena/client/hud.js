/**
 * What is written over the arena: clock, scores, who destroyed whom, and what to do.
 *
 * Rules of this file: plain elements; the page is touched only where something is different.
 */

const FEED_MAX = 4;
const FEED_MS = 5000;
const ROWS_WIDE = 6;
const ROWS_NARROW = 4;

const PARTS = [
  ...["hurt", "scores", "clock", "goal", "mute", "feed", "notice", "boost", "help"],
  ...["stick", "knob", "trigger"],
];
const PAGE = `
  <div class="arena-hurt"></div>
  <div class="arena-top">
    <ol class="arena-scores" aria-label="Scores"></ol>
    <div class="arena-middle">
      <div class="arena-clock" role="timer" aria-label="Time left"></div>
      <div class="arena-goal"></div>
    </div>
    <div class="arena-right">
      <button type="button" class="arena-mute"></button>
      <div class="arena-feed" aria-live="polite"></div>
    </div>
  </div>
  <div class="arena-notice" aria-live="polite"></div>
  <div class="arena-boost"></div>
  <div class="arena-help"></div>
  <div class="arena-stick" aria-hidden="true"><div class="arena-knob"></div></div>
  <div class="arena-trigger" aria-hidden="true"><span></span></div>`;

export class Hud {
  /**
   * @param {HTMLElement} root where it is put
   * @param {{color: (seat: number) => string, name: (seat: number) => string}} of
   */
  constructor(root, of) {
    this.of = of;
    this.box = document.createElement("div");
    this.box.className = "arena-hud";
    this.box.innerHTML = PAGE;
    root.append(this.box);
    const find = (name) => this.box.querySelector(`.arena-${name}`);
    this.parts = Object.fromEntries(PARTS.map((name) => [name, find(name)]));
    this.shown = new Map();
    this.feed = [];
  }

  clock(seconds, running) {
    const left = Math.max(0, Math.ceil(seconds));
    const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
    this.#text("clock", text);
    this.#flag("clock", "urgent", running && left <= 10);
  }

  goal(limit) {
    this.#text("goal", limit ? `First to ${limit}` : "");
  }

  /** Best first; the own row is always there. */
  scores(scores, here, mine, narrow) {
    const order = Object.entries(scores)
      .map(([key, { kills, deaths }]) => ({ seat: Number(key), kills, deaths }))
      .sort((a, b) => b.kills - a.kills || a.deaths - b.deaths || a.seat - b.seat);
    const rows = order.slice(0, narrow ? ROWS_NARROW : ROWS_WIDE);
    const own = order.findIndex((row) => row.seat === mine);
    if (own >= rows.length) rows[rows.length - 1] = order[own];
    const told = rows.map(({ seat, kills, deaths }) => {
      const place = order.findIndex((row) => row.seat === seat) + 1;
      return [seat, place, kills, deaths, this.of.name(seat), seat === mine, `${seat}` in here];
    });
    if (!this.#news("scores", JSON.stringify(told))) return order;
    this.parts.scores.replaceChildren(...told.map((row) => this.#row(...row)));
    return order;
  }

  killed(by, seat, mine) {
    const line = document.createElement("div");
    line.className = "arena-kill";
    line.classList.toggle("mine", by === mine || seat === mine);
    const mark = document.createElement("i");
    mark.textContent = "✸";
    if (by >= 0) line.append(this.#name(by));
    line.append(mark, this.#name(seat));
    this.parts.feed.prepend(line);
    this.feed.unshift({ line, until: performance.now() + FEED_MS });
    for (const { line: old } of this.feed.splice(FEED_MAX)) old.remove();
  }

  /** Lets old lines of the feed go. */
  tidy(now) {
    while (this.feed.length && this.feed.at(-1).until < now) this.feed.pop().line.remove();
  }

  notice(headline, detail = "") {
    if (!this.#news("notice", `${headline}\n${detail}`)) return;
    const [large, small] = [document.createElement("strong"), document.createElement("span")];
    large.textContent = headline;
    small.textContent = detail;
    this.parts.notice.replaceChildren(...(headline ? [large, small] : []));
    this.parts.notice.classList.toggle("on", !!headline);
  }

  hurt() {
    this.parts.hurt.animate([{ opacity: 1 }, { opacity: 0 }], 450);
  }

  boost(seconds, share) {
    this.#text("boost", seconds > 0 ? `Triple shot ${Math.ceil(seconds)} s` : "");
    this.#flag("boost", "on", seconds > 0);
    if (seconds > 0) this.parts.boost.style.setProperty("--share", share.toFixed(2));
  }

  help(text) {
    this.#text("help", text);
    this.#flag("help", "on", !!text);
  }

  mute(on) {
    this.parts.mute.textContent = on ? "♪ On" : "♪ Off";
    this.parts.mute.setAttribute("aria-pressed", String(on));
    this.parts.mute.setAttribute("aria-label", on ? "Sound is on" : "Sound is off");
  }

  touch(on) {
    this.box.classList.toggle("touch", on);
  }

  #row(seat, place, kills, deaths, name, mine, here) {
    const row = document.createElement("li");
    row.classList.toggle("mine", mine);
    row.classList.toggle("absent", !here);
    const cells = [
      ["arena-place", place],
      ["arena-who", name],
      ["arena-kills", kills],
      ["arena-deaths", deaths],
    ].map(([kind, text]) => {
      const cell = document.createElement("span");
      cell.className = kind;
      cell.textContent = text;
      return cell;
    });
    cells[2].title = "Destroyed";
    cells[3].title = "Own losses";
    row.style.setProperty("--seat", this.of.color(seat));
    row.append(...cells);
    return row;
  }

  #name(seat) {
    const name = document.createElement("b");
    name.textContent = this.of.name(seat);
    name.style.color = this.of.color(seat);
    return name;
  }

  #news(part, value) {
    if (this.shown.get(part) === value) return false;
    this.shown.set(part, value);
    return true;
  }

  #text(part, text) {
    if (this.#news(part, text)) this.parts[part].textContent = text;
  }

  #flag(part, name, on) {
    if (this.#news(`${part}.${name}`, on)) this.parts[part].classList.toggle(name, on);
  }
}
