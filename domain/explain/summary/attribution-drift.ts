import type { Interval } from "../../statistics/difference-interval.ts";
import { holm } from "../../statistics/multiple-testing.ts";
import type { Random } from "../../statistics/random.ts";
import { welchTTest } from "../../statistics/welch-t-test.ts";
import { ExplainFault } from "../explain-fault.ts";
import { shuffle } from "../shap/shuffle.ts";
import { columnOf, sampleOf, sumOf } from "./column-statistics.ts";
import type { ExplanationTable } from "./explanation-table.ts";

export type FeatureDrift = {
  feature: string;
  /** Mean |contribution|. */
  baseline: number;
  live: number;
  /** live / baseline; null where the baseline is 0. */
  ratio: number | null;
  difference: number;
  /** 95 % for the difference, by Welch's t; null where neither sample varies, as then for the p-values. */
  interval: Interval | null;
  p_value: number | null;
  /** For all features together (Holm 1979). */
  adjusted_p_value: number | null;
};

/** Why the attributions count as drifted. */
export type DriftReason =
  /** Some feature contributes more or less than it did. */
  | "feature_changed"
  /** What the features contribute is shared out differently among them. */
  | "shares_changed"
  /** The features rank differently: `ndcg` is below its limit. */
  | "order_changed";

export type AttributionDrift = {
  baseline_rows: number;
  live_rows: number;
  /** In the order of the input. */
  features: FeatureDrift[];
  /**
   * Of the live order by the importances of the baseline, 1 for the same order (normalised
   * discounted cumulative gain, Järvelin & Kekäläinen 2002), and how probable one as low is without drift.
   */
  ndcg: number;
  ndcg_p_value: number;
  /** Half the sum of absolute differences between the two divisions of all importance among the features: 0 to 1. */
  total_variation: number;
  total_variation_p_value: number;
  drifted: boolean;
  reasons: DriftReason[];
};

export type DriftOptions = {
  random: Random;
  /** The probability of a false alarm: each of the three reasons gets a third of it. */
  alpha?: number;
  /** An order is one to tell of below this value of `ndcg`, and only if that is no chance. */
  ndcg_limit?: number;
  permutations?: number;
};

/**
 * Whether a model explains live rows by other features than it did those of its baseline. The
 * p-values of `ndcg` and of the total variation are those of a permutation test: rows of the two
 * tables change places, which makes no difference where they come from one distribution (Phipson &
 * Smyth 2010). Throws `ExplainFault` (option_invalid) for tables of other features, and for fewer
 * than two rows in either.
 */
export function attributionDrift(
  baseline: ExplanationTable,
  live: ExplanationTable,
  { random, alpha = 0.05, ndcg_limit = 0.9, permutations = 999 }: DriftOptions,
): AttributionDrift {
  checkTables(baseline, live);
  if (!(permutations * alpha >= 3))
    throw new ExplainFault(
      "option_invalid",
      `${permutations} permutations cannot tell a probability of ${alpha / 3}: take ${Math.ceil(3 / alpha)} or more`,
      "permutations",
    );
  const features = driftsOf(baseline, live);
  const measures = permuted(baseline, live, permutations, random);
  const each = alpha / 3;
  const alarms: [reason: DriftReason, isOn: boolean][] = [
    ["feature_changed", features.some(({ adjusted_p_value: p }) => p !== null && p <= each)],
    ["shares_changed", measures.total_variation_p_value <= each],
    ["order_changed", measures.ndcg < ndcg_limit && measures.ndcg_p_value <= each],
  ];
  const reasons = alarms.flatMap(([reason, isOn]) => (isOn ? [reason] : []));
  return {
    baseline_rows: baseline.rows,
    live_rows: live.rows,
    features,
    ...measures,
    drifted: reasons.length > 0,
    reasons,
  };
}

function checkTables(baseline: ExplanationTable, live: ExplanationTable): void {
  const isSame =
    baseline.players.length === live.players.length &&
    baseline.players.every((player, at) => player === live.players[at]);
  if (!isSame)
    throw new ExplainFault(
      "option_invalid",
      "the live explanations are of other features than those of the baseline: make a new baseline",
    );
  const fewest = Math.min(baseline.rows, live.rows);
  if (fewest < 2)
    throw new ExplainFault(
      "option_invalid",
      `drift needs two explanations or more on either side, and there are ${baseline.rows} in the baseline and ${live.rows} live`,
    );
}

