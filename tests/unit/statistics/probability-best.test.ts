import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalCdf } from "../../../domain/statistics/normal.ts";
import {
  type BetaPosterior,
  type NormalPosterior,
  rankBetas,
  rankNormals,
  type Ranking,
} from "../../../domain/statistics/probability-best.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import vectors from "../vectors/statistics/bandit_prob_best_beta.json";
import { relativeError } from "./relative-error.ts";

function ranked(ranking: ReturnType<typeof rankBetas>): Ranking {
  if (!ranking.ok) throw new Error(ranking.error.code);
  return ranking.value;
}
const betas = (arms: readonly BetaPosterior[]) => ranked(rankBetas(arms));
const normals = (arms: readonly NormalPosterior[]) => ranked(rankNormals(arms));
const total = (shares: readonly number[]) => shares.reduce((sum, share) => sum + share, 0);

/** From 10^low to 10^high, alike on a log scale. */
const scale = (low: number, high: number) =>
  fc.double({ min: low, max: high, noNaN: true }).map((exponent) => 10 ** exponent);
const arbitraryBetas = fc.array(
  fc.record({ alpha: scale(Math.log10(0.5), 9), beta: scale(Math.log10(0.5), 9) }),
  { minLength: 2, maxLength: 20 },
);
const arbitraryNormals = fc.array(
  fc.record({
    mean: fc.double({ min: -10, max: 10, noNaN: true }),
    sd: fc.oneof(scale(-9, 3), fc.constant(0)),
  }),
  { minLength: 2, maxLength: 20 },
);

describe("which of independent betas is the largest", () => {
  it.each(vectors.cases)("agrees with scipy on $arms", ({ arms, prob_best }) => {
    betas(arms).best.forEach((share, arm) => {
      expect(relativeError(share, prob_best[arm] ?? NaN)).toBeLessThan(1e-12);
    });
  });

  // Nested quadrature of the densities of the log odds in mpmath, 40 digits.
  it.each<{ arms: [alpha: number, beta: number][]; best: number[] }>([
    {
      arms: [
        [1, 1],
        [3, 2],
      ],
      best: [0.4, 0.6],
    },
    {
      arms: [
        [0.5, 0.5],
        [500000000, 500001000],
      ],
      best: [0.500000318309568, 0.499999681690432],
    },
    {
      arms: [
        [0.5, 1e6],
        [1, 3e6],
        [3, 2e6],
      ],
      best: [0.1272747267952107, 0.05051867260265793, 0.822206600602131],
    },
    {
      arms: [
        [1e9, 1e9],
        [1e9, 999950000],
      ],
      best: [0.2145933236097629, 0.7854066763902371],
    },
    {
      arms: [
        [0.5, 1e9],
        [1e9, 0.5],
        [1e9, 2],
      ],
      best: [0, 0.8838834763837475, 0.1161165236162525],
    },
    {
      arms: [
        [2, 1e9],
        [2001, 999999000],
        [1, 5e8],
        [200001, 99e9],
      ],
      best: [0, 0.3324086437877366, 0, 0.6675913562122634],
    },
  ])("holds from 0.5 to 1e9 and across scales: $arms", ({ arms, best }) => {
    const actual = betas(arms.map(([alpha, beta]) => ({ alpha, beta }))).best;
    actual.forEach((share, arm) => {
      expect(Math.abs(share - (best[arm] ?? NaN))).toBeLessThan(1e-11);
    });
  });

  it("mirrors when successes and failures are swapped: the smallest of two is the other one", () => {
    fc.assert(
      fc.property(arbitraryBetas, (arms) => {
        const [a, b] = betas(arms.slice(0, 2)).best;
        const [c, d] = betas(
          arms.slice(0, 2).map(({ alpha, beta }) => ({ alpha: beta, beta: alpha })),
        ).best;
        expect(Math.abs((a ?? NaN) - (d ?? NaN))).toBeLessThan(1e-11);
        expect(Math.abs((b ?? NaN) - (c ?? NaN))).toBeLessThan(1e-11);
      }),
    );
  });
});

