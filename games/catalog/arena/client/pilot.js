/**
 * The own ship: what is held is sent once a period and carried out here at once.
 *
 * The server tells of the ship exactly, but only now and then (and at once after a push). From
 * there on it is foretold: `room.predict` carries out what was sent since, and corrects what was
 * wrong.
 */

import { fired, step } from "./step.js";
import { ANGLES, FINE, TURN } from "./world.js";

/** A ship that is further off, in fine parts, did not fly there: it is another one. */
const JUMP = 300 * FINE;

export class Pilot {
  #room;
  #me;
  #table = null;
  #rocks = [];

  /** @param {import("/static/games/evertick.js").Room} room of which this page has a seat */
  constructor(room) {
    this.#room = room;
    this.#me = room.predict({
      read: (secret, state) => {
        this.#look(state.rocks);
        return secret?.ship ?? null;
      },
      ticking: true,
      step: (own, held) => step(own, held, this.#rocks),
      smooth: { x: "lerp", y: "lerp", angle: "angle" },
      turn: ANGLES,
      jump: JUMP,
    });
  }

  /**
   * To be called in each frame.
   * @param {number} now
   * @param {import("./step.js").Held} held
   * @returns {{answers: Promise<any>[], volleys: import("./step.js").Own[]}} what the room will say
   *   of what was sent, and the ship as it is each time that its gun goes off
   */
  fly(now, held) {
    const [answers, volleys] = [[], []];
    for (let due = this.#me.due(now); due > 0; due -= 1) {
      answers.push(this.send(held));
      const { predicted } = this.#me;
      if (predicted !== null && fired(predicted)) volleys.push(predicted);
    }
    return { answers, volleys };
  }

  /** Say what is held, due or not, as when the page is about to sleep. */
  send(held) {
    return this.#me.send(held);
  }

  /** The ship to be drawn: `{seat, x, y, vx, vy, angle}` in units, periods and radians; or null. */
  ship(now) {
    const own = this.#me.own(now);
    return own === null ? null : {
      seat: this.#room.seat,
      x: own.x / FINE,
      y: own.y / FINE,
      vx: own.vx / FINE,
      vy: own.vy / FINE,
      angle: own.angle * TURN,
    };
  }

  stop() {
    this.#me.stop();
  }

  #look(table) {
    if (table === this.#table) return;
    this.#table = table;
    this.#rocks = Object.values(table);
  }
}
