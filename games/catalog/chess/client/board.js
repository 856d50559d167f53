// A chess board to look at and to move on: by dragging, by two clicks or taps, or by keyboard.
//
// It knows no rules: what may be moved where, the view says (`legal`). A move is shown at once and
// handed to `onMove`; the next `show` puts the board right, whatever became of it.

import { NAMES, drawing, isWhite, spoken } from "./pieces.js";

const FILES = "abcdefgh";
const DRAG_PX = 5; // less than this is a click

export function createBoard({ onMove }) {
  const element = document.createElement("div");
  element.className = "ec-board";
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", "Chess board; arrow keys move the focus, Enter picks and puts");
  const cells = Array.from({ length: 64 }, (_, index) => {
    const cell = document.createElement("button");
    cell.type = "button";
    cell.tabIndex = index ? -1 : 0;
    cell.className = (index + (index >> 3)) % 2 ? "ec-cell ec-dark" : "ec-cell";
    element.append(cell);
    return cell;
  });

  const men = new Map(); // square -> {letter, node}
  let legal = new Map(); // square -> [squares]
  let flipped = false;
  let marks = { last: null, check: null };
  let selected = null;
  let drag = null; // {square, node, x, y, moving, wasSelected}
  let chooser = null;

  const squareOf = (index) => {
    const [column, row] = [index % 8, index >> 3];
    return flipped ? FILES[7 - column] + (row + 1) : FILES[column] + (8 - row);
  };
  const indexOf = (square) => {
    const [column, row] = [FILES.indexOf(square[0]), 8 - square[1]];
    return flipped ? 63 - (row * 8 + column) : row * 8 + column;
  };

  function place(node, square) {
    const index = indexOf(square);
    node.style.transform = `translate(${(index % 8) * 100}%, ${(index >> 3) * 100}%)`;
  }

  function add(letter, square) {
    const node = document.createElement("div");
    node.className = `ec-man ${isWhite(letter) ? "ec-white" : "ec-black"}`;
    node.innerHTML = drawing(letter);
    place(node, square);
    element.append(node);
    men.set(square, { letter, node });
  }

  // Bring the men to where `target` (square -> letter) says, each by the shortest way.
  function arrange(target) {
    const free = [];
    for (const [square, man] of men) {
      if (target.get(square) !== man.letter) {
        free.push(man);
        men.delete(square);
      }
    }
    for (const [square, letter] of target) {
      if (men.has(square)) continue;
      const found = free.findIndex((man) => man.letter === letter);
      if (found < 0) {
        add(letter, square);
      } else {
        const [man] = free.splice(found, 1);
        men.set(square, man);
        place(man.node, square);
      }
    }
    for (const { node } of free) node.remove();
  }

  function paint() {
    const targets = new Set(selected ? legal.get(selected) : []);
    cells.forEach((cell, index) => {
      const square = squareOf(index);
      const man = men.get(square);
      const has = (name, on) => cell.classList.toggle(name, Boolean(on));
      has("ec-last", marks.last?.includes(square));
      has("ec-check", marks.check === square);
      has("ec-selected", selected === square);
      has("ec-target", targets.has(square));
      has("ec-taken", targets.has(square) && man);
      has("ec-movable", legal.has(square));
      cell.dataset.square = square;
      cell.dataset.rank = index % 8 === 0 ? square[1] : "";
      cell.dataset.file = index >> 3 === 7 ? square[0] : "";
      const label = man ? `${square}, ${spoken(man.letter)}` : square;
      cell.setAttribute("aria-label", targets.has(square) ? `${label}, can move here` : label);
    });
  }

  function select(square) {
    selected = square;
    paint();
  }

  function reaches(square) {
    return selected !== null && (legal.get(selected) ?? []).includes(square);
  }

  function go(to) {
    const from = selected;
    const { letter } = men.get(from);
    selected = null;
    if (letter.toLowerCase() === "p" && "18".includes(to[1])) choose(from, to, letter);
    else move(from, to, "", letter);
  }

  function move(from, to, promotion, letter) {
    const target = new Map([...men].map(([square, man]) => [square, man.letter]));
    target.delete(from);
    target.set(to, promotion && isWhite(letter) ? promotion.toUpperCase() : promotion || letter);
    men.get(to)?.node.remove();
    men.delete(to);
    arrange(target);
    legal = new Map();
    marks = { last: [from, to], check: null };
    paint();
    onMove(from + to + promotion);
  }

  function choose(from, to, letter) {
    chooser = document.createElement("div");
    chooser.className = "ec-chooser";
    chooser.setAttribute("role", "dialog");
    chooser.setAttribute("aria-label", "Promote to");
    const index = indexOf(to);
    const list = document.createElement("div");
    list.className = `ec-choices ${isWhite(letter) ? "ec-white" : "ec-black"}`;
    list.style.left = `${(index % 8) * 12.5}%`;
    list.style[index < 8 ? "top" : "bottom"] = "0";
    for (const kind of "qnrb") {
      const button = document.createElement("button");
      button.type = "button";
      button.innerHTML = drawing(isWhite(letter) ? kind.toUpperCase() : kind);
      button.setAttribute("aria-label", NAMES[kind]);
      button.addEventListener("click", () => {
        dismiss();
        move(from, to, kind, letter);
      });
      list.append(button);
    }
    chooser.append(list);
    chooser.addEventListener("click", (event) => event.target === chooser && dismiss());
    chooser.addEventListener("keydown", (event) => event.key === "Escape" && dismiss());
    element.append(chooser);
    list.firstChild.focus();
    paint();
  }

  function dismiss() {
    chooser?.remove();
    chooser = null;
    for (const [square, { node }] of men) place(node, square);
  }

  // A square was picked: by click, tap or Enter.
  function pick(square) {
    if (reaches(square)) go(square);
    else select(legal.has(square) && selected !== square ? square : null);
  }

  function squareAt(event) {
    const box = element.getBoundingClientRect();
    const column = Math.floor(((event.clientX - box.left) / box.width) * 8);
    const row = Math.floor(((event.clientY - box.top) / box.height) * 8);
    const inside = column >= 0 && column < 8 && row >= 0 && row < 8;
    return inside ? squareOf(row * 8 + column) : null;
  }

  element.addEventListener("pointerdown", (event) => {
    if (event.button || chooser || drag) return;
    const square = squareAt(event);
    if (!legal.has(square)) {
      pick(square);
      return;
    }
    const { node } = men.get(square);
    const wasSelected = selected === square;
    drag = { square, node, x: event.clientX, y: event.clientY, moving: false, wasSelected };
    element.setPointerCapture(event.pointerId);
    select(square);
  });

  element.addEventListener("pointermove", (event) => {
    if (!drag) return;
    const far = Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > DRAG_PX;
    if (!drag.moving && !far) return;
    drag.moving = true;
    drag.node.classList.add("ec-dragged");
    const box = element.getBoundingClientRect();
    const side = box.width / 8;
    const [x, y] = [event.clientX - box.left - side / 2, event.clientY - box.top - side / 2];
    drag.node.style.transform = `translate(${x}px, ${y}px) scale(1.12)`;
    hover(reaches(squareAt(event)) ? squareAt(event) : null);
  });

  function hover(square) {
    element.querySelector(".ec-hover")?.classList.remove("ec-hover");
    if (square) cells[indexOf(square)].classList.add("ec-hover");
  }

  function drop(square) {
    if (!drag) return;
    const { node, square: from, moving, wasSelected } = drag;
    drag = null;
    hover(null);
    if (!moving) {
      if (wasSelected) select(null);
      return;
    }
    // Where it was dropped it stays; only a man that goes back glides.
    if (reaches(square)) {
      place(node, square);
      void node.offsetWidth;
      node.classList.remove("ec-dragged");
      go(square);
    } else {
      node.classList.remove("ec-dragged");
      place(node, from);
      if (square !== from) select(null);
    }
  }
  element.addEventListener("pointerup", (event) => drop(squareAt(event)));
  element.addEventListener("pointercancel", () => drop(null));

  // Clicks by pointer were handled above; what has no detail comes from the keyboard.
  element.addEventListener("click", (event) => {
    const square = event.target.dataset?.square;
    if (square && event.detail === 0) pick(square);
  });

  element.addEventListener("keydown", (event) => {
    const index = cells.indexOf(event.target);
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -8, ArrowDown: 8 }[event.key];
    if (event.key === "Escape") select(null);
    if (index < 0 || !step) return;
    event.preventDefault();
    const next = index + step;
    const wraps = Math.abs(step) === 1 && next >> 3 !== index >> 3;
    if (next < 0 || next > 63 || wraps) return;
    cells[index].tabIndex = -1;
    cells[next].tabIndex = 0;
    cells[next].focus();
  });

  return {
    element,

    // `view`: the title's view; `mayMove`: whether its legal moves are ours to make now.
    show(view, mayMove) {
      const target = position(view.fen);
      if (chooser && !mayMove) dismiss();
      if (drag && !(mayMove && target.get(drag.square) === men.get(drag.square)?.letter)) drop(null);
      arrange(target);
      legal = mayMove ? legalMoves(view.legal) : new Map();
      const king = view.turn === 0 ? "K" : "k";
      const threatened = [...target].find(([, letter]) => letter === king)?.[0];
      marks = {
        last: view.last && [view.last.slice(0, 2), view.last.slice(2, 4)],
        check: view.check ? threatened : null,
      };
      if (!legal.has(selected)) selected = null;
      paint();
    },

    flip(value) {
      flipped = value;
      dismiss();
      for (const [square, { node }] of men) place(node, square);
      paint();
    },

    get flipped() {
      return flipped;
    },
  };
}

// Square -> letter, of a position in FEN.
export function position(fen) {
  const found = new Map();
  fen
    .split(" ")[0]
    .split("/")
    .forEach((row, down) => {
      let column = 0;
      for (const mark of row) {
        if (mark >= "1" && mark <= "8") column += Number(mark);
        else found.set(FILES[column++] + (8 - down), mark);
      }
    });
  return found;
}

// "e2e3e4 g1f3h3" -> Map { e2: [e3, e4], g1: [f3, h3] }
export function legalMoves(words) {
  const entries = words.split(" ").filter(Boolean);
  return new Map(entries.map((word) => [word.slice(0, 2), word.slice(2).match(/../g)]));
}