describe("which of independent normals is the largest", () => {
  it("is, of two, a normal probability of the difference", () => {
    fc.assert(
      fc.property(arbitraryNormals, ([a, b]) => {
        fc.pre(a !== undefined && b !== undefined && a.sd + b.sd > 0);
        if (!a || !b) return;
        const exact = normalCdf((a.mean - b.mean) / Math.hypot(a.sd, b.sd));
        expect(Math.abs((normals([a, b]).best[0] ?? NaN) - exact)).toBeLessThan(1e-11);
      }),
    );
  });

  it("is, of equal arms, each of them alike", () => {
    for (const sd of [0, 1e-9, 1, 1e9]) {
      const { best, second } = normals(Array.from({ length: 5 }, () => ({ mean: 3, sd })));
      for (const share of [...best, ...second]) expect(share).toBeCloseTo(0.2, 12);
    }
  });

  it("is certain where all values are known", () => {
    const { best, second, bestWithout } = normals(
      [2, 7, 5, 7 - 1e-9].map((mean) => ({ mean, sd: 0 })),
    );
    expect(best.map((share) => Math.round(share * 1e12))).toEqual([0, 1e12, 0, 0]);
    expect(second.map((share) => Math.round(share * 1e12))).toEqual([0, 0, 0, 1e12]);
    expect(bestWithout[1]?.map((share) => Math.round(share * 1e12))).toEqual([0, 0, 0, 1e12]);
  });

  it("shares what is known to be equal, and lets it meet what is uncertain", () => {
    const { best } = normals([
      { mean: 1, sd: 0 },
      { mean: 1, sd: 0 },
      { mean: 0, sd: 1 },
    ]);
    expect(best[0]).toBeCloseTo(normalCdf(1) / 2, 12);
    expect(best[1]).toBeCloseTo(normalCdf(1) / 2, 12);
    expect(best[2]).toBeCloseTo(normalCdf(-1), 12);
  });

  it("resolves scales that are nine orders of magnitude apart, wherever they are", () => {
    const { best } = normals([
      { mean: 5, sd: 1e-9 },
      { mean: 5 + 1e-9, sd: 1e-9 },
      { mean: -3, sd: 1 },
      { mean: 0, sd: 1e-9 },
    ]);
    // The doubles next to 5 are 9e-16 apart.
    const apart = 5 + 1e-9 - 5;
    expect(best[1]).toBeCloseTo(normalCdf(apart / 1e-9 / Math.SQRT2), 10);
    expect(best[0]).toBeCloseTo(normalCdf(-apart / 1e-9 / Math.SQRT2), 10);
  });
});

describe.each([
  { family: "betas", arbitrary: arbitraryBetas.map((arms) => betas(arms)) },
  { family: "normals", arbitrary: arbitraryNormals.map((arms) => normals(arms)) },
])("a ranking of $family", ({ arbitrary }) => {
  it("has one best, one second, and one best whoever is left out", () => {
    fc.assert(
      fc.property(arbitrary, ({ best, second, bestWithout }) => {
        for (const shares of [best, second, ...bestWithout]) {
          expect(Math.abs(total(shares) - 1)).toBeLessThan(1e-10);
          expect(shares.every((share) => share >= 0 && share <= 1)).toBe(true);
        }
      }),
    );
  });

  it("gives nobody less when another is left out", () => {
    fc.assert(
      fc.property(arbitrary, ({ best, bestWithout }) => {
        bestWithout.forEach((row, left) => {
          row.forEach((share, arm) => {
            if (arm === left) expect(share).toBe(0);
            else expect(share).toBeGreaterThan((best[arm] ?? NaN) - 1e-11);
          });
        });
      }),
    );
  });
});

it("leaving an arm out is ranking the others", () => {
  fc.assert(
    fc.property(arbitraryBetas, fc.nat(19), (arms, drawn) => {
      const left = drawn % arms.length;
      const row = betas(arms).bestWithout[left]?.toSpliced(left, 1);
      betas(arms.toSpliced(left, 1)).best.forEach((share, arm) => {
        expect(Math.abs(share - (row?.[arm] ?? NaN))).toBeLessThan(1e-11);
      });
    }),
  );
});

it("agrees with draws: 40,000 of four arms, within 5 standard errors", () => {
  const arms = [
    { alpha: 3, beta: 30 },
    { alpha: 0.5, beta: 4 },
    { alpha: 12, beta: 101 },
    { alpha: 60, beta: 540 },
  ];
  const { best, second } = betas(arms);
  const random = seededRandom("probability best");
  const counted = { best: [0, 0, 0, 0], second: [0, 0, 0, 0] };
  const draws = 40_000;
  for (let draw = 0; draw < draws; draw++) {
    const [first, next] = arms
      .map(({ alpha, beta }, arm) => ({ arm, value: random.beta(alpha, beta) }))
      .toSorted((a, b) => b.value - a.value);
    if (first) counted.best[first.arm] = (counted.best[first.arm] ?? 0) + 1;
    if (next) counted.second[next.arm] = (counted.second[next.arm] ?? 0) + 1;
  }
  for (const [expected, seen] of [
    [best, counted.best],
    [second, counted.second],
  ] as const)
    expected.forEach((share, arm) => {
      const error = Math.sqrt((share * (1 - share)) / draws);
      expect(Math.abs((seen[arm] ?? 0) / draws - share)).toBeLessThan(5 * error);
    });
});

describe("what cannot be ranked", () => {
  it("is nobody", () => {
    expect(rankBetas([])).toEqual({ ok: false, error: { code: "no_observations" } });
    expect(rankNormals([])).toEqual({ ok: false, error: { code: "no_observations" } });
  });

  it.each([0, -1, NaN, Infinity])("is a beta with a parameter of %d", (alpha) => {
    const ranking = rankBetas([{ alpha, beta: 2 }]);
    expect(ranking).toEqual({ ok: false, error: { code: "invalid_sample" } });
  });

  it.each([
    { mean: NaN, sd: 1 },
    { mean: 0, sd: -1 },
    { mean: 0, sd: NaN },
    { mean: 1e151, sd: 1 },
  ])("is a normal of $mean, $sd", (arm) => {
    expect(rankNormals([arm])).toEqual({ ok: false, error: { code: "invalid_sample" } });
  });

  it("is not one arm alone: it is the best", () => {
    expect(betas([{ alpha: 2, beta: 5 }]).best[0]).toBeCloseTo(1, 12);
  });
});
