import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  layOut,
  type Ledger,
  movedUnits,
  ownerAt,
  weightsOf,
} from "../../../domain/experiments/ledger.ts";
import { reweigh } from "../../../domain/experiments/reweigh.ts";
import { unitPosition } from "../../../domain/experiments/unit-position.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { arbitraryWeights } from "./arbitrary-weights.ts";

const PERCENT = WHOLE / 100;
const percent = (...shares: number[]) => shares.map((share) => Math.round(share * PERCENT));

/** Any changes of weights, often back to weights that were there before; arms come and go. */
const arbitraryHistory = fc
  .array(arbitraryWeights, { minLength: 1, maxLength: 4 })
  .chain((pool) =>
    fc.array(fc.oneof(fc.constantFrom(...pool), arbitraryWeights), { minLength: 1, maxLength: 8 }),
  );

/** The ledger after each of the weights, the oldest first. */
function ledgersAlong(history: readonly (readonly number[])[]): Ledger[] {
  const ledgers: Ledger[] = [];
  for (const weights of history) {
    const current = ledgers.at(-1);
    const earlier = ledgers.slice(0, -1).toReversed();
    ledgers.push(current ? reweigh(current, weights, earlier).ledger : layOut([...weights]));
  }
  return ledgers;
}

const lost = (before: readonly number[], after: readonly number[]) =>
  before.reduce((sum, units, arm) => sum + Math.max(0, units - (after[arm] ?? 0)), 0);

describe("along any history", () => {
  const change = fc.tuple(arbitraryHistory, arbitraryWeights).map(([history, weights]) => {
    const ledgers = ledgersAlong(history);
    const current = ledgers.at(-1) ?? layOut([WHOLE]);
    const earlier = ledgers.slice(0, -1).toReversed();
    return { current, weights, ...reweigh(current, weights, earlier) };
  });

  it("each arm gets exactly its weight", () => {
    fc.assert(
      fc.property(change, ({ ledger, weights }) => {
        const given = weightsOf(ledger, weights.length);
        expect(given.slice(0, weights.length)).toEqual(weights);
        expect(given.reduce((sum, units) => sum + units, 0)).toBe(WHOLE);
      }),
    );
  });

  it("the fewest units move, and as many as it says", () => {
    fc.assert(
      fc.property(change, ({ current, ledger, moved, weights }) => {
        expect(moved).toBe(lost(weightsOf(current, weights.length), weights));
        expect(movedUnits(current, ledger)).toBe(moved);
      }),
    );
  });

  it("intervals are not empty, have no gap, and differ from their neighbours", () => {
    fc.assert(
      fc.property(change, ({ ledger: { ends, owners } }) => {
        expect(owners).toHaveLength(ends.length);
        expect(ends.at(-1)).toBe(WHOLE);
        expect(ends.every((end, index) => end > (ends[index - 1] ?? 0))).toBe(true);
        expect(owners.every((owner, index) => owner !== owners[index - 1])).toBe(true);
      }),
    );
  });

  it("the ledgers that it was given are left as they are", () => {
    fc.assert(
      fc.property(arbitraryHistory, arbitraryWeights, (history, weights) => {
        const ledgers = ledgersAlong(history);
        const copy = structuredClone(ledgers);
        const { ledger } = reweigh(
          ledgers.at(-1) ?? layOut([WHOLE]),
          weights,
          ledgers.toReversed(),
        );
        ledger.ends.push(0);
        ledger.owners.push(0);
        expect(ledgers).toEqual(copy);
      }),
    );
  });
});

