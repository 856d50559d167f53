// Sketch in the browser: the board, who has how much, and the chat that is also the guess.

import { Paper } from "./paper.js";
import { Pen } from "./pen.js";
import { PALETTE, WIDTHS, inOrder } from "./strokes.js";
import { QUIET, REFUSALS, WHY, describeResult, lengths, spoken } from "./words.js";

export { describeResult };

const LOW_S = 10;
const NOTICE_MS = 4000;
const NEAR_END = 40; // pixels from the end of the chat at which it is followed

const ICONS = {
  brush: '<path d="M4 20c4 1 6-1 6-4l8.500-11a1.800 1.800 0 0 1 2.600 2.600L10.500 16.500M10 16c-.500-1.300-1.700-2-3-1.500C5 15.300 6 18 4 20z"/>',
  eraser: '<path d="m8 19-4.500-4.500a1.800 1.800 0 0 1 0-2.600L12 3.500a1.800 1.800 0 0 1 2.600 0l5.400 5.400a1.800 1.800 0 0 1 0 2.600L12.500 19zM7.500 8.500l8 8M8 19.500h12"/>',
  fill: '<path d="m10 4 8.500 8.500-7 7a1.800 1.800 0 0 1-2.600 0L3.500 14a1.800 1.800 0 0 1 0-2.600L10 5M4 13h14M20.500 15c1 1.600 1.500 2.500 1.500 3.300a1.600 1.600 0 0 1-3.200 0c0-.800.700-1.700 1.700-3.300z"/>',
  undo: '<path d="M8 5 3.500 9.500 8 14M4 9.500h10a5.500 5.500 0 0 1 0 11h-3"/>',
  clear: '<path d="M4 6.500h16M9.500 6V3.500h5V6M6 6.500l1 14h10l1-14M10 10.500v6M14 10.500v6"/>',
  send: '<path d="M4 12 20 4l-5.500 16-3-6.500zM11.500 13.500 20 4"/>',
  pencil: '<path d="m4 20 1-4.500L16.500 4a2 2 0 0 1 3 0l.500.500a2 2 0 0 1 0 3L8.500 19z"/>',
  check: '<path d="m4.500 12.500 5 5 10-11"/>',
};
const icon = (name) => `<svg viewBox="0 0 24 24" aria-hidden="true">${ICONS[name]}</svg>`;

