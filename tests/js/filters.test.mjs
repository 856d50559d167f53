// Filters of the list of lobbies: as an address says them, and as the server is asked for them.

import assert from "node:assert/strict";
import test from "node:test";

globalThis.document = { body: { dataset: {} } };
const { countOf, fromSearch, speaks, toQuery, toSearch, toWish } = await import(
  "../../lobby/static/lobby/filters.js"
);

const known = new Map([
  [
    "chess",
    {
      title: "chess",
      settings: {
        $ref: "#/$defs/Options",
        $defs: {
          Options: {
            properties: {
              minutes: { type: "integer", minimum: 1, maximum: 180, default: 5 },
              level: { enum: ["easy", "hard", "mixed"], default: "mixed" },
              wild: { type: "boolean", default: true },
              word: { type: "string", default: "" },
            },
          },
        },
      },
    },
  ],
]);

test("an address says what the server is asked for, and is said by it again", () => {
  const search = "?title=chess&free=1&rated=no&rating=1400..1600&s.minutes=3..10&s.level=easy,hard&s.wild=true";
  const filters = fromSearch(search, known);
  assert.deepEqual(toWish(filters), {
    title: "chess",
    settings: { minutes: { min: 3, max: 10 }, level: { in: ["easy", "hard"] }, wild: { in: [true] } },
    rated: false,
    seats_free: 1,
    rating_min: 1400,
    rating_max: 1600,
  });
  assert.equal(toSearch(filters), search);
  assert.equal(countOf(filters), 5);
  const query = new URLSearchParams(toQuery(filters));
  assert.deepEqual(JSON.parse(query.get("settings")), toWish(filters).settings);
  assert.equal(query.get("rated"), "false");
});

test("half a range has one end", () => {
  assert.deepEqual(toWish(fromSearch("?rating=..1600", known)), { rating_max: 1600 });
  assert.deepEqual(toWish(fromSearch("?rating=1400..", known)), { rating_min: 1400 });
  assert.equal(toSearch(fromSearch("?rating=1400..", known)), "?rating=1400..");
});

test("what makes no sense is passed over, and what asks for everything asks for nothing", () => {
  for (const search of [
    "",
    "?title=go&s.minutes=3..4",
    "?s.minutes=3..4",
    "?rating=..",
    "?rating=0..10000",
    "?rating=a..b",
    "?rating=1...2..3",
    "?rated=maybe&free=0",
  ])
    assert.deepEqual(fromSearch(search, known), {}, search);
  for (const wish of ["minutes=1..180", "minutes=3", "level=", "level=none", "level=easy,hard,mixed", "word=a", "nothing=1"])
    assert.deepEqual(fromSearch(`?title=chess&s.${wish}`, known), { title: "chess" }, wish);
});

test("bounds beyond what may be are brought within, and put in order", () => {
  const { settings } = fromSearch("?title=chess&s.minutes=400..-3", known);
  assert.deepEqual(settings ?? {}, {});
  assert.deepEqual(fromSearch("?title=chess&s.minutes=90..10", known).settings, { minutes: { min: 10, max: 90 } });
});

test("other words of an address are no filters", () => {
  assert.equal(speaks("?next=/a"), false);
  assert.equal(speaks("?s.minutes=1.."), true);
  assert.equal(speaks("?title=chess"), true);
});