function driftsOf(baseline: ExplanationTable, live: ExplanationTable): FeatureDrift[] {
  const width = baseline.players.length;
  const found = baseline.players.map((feature, player) => {
    const [before, now] = [baseline, live].map(({ values }) =>
      sampleOf(columnOf(values, width, player).map(Math.abs)),
    ) as [ReturnType<typeof sampleOf>, ReturnType<typeof sampleOf>];
    const test = welchTTest(before, now, 0.95);
    return {
      feature,
      baseline: before.mean,
      live: now.mean,
      ratio: before.mean === 0 ? null : now.mean / before.mean,
      difference: now.mean - before.mean,
      interval: test.ok ? test.value.interval : null,
      p_value: test.ok ? test.value.pValue : null,
    };
  });
  const adjusted = holm(found.map(({ p_value }) => p_value));
  return found.map((drift, at) => ({ ...drift, adjusted_p_value: adjusted[at] ?? null }));
}

type Measures = Pick<
  AttributionDrift,
  "ndcg" | "ndcg_p_value" | "total_variation" | "total_variation_p_value"
>;

/** Two orders or divisions that differ by no more than rounding are equal. */
const ROUNDING = 1e-12;

function permuted(
  baseline: ExplanationTable,
  live: ExplanationTable,
  permutations: number,
  random: Random,
): Measures {
  const width = baseline.players.length;
  const magnitudes = new Float64Array(baseline.values.length + live.values.length);
  magnitudes.set(baseline.values.map(Math.abs));
  magnitudes.set(live.values.map(Math.abs), baseline.values.length);
  const rows = baseline.rows + live.rows;
  const order = Int32Array.from({ length: rows }, (_, row) => row);
  const sums = { before: new Float64Array(width), now: new Float64Array(width) };

  function measuresOfOrder(): { ndcg: number; total_variation: number } {
    addRows(sums.before.fill(0), magnitudes, order.subarray(0, baseline.rows));
    addRows(sums.now.fill(0), magnitudes, order.subarray(baseline.rows));
    return {
      ndcg: ndcgOf(sums.before, sums.now),
      total_variation: totalVariation(sums.before, sums.now),
    };
  }

  const observed = measuresOfOrder();
  let [lower, further] = [1, 1];
  for (let permutation = 0; permutation < permutations; permutation += 1) {
    shuffle(order, random);
    const found = measuresOfOrder();
    if (found.ndcg <= observed.ndcg + ROUNDING) lower += 1;
    if (found.total_variation >= observed.total_variation - ROUNDING) further += 1;
  }
  return {
    ndcg: observed.ndcg,
    ndcg_p_value: lower / (permutations + 1),
    total_variation: observed.total_variation,
    total_variation_p_value: further / (permutations + 1),
  };
}

function addRows(sums: Float64Array, matrix: Float64Array, rows: Int32Array): void {
  const width = sums.length;
  for (const row of rows)
    for (let column = 0; column < width; column += 1)
      sums[column] = (sums[column] ?? 0) + (matrix[row * width + column] ?? 0);
}

/** The gain of the order that `now` has, in importances `before`, over that of their own order; 1 where there are none. */
export function ndcgOf(before: Float64Array, now: Float64Array): number {
  const ideal = discounted(before, before);
  return ideal === 0 ? 1 : discounted(before, now) / ideal;
}

/** The sum of `gains` in descending order of `by`, each divided by log2 of its place plus one. Features that tie in `by` keep the order of the input. */
function discounted(gains: Float64Array, by: Float64Array): number {
  const order = [...by.keys()].sort((a, b) => (by[b] ?? 0) - (by[a] ?? 0));
  return order.reduce((sum, player, place) => sum + (gains[player] ?? 0) / Math.log2(place + 2), 0);
}

/** Half the distance between two divisions of 1; one without any importance divides it equally. */
function totalVariation(before: Float64Array, now: Float64Array): number {
  const [all, allNow] = [sumOf(before), sumOf(now)];
  const share = (value: number, total: number): number =>
    total === 0 ? 1 / before.length : value / total;
  return before.reduce(
    (sum, value, at) => sum + Math.abs(share(value, all) - share(now[at] ?? 0, allNow)) / 2,
    0,
  );
}