describe("undoing", () => {
  /** Only a failure takes so long: to make the history that is shown shorter. */
  const SHRINKING = { interruptAfterTimeLimit: 10_000 };

  it("the last changes one by one returns the ledgers, bit for bit", () => {
    fc.assert(
      fc.property(arbitraryHistory, (history) => {
        const ledgers = ledgersAlong(history);
        let current = ledgers.at(-1);
        for (let index = ledgers.length - 2; index >= 0 && current; index--) {
          const earlier = ledgers.slice(0, index + 1).toReversed();
          current = reweigh(current, history[index] ?? [], earlier).ledger;
          expect(current).toEqual(ledgers[index]);
        }
      }),
      SHRINKING,
    );
  });

  it("does so too where the ledgers that were undone stay in the list", () => {
    fc.assert(
      fc.property(fc.array(arbitraryWeights, { minLength: 1, maxLength: 8 }), (history) => {
        const ledgers = ledgersAlong(history);
        const log = ledgers.toReversed();
        for (let index = ledgers.length - 2; index >= 0; index--) {
          const [current = layOut([WHOLE]), ...earlier] = log;
          log.unshift(reweigh(current, history[index] ?? [], earlier).ledger);
          expect(log[0]).toEqual(ledgers[index]);
        }
      }),
      SHRINKING,
    );
  });

  it("tells two ledgers of the same weights apart by what followed them", () => {
    const current = layOut(percent(60, 40));
    const other = layOut(percent(70, 30));
    const first = layOut(percent(50, 50));
    const second = { ends: [10 * PERCENT, 60 * PERCENT, WHOLE], owners: [1, 0, 1] };
    const undone = (earlier: Ledger[]) => reweigh(current, percent(50, 50), earlier).ledger;
    expect(undone([first, other, second])).toEqual(first);
    expect(undone([second, other, first])).toEqual(second);
    expect(undone([other, second, current, first])).toEqual(first);
    expect(undone([other, second, other, first])).toEqual(second);
  });

  it("has nothing to do for the weights in force", () => {
    const ledger = { ends: [10, 20, WHOLE], owners: [1, 0, 1] };
    const other = layOut([10, WHOLE - 10]);
    expect(reweigh(ledger, [10, WHOLE - 10], [other])).toEqual({ ledger, moved: 0 });
  });
});

describe("ramps", () => {
  const owned = ({ ends, owners }: Ledger, arm: number) =>
    owners.flatMap((owner, index) =>
      owner === arm ? [{ from: ends[index - 1] ?? 0, to: ends[index] ?? WHOLE }] : [],
    );
  /** Whether every unit of the arm has the arm in the other ledger too. */
  const isWithin = (inner: Ledger, outer: Ledger, arm: number) =>
    owned(inner, arm).every(({ from, to }) =>
      owned(outer, arm).some((wider) => wider.from <= from && to <= wider.to),
    );

  it("up are nested: a unit that has the canary at 1 % has it at every later step", () => {
    const steps = fc
      .array(fc.integer({ min: 1, max: WHOLE }), { minLength: 2, maxLength: 8 })
      .map((shares) => shares.toSorted((left, right) => left - right));
    fc.assert(
      fc.property(arbitraryHistory, steps, (history, shares) => {
        const ledgers = ledgersAlong([
          ...history,
          ...shares.map((share) => [WHOLE - share, share]),
        ]);
        const ramp = ledgers.slice(history.length);
        for (const [index, ledger] of ramp.entries())
          expect(isWithin(ramp[index - 1] ?? ledger, ledger, 1)).toBe(true);
      }),
    );
  });

  it("down take away first what came last: 1, 5, 25, then 10 %", () => {
    const [one, five, quarter, ten] = ledgersAlong([1, 5, 25, 10].map((p) => percent(100 - p, p)));
    expect(one && owned(one, 1)).toEqual([{ from: 99 * PERCENT, to: WHOLE }]);
    expect(quarter && owned(quarter, 1)).toEqual([{ from: 75 * PERCENT, to: WHOLE }]);
    expect(ten && owned(ten, 1)).toEqual([{ from: 90 * PERCENT, to: WHOLE }]);
    expect(five && ten && isWithin(five, ten, 1)).toBe(true);
  });

  it("down keep what was there before the last step up", () => {
    const shares = fc
      .tuple(fc.nat(WHOLE), fc.nat(WHOLE), fc.nat(WHOLE))
      .map((drawn) => drawn.toSorted((left, right) => left - right));
    fc.assert(
      fc.property(arbitraryHistory, shares, (history, [before = 0, after = 0, most = 0]) => {
        const steps = [before, most, after].map((share) => [WHOLE - share, share]);
        const [low, , middle] = ledgersAlong([...history, ...steps]).slice(history.length);
        expect(low && middle && isWithin(low, middle, 1)).toBe(true);
      }),
    );
  });
});