export function mount(element, room) {
  const root = build(element);
  const find = (name) => root.querySelector(`.sk-${name}`);
  const me = room.seat;
  const fine = matchMedia("(pointer: fine)").matches;
  const nameOf = (seat) => room.seats[seat]?.name ?? `Seat ${seat + 1}`;
  const whoOf = (seat) => (seat === me ? "You" : nameOf(seat));
  const isDrawer = () => me !== null && room.state?.drawer === me;
  const mayDraw = () => isDrawer() && room.state.phase === "drawing" && room.phase === "playing";
  const knows = () => Boolean(room.secret?.word);
  const seen = new Set(); // lines of the chat that were shown
  let follow = true; // whether the end of the chat is looked at
  let noticed = 0;

  const paper = new Paper(find("canvas"));
  const pen = me === null ? null : new Pen(find("canvas"), room, { may: mayDraw, changed: showBoard, refused: say });

  // --- what a player does ------------------------------------------------------------------------

  async function send(input) {
    const { refused } = await room.send(input).catch(({ code }) => ({ refused: code }));
    if (refused) say(refused);
    return refused;
  }

  function say(code) {
    if (QUIET.has(code)) return;
    setText(find("notice"), REFUSALS[code] ?? "The server did not accept that.");
    clearTimeout(noticed);
    noticed = setTimeout(() => setText(find("notice"), ""), NOTICE_MS);
  }

  find("form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const box = find("input");
    const text = box.value.trim();
    box.focus({ preventScroll: true });
    if (!text) return;
    box.value = "";
    const refused = await send({ t: "say", text });
    if (refused && refused !== "empty" && !box.value) box.value = text;
  });
  find("offers").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) send({ t: "choose", number: Number(button.value) });
  });
  find("tools").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || !pen) return;
    const { what, value } = button.dataset;
    if (what === "undo") pen.undo();
    else if (what === "clear") pen.clear();
    else if (what === "tool") pen.tool = value;
    else {
      pen[what] = Number(value);
      if (what === "colour" && pen.tool === "eraser") pen.tool = "brush";
      if (what === "size" && pen.tool === "fill") pen.tool = "brush";
    }
    showTools();
  });
  // The guess box keeps the focus, whatever else is pressed.
  for (const name of ["tools", "board", "send"]) find(name).addEventListener("mousedown", (event) => event.preventDefault());

  function onKey(event) {
    const box = find("input");
    const elsewhere = event.target.closest?.("input, textarea, select, dialog");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z" && !box.value && mayDraw()) {
      event.preventDefault();
      pen.undo();
    } else if (!elsewhere && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== " ") {
      if (!find("form").hidden) box.focus({ preventScroll: true });
    }
  }
  document.addEventListener("keydown", onKey);

  // --- drawing -----------------------------------------------------------------------------------

  function show(view) {
    root.dataset.phase = view.phase;
    root.classList.toggle("sk-mine", isDrawer());
    root.classList.toggle("sk-knows", knows());
    showHead(view);
    showBoard();
    showOver(view);
    showTools();
    showPlayers(view);
    showChat(view);
    showBox(view);
    showTime();
  }

  function showBoard() {
    if (!room.state) return;
    const drawing = pen && mayDraw();
    if (drawing) paper.show(pen.strokes, { instant: true, line: pen.line });
    else paper.show(inOrder(room.state.strokes), { instant: !root.dataset.live });
    root.dataset.live = "yes";
    find("start").hidden = !drawing || Boolean(pen.line) || paper.strokes.length > 0;
  }

  function showHead(view) {
    const { rounds } = room.settings;
    setText(find("round"), view.round ? `Round ${view.round} of ${rounds}` : "");
    const word = room.secret?.word ?? view.mask;
    const open = view.phase === "reveal" || knows();
    draw(find("mask"), `${word} ${open}`, () => [...word].map((char) =>
      char === "_" ? "<i></i>" : char === " " ? '<b class="sk-gap"></b>' : `<i class="sk-known"><b></b></i>`).join(""));
    const known = [...word].filter((char) => char !== "_" && char !== " ");
    find("mask").querySelectorAll(".sk-known b").forEach((node, index) => setText(node, known[index]));
    find("mask").setAttribute("aria-label", open ? word : spoken(word));
    find("mask").classList.toggle("sk-open", open);
    find("mask").classList.toggle("sk-long", word.length > 11);
    setText(find("count"), word && !open ? lengths(word) : "");
    setText(find("task"), taskOf(view));
  }

  function taskOf(view) {
    if (view.phase === "drawing") return isDrawer() ? "Draw this" : knows() ? "You got it" : "Guess the word";
    if (view.phase === "choosing") return isDrawer() ? "Your turn" : `${nameOf(view.drawer)} is next`;
    if (view.phase === "reveal") return "The word was";
    return view.phase === "over" ? "The end" : "Waiting";
  }

  function showOver(view) {
    const mine = isDrawer();
    find("pick").hidden = !(view.phase === "choosing" && mine);
    find("wait").hidden = !((view.phase === "choosing" && !mine) || view.phase === "waiting");
    find("reveal").hidden = !(view.phase === "reveal" || view.phase === "over");
    if (view.phase === "choosing" && mine) {
      const offers = room.secret?.offers ?? [];
      draw(find("offers"), offers.join(), () => offers.map((_, index) =>
        `<button type="button" value="${index}"><b></b><span></span></button>`).join(""));
      offers.forEach((word, index) => {
        const [name, count] = find("offers").children[index].children;
        setText(name, word);
        setText(count, `${lengths(word)} letters`);
      });
    }
    setText(find("waiting"), view.phase === "waiting" ? "Waiting for another player…" : `${nameOf(view.drawer)} is picking a word…`);
    if (!find("reveal").hidden) showReveal(view);
  }

  function showReveal(view) {
    const over = view.phase === "over";
    setText(find("why"), over ? "Final scores" : WHY[view.ended] ?? "");
    setText(find("word"), over ? "" : view.mask);
    const rows = ranked(view).map(({ seat, score, gained }) => ({ seat, points: over ? score : gained }));
    if (!over) rows.sort((a, b) => b.points - a.points);
    draw(find("gains"), `${over} ${JSON.stringify(rows)}`, () => rows.map(({ seat, points }) =>
      `<li class="${points ? "sk-won" : ""}"><span class="sk-disc"></span><span class="sk-name"></span><b>${over ? points : points ? `+${points}` : "0"}</b></li>`).join(""));
    rows.forEach(({ seat }, index) => {
      const row = find("gains").children[index];
      row.style.setProperty("--colour", `var(--seat-${seat})`);
      setText(row.querySelector(".sk-name"), whoOf(seat));
    });
  }

  const ranked = (view) => Object.entries(view.players)
    .map(([seat, player]) => ({ seat: Number(seat), ...player }))
    .sort((a, b) => b.score - a.score || a.seat - b.seat);

  function showPlayers(view) {
    const rows = ranked(view);
    const list = find("players");
    list.dataset.many = rows.length;
    draw(list, rows.map(({ seat }) => seat).join(), () => rows.map(({ seat }) =>
      `<li data-seat="${seat}"><span class="sk-place"></span><span class="sk-disc"></span><span class="sk-name"></span><span class="sk-sign"></span><b class="sk-score"></b></li>`).join(""));
    for (const { seat, score, gained, guessed } of rows) {
      const row = list.querySelector(`[data-seat="${seat}"]`);
      const status = room.seats[seat]?.status;
      row.style.setProperty("--colour", `var(--seat-${seat})`);
      row.classList.toggle("sk-me", seat === me);
      row.classList.toggle("sk-guessed", guessed);
      row.classList.toggle("sk-drawing", seat === view.drawer);
      row.classList.toggle("sk-gone", status === "gone");
      setText(row.querySelector(".sk-place"), `${1 + rows.filter((other) => other.score > score).length}`);
      setText(row.querySelector(".sk-name"), whoOf(seat));
      setText(row.querySelector(".sk-score"), String(score));
      const sign = seat === view.drawer ? "pencil" : guessed ? "check" : "";
      draw(row.querySelector(".sk-sign"), `${sign} ${gained} ${status}`, () =>
        sign === "pencil" ? icon("pencil") : sign ? `${icon("check")}<em>+${gained}</em>` : status === "bot" ? "<small>bot</small>" : status === "away" ? "<small>away</small>" : "");
      row.title = seat === view.drawer ? "Draws" : guessed ? "Has guessed the word" : "";
    }
  }

  function showTools() {
    find("tools").hidden = !isDrawer() || !["choosing", "drawing"].includes(room.state.phase);
    find("tools").inert = !mayDraw();
    if (!pen) return;
    for (const button of find("tools").querySelectorAll("[data-value]")) {
      const { what, value } = button.dataset;
      const on = what === "tool" ? pen.tool === value : String(pen[what]) === value;
      button.setAttribute("aria-pressed", String(on && !(what === "colour" && pen.tool === "eraser")));
    }
    find("tools").style.setProperty("--ink", PALETTE[pen.tool === "eraser" ? 0 : pen.colour][1]);
    find("board").dataset.tool = mayDraw() ? pen.tool : "";
  }

  // --- the chat ----------------------------------------------------------------------------------

  // The open lines, and those for this seat, each behind the open one before it.
  function linesOf(view) {
    const open = Object.entries(view.chat).map(([number, line]) => ({ key: `o${number}`, after: Number(number), own: 0, ...line }));
    const own = Object.entries(room.secret?.log ?? {}).map(([number, line]) =>
      ({ key: `p${number}`, own: Number(number), ...line, kind: line.kind === "say" ? "whisper" : line.kind }));
    return [...open, ...own].sort((a, b) => a.after - b.after || a.own - b.own);
  }

  function showChat(view) {
    const list = find("chat");
    const lines = linesOf(view);
    const key = lines.map((line) => line.key).join();
    if (list.dataset.key === key) return;
    list.dataset.key = key;
    const first = !seen.size;
    list.replaceChildren(...lines.map((line) => lineNode(line, first)));
    for (const line of lines) seen.add(line.key);
    toEnd();
  }

  function toEnd() {
    if (follow) find("chat").scrollTop = find("chat").scrollHeight;
  }

  find("chat").addEventListener("scroll", () => {
    const { scrollHeight, scrollTop, clientHeight } = find("chat");
    if (clientHeight === height) follow = scrollHeight - scrollTop - clientHeight < NEAR_END;
  });
  let height = 0; // of the chat: where it shrinks, that is no scrolling of the player's
  const resized = new ResizeObserver(() => {
    height = find("chat").clientHeight;
    toEnd();
  });
  resized.observe(find("chat"));

  function lineNode({ key, kind, seat, text }, first) {
    const node = document.createElement("li");
    node.className = `sk-line sk-${kind}-line ${seen.has(key) || first ? "" : "sk-new"}`;
    node.style.setProperty("--colour", `var(--seat-${seat})`);
    const name = document.createElement("b");
    name.textContent = whoOf(seat);
    const mine = seat === me;
    const parts = {
      say: [name, ` ${text}`],
      whisper: [name, ` ${text}`],
      close: [`“${text}” is close!`],
      guessed: [name, " guessed the word!"],
      draws: [name, mine ? " draw." : " draws."],
      word: ["The word was ", strong(text), "."],
      joined: [name, mine ? " have joined." : " has joined."],
      left: [name, mine ? " have left." : " has left."],
    };
    node.append(...parts[kind]);
    return node;
  }

  function strong(text) {
    const node = document.createElement("strong");
    node.textContent = text;
    return node;
  }

  function showBox(view) {
    find("form").hidden = me === null || view.phase === "over";
    const [hint, label] = view.phase !== "drawing" ? ["Say something…", "Message to all"]
      : isDrawer() ? ["Private chat…", "Message to those who guessed the word"]
      : knows() ? ["Private chat…", "Message to those who know the word"]
      : ["Type your guess…", "Your guess"];
    find("input").placeholder = hint;
    find("input").setAttribute("aria-label", label);
  }

  // --- time --------------------------------------------------------------------------------------

  function showTime() {
    const view = room.state;
    if (!view) return;
    const runs = view.phase !== "over";
    const left = runs ? Math.max(0, view.ends_at - room.time()) : 0;
    const seconds = Math.ceil(left / room.hz);
    find("ring").style.strokeDashoffset = String(1 - Math.min(1, left / view.lasts));
    setText(find("seconds"), runs ? String(seconds) : "");
    root.classList.toggle("sk-low", view.phase === "drawing" && left < LOW_S * room.hz);
  }

  // A keyboard on the screen covers the page; what is left of it is enough.
  function fit() {
    const free = visualViewport.offsetTop + visualViewport.height - element.getBoundingClientRect().top;
    const covered = free < element.clientHeight - 1 && visualViewport.scale < 1.01; // else one looks closer
    root.style.height = covered ? `${Math.max(200, free)}px` : "";
    if (covered) scrollTo(0, 0);
  }
  window.visualViewport?.addEventListener("resize", fit);

  let frame = 0;
  function everyFrame(now) {
    paper.frame(now);
    frame = requestAnimationFrame(everyFrame);
  }
  const stops = ["state", "seats", "phase"].map((event) => room.on(event, () => room.state && show(room.state)));
  const timer = setInterval(showTime, 100);
  frame = requestAnimationFrame(everyFrame);
  root.querySelector("link").addEventListener("load", () => {
    if (fine && !find("form").hidden) find("input").focus({ preventScroll: true }); // not where that opens a keyboard
  });
  if (room.state) show(room.state);

  return {
    unmount() {
      cancelAnimationFrame(frame);
      clearInterval(timer);
      clearTimeout(noticed);
      for (const stop of stops) stop();
      pen?.stop();
      resized.disconnect();
      document.removeEventListener("keydown", onKey);
      window.visualViewport?.removeEventListener("resize", fit);
      root.remove();
    },
  };
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// Only what is different is drawn anew.
function draw(node, key, html) {
  if (node.dataset.key === key) return;
  node.dataset.key = key;
  node.innerHTML = html();
}

