/** What the client knows of the world; the same numbers as in world.py (a test compares them). */

export const WIDTH = 3200; // units
export const HEIGHT = 1800;
export const FINE = 32; // parts of a unit: what the own ship is told and foretold in
export const ANGLES = 256; // steps of a full turn

export const SHIP_RADIUS = 34; // units
export const HP = 5;
export const THRUST = 35; // fine parts, gained each period
export const DRAG = 32; // of the speed, a 32nd is lost each period
export const SPIN_MAX = 9; // steps a period
export const SPIN_GAIN = 3;

export const SHOT_SPEED = 64; // units a period
export const SHOT_LIFE = 24; // periods
export const SHOT_CYCLE = 32; // periods after which the time of a shot is told anew from 0
export const SHOT_REACH = 40; // units from a ship's centre
export const RELOAD = 5; // periods between two shots
export const SPREAD = 9; // steps between the shots of a triple
export const TRIPLE_FOR = 200; // periods

export const TURN = (2 * Math.PI) / ANGLES; // radians in one step of an angle
