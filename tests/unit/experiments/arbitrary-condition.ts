import * as fc from "fast-check";
import type { Comparison, Condition } from "../../../domain/experiments/condition.ts";

const NAMES = ["country", "plan", "age", "version", "groups", "__proto__", "toString"];
const TEXTS = ["", "F", "FR", "DE", "free", "1.2.0", "1.3.0-rc.1"];
const name = fc.constantFrom(...NAMES);
const text = fc.constantFrom(...TEXTS);
const number = fc.constantFrom(-1, 0, 17.5, 18, 1e300);
const scalar = fc.oneof(text, number, fc.boolean());
const version = fc.constantFrom("1.2.0", "1.3.0-rc.1");

export const arbitraryComparison: fc.Arbitrary<Comparison> = fc.oneof(
  fc.record({ attribute: name, in: fc.array(scalar, { maxLength: 4 }) }),
  fc.record({ attribute: name, equals: scalar }),
  fc.record({ attribute: name, greater_than: number }),
  fc.record({ attribute: name, at_least: number }),
  fc.record({ attribute: name, less_than: number }),
  fc.record({ attribute: name, at_most: number }),
  fc.record({ attribute: name, starts_with: text }),
  fc.record({ attribute: name, ends_with: text }),
  fc.record({ attribute: name, contains: text }),
  fc.record({ attribute: name, semver_at_least: version }),
  fc.record({ attribute: name, semver_below: version }),
  fc.record({ attribute: name, exists: fc.boolean() }),
);

/** Up to `depth` levels, and no more than 2 ** depth comparisons. */
export const arbitraryCondition = (depth: number): fc.Arbitrary<Condition> => {
  if (depth === 1) return arbitraryComparison;
  const parts = fc.array(arbitraryCondition(depth - 1), { maxLength: 2 });
  return fc.oneof(
    arbitraryComparison,
    fc.record({ all: parts }),
    fc.record({ any: parts }),
    fc.record({ not: arbitraryCondition(depth - 1) }),
  );
};

/** Attributes of the names that conditions ask for, of every type. */
export const arbitraryAttributes = fc.dictionary(
  name,
  fc.oneof(scalar, fc.array(text, { maxLength: 3 })),
);
