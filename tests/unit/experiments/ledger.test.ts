import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  layOut,
  type Ledger,
  movedUnits,
  ownerAt,
  weightsOf,
} from "../../../domain/experiments/ledger.ts";
import { unitPosition } from "../../../domain/experiments/unit-position.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { arbitraryWeights } from "./arbitrary-weights.ts";

const intervals = ({ ends, owners }: Ledger) =>
  owners.map((owner, index) => ({ owner, from: ends[index - 1] ?? 0, to: ends[index] ?? 0 }));

/** What `ownerAt` means, read off one interval after the other. */
const scan = (ledger: Ledger, position: number) =>
  intervals(ledger).filter(({ from, to }) => from <= position && position < to);

describe("laying out", () => {
  it("covers every position from 0 to the whole without a gap or an empty interval", () => {
    fc.assert(
      fc.property(arbitraryWeights, (weights) => {
        const laid = intervals(layOut(weights));
        expect(laid.every(({ from, to }) => from < to)).toBe(true);
        expect(laid.at(-1)?.to).toBe(WHOLE);
      }),
    );
  });

  it("gives each variant exactly its weight in positions", () => {
    fc.assert(
      fc.property(arbitraryWeights, (weights) => {
        const measures = weights.map(() => 0);
        for (const { owner, from, to } of intervals(layOut(weights)))
          measures[owner] = (measures[owner] ?? 0) + to - from;
        expect(measures).toEqual(weights);
      }),
    );
  });

  it("refuses weights that sum to one unit more or less than the whole", () => {
    expect(() => layOut([WHOLE - 1])).toThrow(RangeError);
    expect(() => layOut([WHOLE, 1])).toThrow(RangeError);
    expect(() => layOut([])).toThrow(RangeError);
  });
});

describe("finding the owner", () => {
  const positions = fc.array(fc.integer({ min: 0, max: WHOLE - 1 }), { maxLength: 20 });

  it("finds the one interval that holds the position, at its first and last position too", () => {
    fc.assert(
      fc.property(arbitraryWeights, positions, (weights, drawn) => {
        const ledger = layOut(weights);
        const borders = intervals(ledger).flatMap(({ from, to }) => [from, to - 1]);
        for (const position of [...drawn, ...borders]) {
          const holders = scan(ledger, position);
          expect(holders).toHaveLength(1);
          expect(ownerAt(ledger, position)).toBe(holders[0]?.owner);
        }
      }),
    );
  });

  it("knows a variant that owns several intervals", () => {
    const ledger = { ends: [10, 20, 30, WHOLE], owners: [1, 0, 1, 2] };
    expect([0, 9, 10, 19, 20, 29, 30, WHOLE - 1].map((at) => ownerAt(ledger, at))).toEqual([
      1, 1, 0, 0, 1, 1, 2, 2,
    ]);
  });
});

describe("weights of a ledger", () => {
  it("are those that it was laid out with", () => {
    fc.assert(
      fc.property(arbitraryWeights, (weights) => {
        expect(weightsOf(layOut(weights), weights.length)).toEqual(weights);
      }),
    );
  });

  it("add up the intervals of an owner, and are 0 for one without any", () => {
    const ledger = { ends: [10, 20, 30, WHOLE], owners: [1, 0, 1, 3] };
    expect(weightsOf(ledger, 5)).toEqual([10, 20, 0, WHOLE - 30, 0]);
    expect(weightsOf(ledger, 1)).toEqual([10, 20, 0, WHOLE - 30]);
  });
});

describe("moved units", () => {
  it("are those whose owner differs, wherever the ends are", () => {
    const before = { ends: [10, 20, WHOLE], owners: [0, 1, 0] };
    const after = { ends: [5, 12, 25, WHOLE], owners: [1, 0, 1, 0] };
    // [0, 5) and [20, 25) to 1, [10, 12) to 0.
    expect(movedUnits(before, after)).toBe(12);
  });

  it("are the same both ways, none to itself, and no more by a detour", () => {
    fc.assert(
      fc.property(
        fc.tuple(arbitraryWeights, arbitraryWeights, arbitraryWeights),
        ([first, second, third]) => {
          const [a, b, c] = [layOut(first), layOut(second), layOut(third)];
          expect(movedUnits(a, a)).toBe(0);
          expect(movedUnits(a, b)).toBe(movedUnits(b, a));
          expect(movedUnits(a, c)).toBeLessThanOrEqual(movedUnits(a, b) + movedUnits(b, c));
        },
      ),
    );
  });
});

const WEIGHTS = [100_000_000_000, 200_000_000_000, 700_000_000_000];

/** Pearson's chi-square of where `count` units fall, against the weights. */
function chiSquare(salt: string, count: number): number {
  const ledger = layOut(WEIGHTS);
  const seen = WEIGHTS.map(() => 0);
  for (let unit = 0; unit < count; unit++) {
    const owner = ownerAt(ledger, unitPosition(salt, `user-${unit}`));
    seen[owner] = (seen[owner] ?? 0) + 1;
  }
  return WEIGHTS.reduce((sum, weight, index) => {
    const expected = (count * weight) / WHOLE;
    return sum + ((seen[index] ?? 0) - expected) ** 2 / expected;
  }, 0);
}
/** With 2 degrees of freedom P(chi-square > x) = exp(-x / 2). */
const limitAt = (falseAlarm: number) => -2 * Math.log(falseAlarm);

describe("shares of traffic", () => {
  it("converge to the weights: 200,000 numbered users, false alarm one in a million", () => {
    expect(chiSquare("exp_shares", 200_000)).toBeLessThan(limitAt(1e-6));
  });

  it("converge under any salt: 50 salts at one in 10^9 each", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (salt) => {
        expect(chiSquare(salt, 5_000)).toBeLessThan(limitAt(1e-9));
      }),
      { numRuns: 50 },
    );
  });

  it("of two experiments are independent: false alarm one in a million", () => {
    const half = layOut([WHOLE / 2, WHOLE / 2]);
    const table = [0, 0, 0, 0];
    for (let unit = 0; unit < 40_000; unit++) {
      const [first, second] = ["exp_one", "exp_two"].map((salt) =>
        ownerAt(half, unitPosition(salt, `user-${unit}`)),
      );
      const cell = (first ?? 0) * 2 + (second ?? 0);
      table[cell] = (table[cell] ?? 0) + 1;
    }
    // Each cell expects 10,000; with 3 degrees of freedom P(chi-square > 30.66) is 1e-6.
    const statistic = table.reduce((sum, seen) => sum + (seen - 10_000) ** 2 / 10_000, 0);
    expect(statistic).toBeLessThan(30.66);
  });
});
