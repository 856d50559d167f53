/** What the client knows of the world; the same numbers as in world.py (a test compares them). */

export const WIDTH = 3200; // units
export const HEIGHT = 1800;
export const FINE = 32; // parts of a unit, in the speed of shots
export const ANGLES = 256; // steps of a full turn
export const SHIP_RADIUS = 34; // units
export const HP = 5;
export const RELOAD = 5; // periods between two shots
export const SHOT_LIFE = 24; // periods
export const TRIPLE_FOR = 200; // periods

export const TURN = (2 * Math.PI) / ANGLES; // radians in one step of an angle
