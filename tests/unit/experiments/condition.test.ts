import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Attributes, type Condition, matches } from "../../../domain/experiments/condition.ts";
import {
  arbitraryAttributes,
  arbitraryComparison,
  arbitraryCondition,
} from "./arbitrary-condition.ts";

const SOMEBODY: Attributes = {
  country: "FR",
  age: 18,
  beta: true,
  version: "1.3.0-rc.1",
  groups: ["staff", "non-admin"],
  nobody: [],
};
const country = { attribute: "country" };
const age = { attribute: "age" };
const version = { attribute: "version" };
const groups = { attribute: "groups" };
const missing = { attribute: "missing" };

it.each<[boolean, Condition]>([
  [true, { ...country, in: ["DE", "FR"] }],
  [false, { ...country, in: ["DE"] }],
  [false, { ...country, in: [] }],
  [true, { ...age, in: [18] }],
  [false, { ...age, in: ["18"] }],
  [true, { ...groups, in: ["staff", "other"] }],
  [false, { ...groups, in: ["admin"] }],

  [true, { ...country, equals: "FR" }],
  [false, { ...country, equals: "fr" }],
  [true, { attribute: "beta", equals: true }],
  [false, { attribute: "beta", equals: "true" }],
  [true, { ...groups, equals: "staff" }],
  [false, { attribute: "nobody", equals: "" }],

  [false, { ...age, greater_than: 18 }],
  [true, { ...age, greater_than: 17 }],
  [true, { ...age, at_least: 18 }],
  [false, { ...age, at_least: 19 }],
  [false, { ...age, less_than: 18 }],
  [true, { ...age, less_than: 19 }],
  [true, { ...age, at_most: 18 }],
  [false, { ...age, at_most: 17 }],
  [false, { ...version, at_least: 0 }],
  [false, { attribute: "beta", at_least: 0 }],

  [true, { ...country, starts_with: "F" }],
  [false, { ...country, starts_with: "R" }],
  [true, { ...country, ends_with: "R" }],
  [false, { ...country, ends_with: "F" }],
  [true, { ...version, contains: "0-rc" }],
  [true, { ...version, contains: "" }],
  [false, { ...version, contains: "0-RC" }],
  [true, { ...groups, contains: "staff" }],
  [false, { ...groups, contains: "admin" }],
  [false, { ...groups, starts_with: "staff" }],
  [false, { ...age, contains: "1" }],

  [true, { ...version, semver_at_least: "1.3.0-beta" }],
  [false, { ...version, semver_at_least: "1.3.0" }],
  [true, { ...version, semver_below: "1.3.0" }],
  [false, { ...version, semver_below: "1.3.0-rc.1" }],
  [false, { ...country, semver_at_least: "0.0.0" }],
  [false, { ...country, semver_below: "9.0.0" }],
  [false, { ...age, semver_below: "9.0.0" }],

  [true, { ...country, exists: true }],
  [false, { ...country, exists: false }],
  [true, { attribute: "nobody", exists: true }],
  [false, { ...missing, exists: true }],
  [true, { ...missing, exists: false }],

  [true, { all: [] }],
  [false, { any: [] }],
  [
    true,
    {
      all: [
        { ...country, equals: "FR" },
        { ...age, at_least: 18 },
      ],
    },
  ],
  [
    false,
    {
      all: [
        { ...country, equals: "FR" },
        { ...age, at_least: 19 },
      ],
    },
  ],
  [
    true,
    {
      any: [
        { ...country, equals: "DE" },
        { ...age, at_least: 18 },
      ],
    },
  ],
  [
    false,
    {
      any: [
        { ...country, equals: "DE" },
        { ...age, at_least: 19 },
      ],
    },
  ],
  [false, { not: { ...country, equals: "FR" } }],
])("%s: %j", (expected, condition) => {
  expect(matches(condition, SOMEBODY)).toBe(expected);
});

describe("a missing attribute", () => {
  it("makes every comparison false, and so its opposite true", () => {
    fc.assert(
      fc.property(arbitraryComparison, (comparison) => {
        fc.pre(!("exists" in comparison));
        expect(matches(comparison, {})).toBe(false);
        expect(matches({ not: comparison }, {})).toBe(true);
      }),
    );
  });

  it.each(["toString", "constructor", "__proto__"])(
    "is one that is only inherited: %s",
    (attribute) => {
      expect(matches({ attribute, exists: true }, {})).toBe(false);
      const own = JSON.parse(`{"${attribute}":"x"}`) as Attributes;
      expect(matches({ attribute, equals: "x" }, own)).toBe(true);
    },
  );

  it("is one that is null, too", () => {
    const attributes = JSON.parse('{"country":null}') as Attributes;
    expect(matches({ ...country, exists: false }, attributes)).toBe(true);
  });
});

describe("the rules of logic", () => {
  const parts = fc.array(arbitraryCondition(2), { maxLength: 3 });

  it("De Morgan's hold", () => {
    fc.assert(
      fc.property(parts, arbitraryAttributes, (conditions, attributes) => {
        const negated = conditions.map((condition) => ({ not: condition }));
        const is = (condition: Condition) => matches(condition, attributes);
        expect(is({ not: { all: conditions } })).toBe(is({ any: negated }));
        expect(is({ not: { any: conditions } })).toBe(is({ all: negated }));
      }),
    );
  });

  it("twice not is as it was", () => {
    fc.assert(
      fc.property(arbitraryCondition(3), arbitraryAttributes, (condition, attributes) => {
        const twice = { not: { not: condition } };
        expect(matches(twice, attributes)).toBe(matches(condition, attributes));
      }),
    );
  });

  it("a number is either below a bound or at least there, and a version too", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (value, bound) => {
        const known = { age: value };
        expect(matches({ ...age, less_than: bound }, known)).toBe(
          !matches({ ...age, at_least: bound }, known),
        );
        expect(matches({ ...age, greater_than: bound }, known)).toBe(
          !matches({ ...age, at_most: bound }, known),
        );
      }),
    );
  });
});

it("never throws, whatever the attributes are", () => {
  fc.assert(
    fc.property(
      arbitraryCondition(5),
      fc.oneof(arbitraryAttributes, fc.object({ withNullPrototype: true, withBigInt: true })),
      (condition, attributes) => {
        expect(typeof matches(condition, attributes as Attributes)).toBe("boolean");
      },
    ),
  );
});

it("ends for a condition that contains itself", () => {
  const endless: { all: Condition[] } = { all: [] };
  endless.all.push(endless);
  expect(matches(endless, {})).toBe(false);
});
