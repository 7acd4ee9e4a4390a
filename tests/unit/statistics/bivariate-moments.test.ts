import { array, assert, double, property, tuple } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  addBivariate,
  correlation,
  meanX,
  meanY,
  mergeBivariate,
  momentsOfX,
  momentsOfY,
  noBivariate,
  removeBivariate,
  sampleCovariance,
  type BivariateMoments,
} from "../../../domain/statistics/bivariate-moments.ts";
import { addObservation, noMoments } from "../../../domain/statistics/moments.ts";

type Pair = [x: number, y: number];

const momentsOf = (pairs: readonly Pair[]): BivariateMoments =>
  pairs.reduce((moments, [x, y]) => addBivariate(moments, x, y), noBivariate);

const SUMS = ["sumX", "sumY", "sumXX", "sumYY", "sumXY"] as const;

/** Equal but for the last digits of the largest sums there were. */
const expectAlike = (a: BivariateMoments, b: BivariateMoments, largest = b): void => {
  expect(a.count).toBe(b.count);
  const scale = Math.max(1, largest.sumXX[0], largest.sumYY[0]);
  for (const sum of SUMS)
    expect(Math.abs(a[sum][0] - b[sum][0] + (a[sum][1] - b[sum][1])) / scale).toBeLessThan(1e-27);
};

const value = double({ min: -1e6, max: 1e6, noNaN: true });
const pairs = array(tuple(value, value), { maxLength: 20 });

describe("bivariate moments", () => {
  it("return to where they were when an added pair is removed", () => {
    assert(
      property(pairs, value, value, (before, x, y) => {
        const moments = momentsOf(before);
        const after = removeBivariate(addBivariate(moments, x, y), x, y);
        expectAlike(after, moments, momentsOf([...before, [x, y]]));
      }),
    );
  });

  it("of two parts merge into those of the whole, in any order", () => {
    assert(
      property(pairs, pairs, (left, right) => {
        const whole = momentsOf([...left, ...right]);
        expectAlike(mergeBivariate(momentsOf(left), momentsOf(right)), whole);
        expectAlike(mergeBivariate(momentsOf(right), momentsOf(left)), whole);
      }),
    );
  });

  it("hold the moments of either coordinate", () => {
    assert(
      property(pairs, (all) => {
        const moments = momentsOf(all);
        expect(momentsOfX(moments)).toEqual(all.map(([x]) => x).reduce(addObservation, noMoments));
        expect(momentsOfY(moments)).toEqual(
          all.map(([, y]) => y).reduce(addObservation, noMoments),
        );
      }),
    );
  });

  it.each<{
    of: Pair[];
    x: number | null;
    y: number | null;
    covariance: number | null;
    r: number | null;
  }>([
    { of: [], x: null, y: null, covariance: null, r: null },
    { of: [[1, 2]], x: 1, y: 2, covariance: null, r: null },
    {
      of: [
        [1, 2],
        [3, 8],
      ],
      x: 2,
      y: 5,
      covariance: 6,
      r: 1,
    },
    {
      of: [
        [1, 8],
        [3, 2],
      ],
      x: 2,
      y: 5,
      covariance: -6,
      r: -1,
    },
    {
      of: [
        [1, 8],
        [1, 2],
      ],
      x: 1,
      y: 5,
      covariance: 0,
      r: null,
    },
    {
      of: [
        [1e9, 1],
        [1e9 + 1, 3],
        [1e9 + 2, 2],
      ],
      x: 1e9 + 1,
      y: 2,
      covariance: 0.5,
      r: 0.5,
    },
  ])("of $of have covariance $covariance and correlation $r", ({ of, x, y, covariance, r }) => {
    const moments = momentsOf(of);
    expect(meanX(moments)).toBe(x);
    expect(meanY(moments)).toBe(y);
    expect(sampleCovariance(moments)).toBe(covariance);
    if (r === null) expect(correlation(moments)).toBeNull();
    else expect(correlation(moments)).toBeCloseTo(r, 14);
  });
});
