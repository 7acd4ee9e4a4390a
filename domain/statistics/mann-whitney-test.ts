import { fail, ok, type Result } from "../result.ts";
import type { Degenerate } from "./degenerate.ts";
import { normalSf } from "./normal.ts";
import type { Alternative } from "./two-proportion-z-test.ts";

/** Values and how often each occurs, in any order; a value may come more than once, and need not be the observation itself. */
export type Histogram = readonly (readonly [value: number, count: number])[];

export type MannWhitneyTest = {
  /** Pairs of an observation of each arm in which the variant's is the larger, ties counting one half. */
  u: number;
  /** u as a share of all pairs, P(control < variant) + P(control = variant) / 2: 0.5 without a difference (McGraw & Wong 1992). */
  effectSize: number;
  method: "exact" | "normal";
  pValue: number;
};

/** The exact distribution takes the square of this many steps. */
const MOST_PAIRS_FOR_EXACT = 2_500;

/**
 * The rank-sum test of variant against control (Mann & Whitney 1947), "larger" meaning that the variant's values tend to be
 * the larger ones. Exact for up to 2500 pairs of whole counts without ties, unless `method` is "normal"; else by the normal
 * approximation with corrections for ties and for continuity. Fails with `no_observations` when an arm has none,
 * `no_variation` when all values are alike, or `invalid_sample`.
 */
export function mannWhitneyTest(
  control: Histogram,
  variant: Histogram,
  alternative: Alternative = "two-sided",
  method: "exact_if_small" | "normal" = "exact_if_small",
): Result<MannWhitneyTest, Degenerate> {
  const isSound = [...control, ...variant].every(
    ([value, count]) => Number.isFinite(value) && count >= 0 && Number.isFinite(count),
  );
  if (!isSound) return fail({ code: "invalid_sample" });
  const ranks = rankSums(control, variant);
  const { n, m, u, isTied } = ranks;
  if (n === 0 || m === 0) return fail({ code: "no_observations" });
  if (ranks.variance <= 0) return fail({ code: "no_variation" });

  const pairs = n * m;
  const isExact =
    method === "exact_if_small" &&
    !isTied &&
    pairs <= MOST_PAIRS_FOR_EXACT &&
    Number.isInteger(n + m);
  const upper = isExact ? exactTail(n, m) : normalTail(pairs / 2, Math.sqrt(ranks.variance));
  const pValue = {
    larger: () => upper(u),
    smaller: () => upper(pairs - u),
    "two-sided": () => 2 * upper(Math.max(u, pairs - u)),
  }[alternative]();
  return ok({
    u,
    effectSize: u / pairs,
    method: isExact ? "exact" : "normal",
    pValue: Math.max(Number.MIN_VALUE, Math.min(1, pValue)),
  });
}

/** Observations of control (n) and variant (m), the variant's u, and the variance of u when the arms do not differ. */
function rankSums(
  control: Histogram,
  variant: Histogram,
): { n: number; m: number; u: number; variance: number; isTied: boolean } {
  const counts = new Map<number, [control: number, variant: number]>();
  for (const [histogram, arm] of [
    [control, 0],
    [variant, 1],
  ] as const)
    for (const [value, count] of histogram) {
      const at: [number, number] = counts.get(value) ?? [0, 0];
      at[arm] += count;
      counts.set(value, at);
    }
  let [n, m, u, ties] = [0, 0, 0, 0];
  let isTied = false;
  for (const [, [c, v]] of [...counts].toSorted(([a], [b]) => a - b)) {
    u += v * (n + c / 2);
    n += c;
    m += v;
    const all = c + v;
    ties += all * (all - 1) * (all + 1);
    if (all > 1) isTied = true;
  }
  const both = n + m;
  // (both^3 - both - ties) is the sum that does not vanish when all values are alike.
  const spread = both * (both - 1) * (both + 1) - ties;
  return { n, m, u, isTied, variance: ((n / both) * (m / (both - 1)) * spread) / 12 };
}

/** P(U >= u) by the normal approximation, half a step earlier. */
const normalTail =
  (mean: number, deviation: number) =>
  (u: number): number =>
    normalSf((u - mean - 0.5) / deviation);

/**
 * P(U >= u) when all orders of n + m different values are equally likely. The largest value belongs to either arm in
 * proportion to its size; if to the variant's, it exceeds all n of control.
 */
function exactTail(n: number, m: number): (u: number) => number {
  let shorter: number[][] = Array.from({ length: m + 1 }, () => [1]);
  for (let i = 1; i <= n; i++) {
    const row: number[][] = [[1]];
    for (let j = 1; j <= m; j++) {
      const ofVariant = row[j - 1] ?? [];
      const ofControl = shorter[j] ?? [];
      row.push(
        Array.from(
          { length: i * j + 1 },
          (_, u) => ((ofVariant[u - i] ?? 0) * j + (ofControl[u] ?? 0) * i) / (i + j),
        ),
      );
    }
    shorter = row;
  }
  const distribution = shorter[m] ?? [];
  return (u) => distribution.slice(u).reduceRight((sum, probability) => sum + probability, 0);
}