describe("changes of weights that other systems make by moving more", () => {
  const positions = Array.from({ length: 100_000 }, (_, id) => unitPosition("exp_x", `user-${id}`));
  const thirds = [333_333_333_334, 333_333_333_333, 333_333_333_333];
  const ten = Array.from({ length: 10 }, () => 10);

  it.each([
    ["2 arms, canary 1 % to 5 %", percent(99, 1), percent(95, 5), 4 * PERCENT],
    ["3 arms, 34/33/33 to 35/33/32", percent(34, 33, 33), percent(35, 33, 32), PERCENT],
    [
      "10 arms, 1 % from the first to the last",
      percent(...ten),
      percent(...ten.with(0, 9).with(9, 11)),
      PERCENT,
    ],
    ["4 arms to 40/10/35/15", percent(25, 25, 25, 25), percent(40, 10, 35, 15), 25 * PERCENT],
    ["a fourth arm", thirds, percent(25, 25, 25, 25), 25 * PERCENT],
    [
      "stopping the second of 4 arms",
      percent(25, 25, 25, 25),
      [333_333_333_334, 0, 333_333_333_333, 333_333_333_333],
      25 * PERCENT,
    ],
  ])("%s: the minimum, of 100,000 users within 5 sigma", (_, before, after, minimum) => {
    const current = layOut(before);
    const { ledger, moved } = reweigh(current, after, []);
    expect(moved).toBe(minimum);
    expect(movedUnits(current, ledger)).toBe(minimum);
    const users = positions.filter((at) => ownerAt(current, at) !== ownerAt(ledger, at)).length;
    const share = minimum / WHOLE;
    const sigma = Math.sqrt(positions.length * share * (1 - share));
    expect(Math.abs(users - positions.length * share)).toBeLessThan(5 * sigma);
  });

  it.each([
    ["0.005 %", 50_000_000],
    ["1 in 10^9", 1_000],
    ["1 in 10^12", 1],
  ])("a share of %s is exact, also when it comes from ten arms", (_, share) => {
    const grown = [...percent(...ten).with(3, 10 * PERCENT - share), share];
    const { ledger, moved } = reweigh(layOut(percent(...ten)), grown, []);
    expect(moved).toBe(share);
    expect(weightsOf(ledger, 11)).toEqual(grown);
  });
});

describe("intervals", () => {
  it("stay as many where a border can move, and one more where none can", () => {
    const current = layOut(percent(30, 30, 40));
    expect(reweigh(current, percent(30, 35, 35), []).ledger.ends).toHaveLength(3);
    expect(reweigh(current, percent(25, 30, 45), []).ledger.ends).toHaveLength(4);
  });

  it("become fewer where a small one fits", () => {
    const current = { ends: [WHOLE - 50, WHOLE - 40, WHOLE - 30, WHOLE], owners: [0, 1, 0, 1] };
    expect(reweigh(current, [WHOLE - 50, 50], []).ledger).toEqual({
      ends: [WHOLE - 50, WHOLE],
      owners: [0, 1],
    });
  });

  it("of 10 arms stay under 90 over 1,000 small changes with the last 16 ledgers kept", () => {
    let state = 7;
    const random = () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    let weights = percent(...Array.from({ length: 10 }, () => 10));
    let ledgers = [layOut(weights)];
    let most = 0;
    for (let change = 0; change < 1_000; change++) {
      const from = Math.floor(random() * 10);
      const to = Math.floor(random() * 10);
      const units = Math.min(weights[from] ?? 0, Math.floor(random() * PERCENT));
      weights = weights.with(from, (weights[from] ?? 0) - units);
      weights = weights.with(to, (weights[to] ?? 0) + units);
      const [current = layOut(weights), ...earlier] = ledgers;
      ledgers = [reweigh(current, weights, earlier).ledger, ...ledgers].slice(0, 17);
      most = Math.max(most, ledgers[0]?.ends.length ?? 0);
    }
    expect(most).toBeLessThan(90);
  });
});

it.each([
  ["a unit too few", [WHOLE - 1]],
  ["a unit too many", [WHOLE, 1]],
  ["none", []],
  ["a negative one", [WHOLE + 1, -1]],
  ["a fraction", [WHOLE - 0.5, 0.5]],
  ["no number", [WHOLE, Number.NaN]],
])("refuses weights with %s", (_, weights) => {
  expect(() => reweigh(layOut([WHOLE]), weights, [])).toThrow(RangeError);
});
