import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compact } from "../../../domain/experiments/compact.ts";
import { append, type Ledger, movedUnits, weightsOf } from "../../../domain/experiments/ledger.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";

/** Up to 40 intervals of up to 6 owners. */
const arbitraryLedger = fc
  .array(fc.tuple(fc.oneof(fc.nat(WHOLE - 1), fc.nat(1_000)), fc.nat(5)), { maxLength: 40 })
  .map((cuts) => {
    const ledger: Ledger = { ends: [], owners: [] };
    for (const [end, owner] of cuts.toSorted(([left], [right]) => left - right))
      append(ledger, end, owner);
    append(ledger, WHOLE, 0);
    return ledger;
  });
const withCap = fc.tuple(arbitraryLedger, fc.nat()).map(([ledger, drawn]) => {
  const fewest = new Set(ledger.owners).size;
  return { ledger, most: fewest + (drawn % (ledger.ends.length - fewest + 1)) };
});

describe("any ledger", () => {
  it("gets under any cap that leaves each owner an interval, with the same weights", () => {
    fc.assert(
      fc.property(withCap, ({ ledger, most }) => {
        const compacted = compact(ledger, most).ledger;
        expect(compacted.ends.length).toBeLessThanOrEqual(most);
        expect(compacted.ends.at(-1)).toBe(WHOLE);
        expect(weightsOf(compacted, 6)).toEqual(weightsOf(ledger, 6));
      }),
    );
  });

  it("moves as many units as it says, and none where the cap is kept", () => {
    fc.assert(
      fc.property(withCap, ({ ledger, most }) => {
        const { ledger: compacted, moved } = compact(ledger, most);
        expect(moved).toBe(movedUnits(ledger, compacted));
        expect(moved === 0).toBe(ledger.ends.length <= most);
      }),
    );
  });

  it("is left as it is", () => {
    fc.assert(
      fc.property(withCap, ({ ledger, most }) => {
        const copy = structuredClone(ledger);
        compact(ledger, most);
        expect(ledger).toEqual(copy);
      }),
    );
  });
});

it("gives the smallest interval away and takes as much back at another border", () => {
  const ledger = { ends: [100, 103, 500, WHOLE], owners: [0, 1, 0, 1] };
  expect(compact(ledger, 2)).toEqual({ ledger: { ends: [497, WHOLE], owners: [0, 1] }, moved: 6 });
});

it("goes through other owners where the two share no other border", () => {
  // The 3 units of 2 between 0 and 1 go to 1, which gives 3 units to 2 at their other border.
  const near = { ends: [100, 103, 500, WHOLE], owners: [0, 2, 1, 2] };
  expect(compact(near, 3)).toEqual({
    ledger: { ends: [100, 497, WHOLE], owners: [0, 1, 2] },
    moved: 6,
  });
  // The 3 units of 2 within 0 go to 0; 0 gives 3 to 1, and 1 gives 3 to 2.
  const far = { ends: [100, 103, 500, 900, WHOLE], owners: [0, 2, 0, 1, 2] };
  expect(compact(far, 3)).toEqual({
    ledger: { ends: [497, 897, WHOLE], owners: [0, 1, 2] },
    moved: 9,
  });
});

it("chooses the neighbour from which fewer units move", () => {
  // 0 could give units to 2 only through 1 or 3, while 3 borders on 2.
  const ledger = { ends: [200, 300, 400, 403, 600, WHOLE], owners: [2, 1, 0, 2, 3, 2] };
  expect(compact(ledger, 5)).toEqual({
    ledger: { ends: [200, 300, 400, 597, WHOLE], owners: [2, 1, 0, 3, 2] },
    moved: 6,
  });
});

it("merges neighbours of one owner without moving anything", () => {
  const ledger = { ends: [10, 20, WHOLE], owners: [0, 0, 1] };
  expect(compact(ledger, 2)).toEqual({
    ledger: { ends: [20, WHOLE], owners: [0, 1] },
    moved: 0,
  });
});

it("refuses fewer intervals than owners", () => {
  expect(() => compact({ ends: [10, WHOLE], owners: [0, 1] }, 1)).toThrow(RangeError);
  expect(() => compact({ ends: [WHOLE], owners: [0] }, Number.NaN)).toThrow(RangeError);
});
