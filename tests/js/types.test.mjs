/** `evertick.d.ts` says what `evertick.js` does: no member, event or field more, and none less. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import * as sdk from "../../games/static/games/evertick.js";

const source = (name) => readFileSync(new URL(`../../games/static/games/${name}`, import.meta.url), "utf8");
const code = source("evertick.js");
const types = source("evertick.d.ts").replace(/\/\*\*.*?\*\//gs, "");

/** What stands between the braces of a declaration, one member a line, at the outermost depth. */
function bodyOf(declaration) {
  const body = types.match(new RegExp(`^export ${declaration}\\b[^\\n]*\\{\\n(.*?)^\\}`, "ms"));
  assert.ok(body, `evertick.d.ts has no ${declaration}`);
  return body[1];
}

/** The names of its members. */
function membersOf(declaration) {
  const lines = bodyOf(declaration).matchAll(/^ {2}(?:readonly |get )*(\w+)\??[<(:]/gm);
  return sorted([...lines].map(([, name]) => name).filter((name) => name !== "constructor"));
}

const sorted = (names) => [...new Set(names)].sort();

/** The names of properties in a `@typedef` of evertick.js. */
function documented(name) {
  const [, block] = code.match(new RegExp(`@typedef \\{object\\} ${name}\\n(.*?)(?:@typedef|\\*/)`, "s"));
  return sorted([...block.matchAll(/@property \{.*?\} \[?(\w+)\]?(?=\s)/g)].map(([, property]) => property));
}

test("the types name every export, and no other", () => {
  const named = [...types.matchAll(/^export (?:function|class|const|let) (\w+)/gm)].map(([, name]) => name);
  assert.deepEqual(sorted(named), sorted(Object.keys(sdk)));
});

for (const name of ["Room", "SendError"]) {
  test(`the types name every public member of ${name}, and no other`, () => {
    const own = Object.getOwnPropertyNames(sdk[name].prototype);
    const fields = name === "SendError" ? Object.keys(new sdk.SendError("invalid", "no")) : [];
    const known = sorted([...own, ...fields].filter((member) => member !== "constructor"));
    assert.deepEqual(membersOf(`class ${name}`), known);
  });
}

test("what is read in a room is a getter in both, what is called a method in both", () => {
  const getters = [...bodyOf("class Room").matchAll(/^ {2}get (\w+)\(\)/gm)].map(([, name]) => name);
  const members = Object.entries(Object.getOwnPropertyDescriptors(sdk.Room.prototype));
  assert.deepEqual(sorted(getters), sorted(members.filter(([, { get }]) => get).map(([name]) => name)));
});

test("the types name every event, and no other", () => {
  const calls = [code, source("session.js")].flatMap((text) => [...text.matchAll(/\bemit\("(\w+)"/g)]);
  const emitted = calls.map(([, name]) => name);
  assert.deepEqual(membersOf("interface RoomEvents"), sorted(emitted));
  assert.deepEqual(documented("RoomEvents"), sorted(emitted));
});

for (const name of ["Seat", "Result", "StateInfo", "JoinOptions", "Stats"]) {
  test(`the types of ${name} have the fields that evertick.js describes`, () => {
    assert.ok(documented(name).length > 1);
    assert.deepEqual(membersOf(`interface ${name}`), documented(name));
  });
}

test("another world can be given to a room in every part", () => {
  const [, world] = code.match(/^const browser = \{\n(.*?)^\};/ms);
  const parts = [...world.matchAll(/^ {2}(\w+):/gm)].map(([, name]) => name);
  assert.deepEqual(membersOf("interface Environment"), sorted(parts));
});

test("status, phase and a seat's status are the same words in both", () => {
  const words = (text) => sorted([...text.matchAll(/"(\w+)"/g)].map(([, word]) => word));
  const pairs = [
    [/@typedef \{(.*?)\} Status/, /type Status = (.*?);/],
    [/@property \{\(phase: (.*?)\) => void\} phase/, /type Phase = (.*?);/],
    [/@property \{(.*?)\} status\n/, /readonly status: (.*?);/],
  ];
  for (const [inCode, inTypes] of pairs) {
    assert.deepEqual(words(types.match(inTypes)[1]), words(code.match(inCode)[1]));
  }
});

/** The options that a JSDoc comment of evertick.js lists for a method. */
function optionsOf(method) {
  const [, comment] = code.match(new RegExp(`/\\*\\*((?:(?!\\*/).)*)\\*/\\n  ${method}\\(`, "s"));
  return sorted([...comment.matchAll(/\[?options\.(\w+)\]?/g)].map(([, name]) => name));
}

for (const [method, name] of [["track", "TrackOptions"], ["predict", "PredictOptions"]]) {
  test(`the types of what ${method} may be given are those that evertick.js describes`, () => {
    assert.ok(optionsOf(method).length > 2);
    assert.deepEqual(membersOf(`interface ${name}`), optionsOf(method));
  });
}

test("tracks and predictors have what the types say", async () => {
  const { Screen } = await import("../../games/static/games/screen.js");
  const session = { welcome: null, info: null, shared: {}, own: {}, missing: {} };
  const screen = new Screen({ session, now: () => 0, state: () => null, secret: () => null });
  const made = { Track: screen.track("ships"), Predictor: screen.predict({ read: () => null, step: (own) => own }) };
  for (const [name, thing] of Object.entries(made)) {
    const known = Object.getOwnPropertyNames(Object.getPrototypeOf(thing));
    for (const member of membersOf(`interface ${name}`)) assert.ok(known.includes(member), `${name}.${member}`);
  }
});

test("a room's weather and stats have what the types say", async () => {
  const { FINE } = await import("../../games/static/games/weather.js");
  assert.deepEqual(membersOf("interface Weather"), sorted(Object.keys(FINE)));
  const room = sdk.join({ match: "m", url: "ws://x", getTicket: () => new Promise(() => {}), env: { page: null } });
  assert.deepEqual(membersOf("interface Stats"), sorted(Object.keys(room.stats)));
  room.close();
});
