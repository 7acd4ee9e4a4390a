import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkCondition } from "../../../domain/experiments/check-condition.ts";
import type { Condition } from "../../../domain/experiments/condition.ts";
import { arbitraryCondition } from "./arbitrary-condition.ts";

const leaf = { attribute: "country", equals: "FR" };
const leaves = (length: number) => Array.from({ length }, () => leaf);
const nested = (depth: number): Condition => (depth === 1 ? leaf : { not: nested(depth - 1) });
const refused = (pointer: string, detail: unknown) => ({ ok: false, error: { pointer, detail } });

it("takes every condition of the grammar, as it is", () => {
  fc.assert(
    fc.property(arbitraryCondition(5), (condition) => {
      expect(checkCondition(condition)).toEqual({ ok: true, value: condition });
    }),
  );
});

it("never throws, whatever the value is", () => {
  fc.assert(
    fc.property(fc.oneof(fc.anything(), fc.jsonValue()), (value) => {
      expect(typeof checkCondition(value).ok).toBe("boolean");
    }),
  );
});

describe("limits", () => {
  const texts = (length: number) => "x".repeat(length);

  it.each<[string, unknown, unknown]>([
    ["5 levels", nested(5), nested(6)],
    ["100 conditions", { all: leaves(99) }, { all: leaves(100) }],
    [
      "1,000 entries",
      { attribute: "id", in: Array(1_000).fill("x") },
      { attribute: "id", in: Array(1_001).fill("x") },
    ],
    [
      "256 characters",
      { attribute: "id", equals: texts(256) },
      { attribute: "id", equals: texts(257) },
    ],
    [
      "256 characters of an entry",
      { attribute: "id", in: [texts(256)] },
      { attribute: "id", in: [texts(257)] },
    ],
    [
      "256 characters of a name",
      { attribute: texts(256), exists: true },
      { attribute: texts(257), exists: true },
    ],
  ])("%s are taken and no more", (_, within, beyond) => {
    expect(checkCondition(within)).toMatchObject({ ok: true });
    expect(checkCondition(beyond)).toMatchObject({ ok: false });
  });

  it("end for a condition that contains itself", () => {
    const deep: { not?: unknown } = {};
    deep.not = deep;
    const wide: { all: unknown[] } = { all: [] };
    wide.all.push(wide, wide, wide);
    for (const endless of [deep, wide])
      expect(checkCondition(endless)).toMatchObject({ ok: false });
  });
});

const OPERATORS =
  "in, equals, greater_than, at_least, less_than, at_most, starts_with, ends_with, contains, semver_at_least, semver_below, exists";

it.each<[unknown, string, string]>([
  [null, "#", "expected a condition, found null"],
  ["FR", "#", 'expected a condition, found "FR"'],
  [[leaf], "#", "expected a condition, found a list of 1"],
  [{}, "#", 'expected "all", "any", "not", or "attribute" and an operator'],
  [{ equals: 1 }, "#", 'expected "all", "any", "not", or "attribute" and an operator'],
  [{ attribute: "a" }, "#", `expected one of ${OPERATORS}; found none`],
  [
    { attribute: "a", equals: 1, in: [1] },
    "#",
    `expected one of ${OPERATORS}; found "equals", "in"`,
  ],
  [{ attribute: "a", matches: "x" }, "#", `expected one of ${OPERATORS}; found "matches"`],
  [{ attribute: "a", toString: "x" }, "#", `expected one of ${OPERATORS}; found "toString"`],
  [{ all: [], attribute: "a" }, "#", 'expected nothing beside "all", found "attribute"'],
  [{ all: [], any: [] }, "#", 'expected nothing beside "all", found "any"'],
  [{ all: leaf }, "#/all", "expected a list of conditions, found an object"],
  [{ not: [leaf] }, "#/not", "expected a condition, found a list of 1"],
  [{ any: [leaf, { all: [leaf, 7] }] }, "#/any/1/all/1", "expected a condition, found 7"],
  [{ not: nested(5) }, "#/not/not/not/not/not", "expected at most 5 levels of conditions"],
  [{ all: leaves(100) }, "#/all/99", "expected at most 100 conditions in all"],
  [
    { attribute: "", exists: true },
    "#/attribute",
    'expected the name of an attribute, of 1 to 256 characters, found ""',
  ],
  [{ attribute: "a", exists: "yes" }, "#/exists", 'expected true or false, found "yes"'],
  [{ attribute: "a", at_least: "18" }, "#/at_least", 'expected a number, found "18"'],
  [{ attribute: "a", less_than: Number.NaN }, "#/less_than", "expected a number, found NaN"],
  [
    { attribute: "a", starts_with: 1 },
    "#/starts_with",
    "expected a string of at most 256 characters, found 1",
  ],
  [
    { attribute: "a", contains: "x".repeat(300) },
    "#/contains",
    "expected a string of at most 256 characters, found a string of 300 characters",
  ],
  [
    { attribute: "a", semver_below: "1.2" },
    "#/semver_below",
    'expected a semantic version such as "1.2.0", found "1.2"',
  ],
  [{ attribute: "a", in: "FR" }, "#/in", 'expected a list of at most 1000 entries, found "FR"'],
  [
    { attribute: "a", in: ["FR", null] },
    "#/in/1",
    "expected a string of at most 256 characters, a number or a boolean, found null",
  ],
  [
    { attribute: "a", equals: ["FR"] },
    "#/equals",
    "expected a string of at most 256 characters, a number or a boolean, found a list of 1",
  ],
])("%j is refused at %s", (value, pointer, detail) => {
  expect(checkCondition(value)).toEqual(refused(pointer, detail));
});