function toolButton(what, value, label, inside, kind = "") {
  const data = value === null ? "" : `data-value="${value}" aria-pressed="false"`;
  return `<button type="button" class="${kind}" data-what="${what}" ${data} aria-label="${label}" title="${label}">${inside}</button>`;
}

function build(element) {
  const root = document.createElement("div");
  root.className = "sk";
  root.innerHTML = `
    <div class="sk-grid">
      <header class="sk-head">
        <div class="sk-clock"><svg viewBox="0 0 40 40" aria-hidden="true"><circle cx="20" cy="20" r="17"/><circle class="sk-ring" cx="20" cy="20" r="17" pathLength="1"/></svg><b class="sk-seconds" role="timer" aria-live="off" aria-label="Seconds left"></b></div>
        <div class="sk-middle"><span class="sk-task" aria-live="polite"></span><span class="sk-wordline"><span class="sk-mask" role="img"></span><sup class="sk-count"></sup></span></div>
        <span class="sk-round"></span>
      </header>
      <ol class="sk-players" aria-label="Scores"></ol>
      <div class="sk-stage">
        <div class="sk-board">
          <canvas class="sk-canvas" role="img" aria-label="The drawing"></canvas>
          <p class="sk-start" hidden>Draw here</p>
          <div class="sk-veil sk-pick" hidden><h2>Pick a word to draw</h2><div class="sk-offers"></div></div>
          <div class="sk-veil sk-wait" hidden><span class="sk-scribble">${icon("pencil")}</span><p class="sk-waiting"></p></div>
          <div class="sk-reveal" hidden><p class="sk-why"></p><p class="sk-word"></p><ol class="sk-gains"></ol></div>
        </div>
      </div>
      <div class="sk-tools" role="toolbar" aria-label="Drawing" hidden>
        <div class="sk-colours" role="group" aria-label="Colour">${PALETTE.map(([name], index) =>
          toolButton("colour", index, name, "<i></i>", "sk-colour")).join("")}</div>
        <div class="sk-sizes" role="group" aria-label="Brush size">${WIDTHS.map((_, index) =>
          toolButton("size", index, `Size ${index + 1}`, "<i></i>", `sk-size sk-size-${index}`)).join("")}</div>
        <div class="sk-acts" role="group" aria-label="Tools">
          ${toolButton("tool", "brush", "Brush", icon("brush"))}${toolButton("tool", "fill", "Fill an area", icon("fill"))}${toolButton("tool", "eraser", "Eraser", icon("eraser"))}
          ${toolButton("undo", null, "Undo", icon("undo"))}${toolButton("clear", null, "Clear the board", icon("clear"))}
        </div>
      </div>
      <section class="sk-talk">
        <ol class="sk-chat" role="log" aria-label="Chat" tabindex="0"></ol>
        <p class="sk-notice" role="status"></p>
        <form class="sk-form" hidden><input class="sk-input" maxlength="80" autocomplete="off" autocapitalize="off" autocorrect="off" spellcheck="false" enterkeyhint="send"><button type="submit" class="sk-send" aria-label="Send">${icon("send")}</button></form>
      </section>
    </div>`;
  root.querySelectorAll(".sk-colour i").forEach((node, index) => (node.style.background = PALETTE[index][1]));
  const style = document.createElement("link");
  style.rel = "stylesheet";
  style.href = new URL("./style.css", import.meta.url).href;
  root.style.visibility = "hidden"; // until it looks as it should
  style.onload = style.onerror = () => (root.style.visibility = "");
  root.prepend(style);
  element.append(root);
  return root;
}
