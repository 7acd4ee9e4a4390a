import * as fc from "fast-check";
import { expect, it } from "vitest";
import { compareSemver, parseSemver } from "../../../domain/experiments/semver.ts";

const order = (left: string, right: string) => {
  const [first, second] = [parseSemver(left), parseSemver(right)];
  return first && second && Math.sign(compareSemver(first, second));
};

/** Each before the next: the example of section 11 of the specification, and numbers of any length. */
const ASCENDING = [
  "0.0.0",
  "0.9.10",
  "1.0.0-0",
  "1.0.0-2",
  "1.0.0-11",
  "1.0.0--",
  "1.0.0-alpha",
  "1.0.0-alpha.1",
  "1.0.0-alpha.beta",
  "1.0.0-beta",
  "1.0.0-beta.2",
  "1.0.0-beta.11",
  "1.0.0-rc.1",
  "1.0.0",
  "1.0.1",
  "1.2.0",
  "1.10.0",
  "2.0.0",
  "10.0.0",
  "9007199254740992.0.0",
  "9007199254740993.0.0",
];
const pairs = ASCENDING.flatMap((left, index) =>
  ASCENDING.map((right, other) => ({ left, right, expected: Math.sign(index - other) })),
);

it("orders versions by precedence", () => {
  for (const { left, right, expected } of pairs)
    expect([left, right, order(left, right)]).toEqual([left, right, expected]);
});

it("ignores build metadata", () => {
  expect(order("1.0.0+a", "1.0.0+b.1")).toBe(0);
  expect(order("1.0.0-rc.1+001", "1.0.0")).toBe(-1);
});

it.each([
  "",
  "1",
  "1.2",
  "1.2.3.4",
  "v1.2.3",
  "01.2.3",
  "1.2.3-",
  "1.2.3-01",
  "1.2.3+",
  "1.2.3 ",
  "1.2.3\n",
  "1.2.٣",
  "-1.2.3",
  "1.2.3-a..b",
  `1.2.${"3".repeat(300)}`,
])("reads no version in %j", (text) => {
  expect(parseSemver(text)).toBeNull();
});

it("never throws", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(() => parseSemver(text)).not.toThrow();
    }),
  );
});
