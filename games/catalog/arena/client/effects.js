/**
 * What flies about and fades: sparks, flames, rings, flashes, and the shaking of the screen.
 *
 * Rules of this file: places in units, ages in seconds; nothing here tells the game anything. All
 * particles live in a ring of fixed size: in a crowd the oldest make room.
 */

const PARTICLES_MAX = 420;

export class Effects {
  /** @param {boolean} calm fewer and slower things, for those who asked for less motion */
  constructor(calm) {
    this.calm = calm;
    this.particles = Array.from({ length: PARTICLES_MAX }, () => ({ life: 0, age: 1 }));
    this.next = 0;
    this.rings = [];
    this.words = []; // what is written where it happened, for a moment
    this.shake = 0;
    this.flashes = new Map(); // seat -> seconds left of being lit up
    this.muzzles = new Map();
  }

  /** Let time pass. */
  step(seconds) {
    for (const particle of this.particles) {
      if (particle.age >= particle.life) continue;
      particle.age += seconds;
      particle.x += particle.vx * seconds;
      particle.y += particle.vy * seconds;
      const kept = 1 - particle.drag * seconds;
      particle.vx *= kept;
      particle.vy *= kept;
    }
    for (const ring of this.rings) ring.age += seconds;
    this.rings = this.rings.filter((ring) => ring.age < ring.life);
    for (const word of this.words) word.age += seconds;
    this.words = this.words.filter((word) => word.age < word.life);
    this.shake = Math.max(0, this.shake - seconds * (4 + this.shake * 6));
    for (const lit of [this.flashes, this.muzzles]) {
      for (const [seat, left] of lit) {
        if (left <= seconds) lit.delete(seat);
        else lit.set(seat, left - seconds);
      }
    }
  }

  muzzle(seat) {
    this.muzzles.set(seat, 0.07);
  }

  /** Exhaust of a burning engine, at 60 frames a second about one particle a frame. */
  exhaust(ship, color, seconds) {
    if (this.calm || Math.random() > seconds * 45) return;
    const back = ship.angle + Math.PI + spread(0.35);
    const speed = 260 + Math.random() * 160;
    this.#add({
      x: ship.x + Math.cos(ship.angle + Math.PI) * 34,
      y: ship.y + Math.sin(ship.angle + Math.PI) * 34,
      vx: ship.vx * 20 + Math.cos(back) * speed,
      vy: ship.vy * 20 + Math.sin(back) * speed,
      life: 0.35 + Math.random() * 0.25,
      size: 10 + Math.random() * 8,
      drag: 2.5,
      color: Math.random() < 0.5 ? "#ffb45c" : color,
    });
  }

  spark({ x, y, vx, vy, hit }, color) {
    const toward = Math.atan2(vy, vx) + Math.PI;
    this.#burst(hit ? 9 : 5, x, y, toward, hit ? 1.2 : 0.9, 90, hit ? 520 : 300, 0.32, 9, color);
    this.#ring(x, y, 6, hit ? 46 : 26, 0.18, color);
  }

  hurt(seat) {
    this.flashes.set(seat, 0.14);
  }

  destroyed({ x, y, vx, vy }, color) {
    const drift = { vx: vx * 12, vy: vy * 12 };
    this.#ring(x, y, 20, 190, 0.5, color);
    this.#ring(x, y, 10, 110, 0.28, "#ffffff");
    this.#add({ x, y, vx: 0, vy: 0, life: 0.2, size: 72, drag: 0, color: "#fff1d6" });
    this.#add({ x, y, ...drift, life: 0.6, size: 88, drag: 1, color });
    const many = this.calm ? 10 : 30;
    this.#burst(many, x, y, 0, Math.PI, 60, 620, 0.9, 15, color, drift);
    this.#burst(many / 2, x, y, 0, Math.PI, 40, 380, 1.1, 19, "#ff9c4a", drift);
  }

  arrived({ x, y }, color) {
    this.#ring(x, y, 130, 34, 0.45, color);
    this.#ring(x, y, 20, 90, 0.5, "#ffffff");
  }

  taken({ x, y }, color) {
    this.#ring(x, y, 20, 80, 0.35, color);
    this.#burst(10, x, y, 0, Math.PI, 80, 260, 0.5, 10, color);
  }

  say(text, { x, y }, color) {
    this.words.push({ text, x, y, color, life: 1.1, age: 0 });
  }

  /** Shake the screen, by 1 for what happens to oneself. */
  rattle(much) {
    if (!this.calm) this.shake = Math.min(1.2, this.shake + much);
  }

  #burst(count, x, y, toward, wide, slow, fast, life, size, color, drift = { vx: 0, vy: 0 }) {
    for (let number = 0; number < count; number += 1) {
      const way = toward + spread(wide);
      const speed = slow + Math.random() * (fast - slow);
      this.#add({
        x,
        y,
        vx: drift.vx + Math.cos(way) * speed,
        vy: drift.vy + Math.sin(way) * speed,
        life: life * (0.4 + Math.random() * 0.6),
        size: size * (0.5 + Math.random() * 0.7),
        drag: 2.2,
        color,
      });
    }
  }

  #ring(x, y, from, to, life, color) {
    this.rings.push({ x, y, from, to, life, color, age: 0 });
  }

  #add(particle) {
    Object.assign(this.particles[this.next], particle, { age: 0 });
    this.next = (this.next + 1) % PARTICLES_MAX;
  }
}

function spread(wide) {
  return (Math.random() * 2 - 1) * wide;
}
