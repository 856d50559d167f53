/**
 * What is there for the eye alone: sprayed ice, sparks, confetti, the puck's tail.
 *
 * Rules of this file: places in units of the rink, time in seconds; nothing here is asked by play.
 */

const MANY = 260;
const TAIL = 14;

export class Effects {
  /** @param {boolean} calm whether less motion is wanted */
  constructor(calm) {
    this.calm = calm;
    this.bits = []; // {x, y, vx, vy, age, lasts, size, colour}
    this.tail = []; // where the puck was, the newest last
    this.lit = [0, 0]; // how brightly the goals shine, by who defends them
  }

  step(seconds, puck) {
    for (const bit of this.bits) {
      bit.age += seconds;
      bit.x += bit.vx * seconds;
      bit.y += bit.vy * seconds;
      bit.vx *= 1 - 2.2 * seconds;
      bit.vy *= 1 - 2.2 * seconds;
    }
    this.bits = this.bits.filter(({ age, lasts }) => age < lasts);
    this.lit = this.lit.map((light) => Math.max(0, light - seconds / 1.8));
    const last = this.tail.at(-1);
    if (last && Math.hypot(puck.x - last.x, puck.y - last.y) > 160) this.tail = [];
    this.tail.push({ x: puck.x, y: puck.y });
    if (this.tail.length > TAIL) this.tail.shift();
  }

  /** Ice from under a skater that turns hard or sets off. */
  spray({ x, y, vx, vy }, seconds) {
    if (this.calm || Math.random() > seconds * 40) return;
    this.#bit(x - vx * 1.4, y - vy * 1.4, -vx * 9, -vy * 9, 60, 0.35, 5, "ice");
  }

  knock({ x, y }, hard) {
    for (let count = 3 + 6 * hard; count > 0 && !this.calm; count -= 1) {
      this.#bit(x, y, 0, 0, 260 * hard, 0.3, 5, "ice");
    }
  }

  /** Confetti in the colour of the team that scored, out of the goal of the other. */
  goal(team, x, y, colour) {
    this.lit[1 - team] = 1;
    for (let count = this.calm ? 0 : 90; count > 0; count -= 1) {
      const toward = (team === 0 ? -1 : 1) * (120 + 620 * Math.random());
      this.#bit(x, y, toward, 0, 420, 1.1 + Math.random() * 0.7, 11, count % 4 ? colour : "#ffffff");
    }
  }

  #bit(x, y, vx, vy, stray, lasts, size, colour) {
    if (this.bits.length >= MANY) this.bits.shift();
    const way = Math.random() * 2 * Math.PI;
    const much = stray * Math.random();
    this.bits.push({
      x, y, vx: vx + much * Math.cos(way), vy: vy + much * Math.sin(way),
      age: 0, lasts: lasts * (0.6 + 0.4 * Math.random()), size: size * (0.5 + Math.random()), colour,
    });
  }
}
