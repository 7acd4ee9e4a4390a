import { fail, ok, type Result } from "../result.ts";
import type { IntervalMethod } from "../statistics/difference-interval.ts";
import { benjaminiHochberg, holm } from "../statistics/multiple-testing.ts";
import { betterment, type Comparison, sampleSizeOf } from "./analysis-comparison.ts";
import { fittingTests, fixedTest, type FixedTest, type TestMethod } from "./analysis-fixed-test.ts";
import { guardrailResult, type GuardrailResult } from "./analysis-guardrails.ts";
import { isNegligible, powerOf, type PowerResult } from "./analysis-power.ts";
import { type Sequential, sequentialDifference } from "./analysis-sequential.ts";
import {
  cupedResult,
  type CupedResult,
  pooledDiffers,
  type Stratified,
  stratifiedResult,
} from "./analysis-stratified.ts";
import type { ExperimentDefinition, RollbackPolicy } from "./experiment.ts";
import { comparedArm, type GuardReport, judge, marginOf, type Verdict } from "./guard.ts";
import { doCallersReport, kindOf, valueOf } from "./metric.ts";
import { type EpochWeights, sampleRatio, type SampleRatioReport } from "./sample-ratio.ts";
import { strataOf } from "./strata.ts";
import { armTotals, type Cell, cellsByEpoch, noTotals } from "./totals.ts";

export type Action = "continue" | "conclude_winner" | "conclude_no_difference";

/** What to do; the winner is the better arm, which may be the one compared with. */
export type Advice = { recommended_action: Action; winner: string | null };

export type SignificanceResult = FixedTest &
  Advice & {
    variant_id: string;
    metric: string;
    control_value: number | null;
    variant_value: number | null;
    is_significant: boolean;
    sample_size_adequate: boolean;
    /** Over all variants of the answer. */
    adjusted_p_value: { holm: number | null; benjamini_hochberg: number | null };
    sequential: Sequential & Advice & { adjusted_p_value: number | null };
    stratified: Stratified;
    pooled_differs: boolean;
    power: PowerResult;
    cuped: CupedResult;
  };

export type AnalysisOptions = {
  metric: string;
  confidence_level: number;
  interval: IntervalMethod;
  test: "auto" | TestMethod;
  /** Of the results; guardrails are compared as the rollback policy says. */
  compare_with: RollbackPolicy["compare_with"];
};

export type Analysis = {
  /** The arm that all others are compared with. */
  compared_variant_id: string;
  results: SignificanceResult[];
  guardrails: GuardrailResult[];
  sample_ratio: SampleRatioReport;
  evidence: Pick<GuardReport, "log_e_value" | "log_threshold"> & {
    false_rollback_rate: number;
    /** All that was judged, of which the evidence is the mean. */
    verdicts: Verdict[];
  };
};

export type AnalysisError = {
  code: "test_unfit" | "baseline_missing";
  pointer: string;
  detail: string;
};

export type Analysed = Pick<
  ExperimentDefinition,
  "variants" | "rollback" | "guardrail_metrics" | "minimum_sample_size" | "primary_metric"
>;

/**
 * Compares every variant with the control, or every canary with the baseline, on one metric.
 *
 * What stands in a result itself is the textbook's: of all that was counted, two-sided, for one look
 * at a sample size fixed beforehand and for one variant. `sequential` holds however often it is
 * looked at, is stratified by epoch, and has its p-values adjusted for the number of variants (Holm
 * 1979): automation is to read its action.
 *
 * Either says `conclude_winner` when its p-value is below 1 - confidence_level, `conclude_no_difference`
 * when its interval excludes every difference of 5% of the control's value or more, and neither before
 * each arm has `minimum_sample_size` observations of the metric. Otherwise it is `continue`: too
 * little data for a difference is not a sign that there is none.
 *
 * Fails with `test_unfit` where the metric has no such test, and with `baseline_missing`.
 */
export function analyse(
  definition: Analysed,
  { cells, epochs }: { cells: readonly Cell[]; epochs: readonly EpochWeights[] },
  options: AnalysisOptions,
): Result<Analysis, AnalysisError> {
  const { variants, rollback } = definition;
  const { metric, compare_with, test, confidence_level } = options;
  const arms = armTotals(comparableCells(cells, epochs), variants.length);
  const callersReport = doCallersReport(arms);
  const fitting = fittingTests(metric, kindOf(metric, arms));
  if (test !== "auto" && !fitting.includes(test)) return fail(unfit(metric, fitting));
  if (compare_with === "baseline" && !variants.some(({ is_baseline }) => is_baseline))
    return fail(baselineMissing);

  const counted = cellsByEpoch(cells);
  const compare = (name: string, index: number, against: number): Comparison => ({
    metric: name,
    kind: kindOf(name, arms),
    callersReport,
    control: arms[against] ?? noTotals,
    variant: arms[index] ?? noTotals,
    strata: strataOf(counted, epochs, index, against),
    confidenceLevel: confidence_level,
  });
  const against = comparedArm(variants, compare_with);
  const compared_variant_id = variants[against]?.variant_id ?? "";
  const rows = variants.flatMap(({ variant_id, is_control }, index) =>
    is_control || index === against
      ? []
      : [{ variant_id, comparison: compare(metric, index, against) }],
  );

  const guard = judge(definition, cells, epochs);
  const guarded = comparedArm(variants, rollback.compare_with);
  const guardrails = variants.flatMap(({ variant_id, is_control, is_baseline }, index) =>
    is_control || is_baseline
      ? []
      : definition.guardrail_metrics.map((name) =>
          guardrailResult(
            compare(name, index, guarded),
            variant_id,
            marginOf(rollback, name),
            guard.verdicts.find((verdict) => isAbout(verdict, variant_id, name)),
          ),
        ),
  );
  return ok({
    compared_variant_id,
    results: resultsOf(rows, compared_variant_id, definition, options),
    guardrails,
    sample_ratio: sampleRatio(cells, epochs),
    evidence: {
      log_e_value: guard.log_e_value,
      log_threshold: guard.log_threshold,
      false_rollback_rate: rollback.false_rollback_rate,
      verdicts: guard.verdicts,
    },
  });
}

type Row = { variant_id: string; comparison: Comparison };

function resultsOf(
  rows: readonly Row[],
  compared_variant_id: string,
  { minimum_sample_size, primary_metric }: Analysed,
  options: AnalysisOptions,
): SignificanceResult[] {
  const tests = rows.map(({ comparison }) => fixedTest(comparison, options));
  const sequences = rows.map(({ comparison }) => sequentialDifference(comparison));
  const pValues = tests.map(({ p_value }) => p_value);
  const adjusted = { holm: holm(pValues), benjamini_hochberg: benjaminiHochberg(pValues) };
  const adjustedSequences = holm(sequences.map(({ p_value }) => p_value));
  const alpha = 1 - options.confidence_level;
  return rows.flatMap(({ variant_id, comparison }, at): SignificanceResult[] => {
    const [test, sequence] = [tests[at], sequences[at]];
    if (!test || !sequence) return [];
    const { metric, callersReport, control, variant } = comparison;
    const control_value = valueOf(control, metric, callersReport);
    const isAdequate = sampleSizeOf(comparison) >= minimum_sample_size;
    const advise = (found: Evidence): Advice => {
      const unsettled: Advice = { recommended_action: "continue", winner: null };
      if (found.p_value === null || !isAdequate) return unsettled;
      if (found.p_value < alpha) {
        const isBetter = betterment(metric, found.direction) > 0;
        const winner = isBetter ? variant_id : compared_variant_id;
        return { recommended_action: "conclude_winner", winner };
      }
      return isNegligible(found.interval, control_value)
        ? { recommended_action: "conclude_no_difference", winner: null }
        : unsettled;
    };
    const { direction, ...fixed } = test;
    const { direction: sequentialDirection, ...sequential } = sequence;
    const stratified = stratifiedResult(comparison);
    const adjusted_p_value = adjustedSequences[at] ?? null;
    return [
      {
        variant_id,
        metric,
        ...fixed,
        control_value,
        variant_value: valueOf(variant, metric, callersReport),
        is_significant: fixed.p_value !== null && fixed.p_value < alpha,
        sample_size_adequate: isAdequate,
        ...advise({ ...fixed, interval: fixed.confidence_interval, direction }),
        adjusted_p_value: {
          holm: adjusted.holm[at] ?? null,
          benjamini_hochberg: adjusted.benjamini_hochberg[at] ?? null,
        },
        sequential: {
          ...sequential,
          adjusted_p_value,
          ...advise({ ...sequential, p_value: adjusted_p_value, direction: sequentialDirection }),
        },
        stratified,
        pooled_differs: pooledDiffers(comparison, stratified),
        power: powerOf(comparison),
        cuped: cupedResult(comparison, primary_metric),
      },
    ];
  });
}

type Evidence = {
  p_value: number | null;
  interval: [low: number, high: number] | null;
  /** Positive when the variant's value is the higher. */
  direction: number;
};

/** Of the two verdicts on the error rate, the one that compares it. */
const isAbout = (verdict: Verdict, variantId: string, metric: string): boolean =>
  verdict.variant_id === variantId &&
  verdict.guardrail === metric &&
  verdict.method !== "beta_binomial";

const unfit = (metric: string, fitting: readonly TestMethod[]): AnalysisError => ({
  code: "test_unfit",
  pointer: "#/query/test",
  detail: `${metric} can be tested by ${fitting.join(" or ")}, or by auto`,
});

const baselineMissing: AnalysisError = {
  code: "baseline_missing",
  pointer: "#/query/compare_with",
  detail: "no variant of this experiment is a baseline",
};

/** Without those of epochs in which a status, and not the ledger, sent everybody to one variant. */
function comparableCells(cells: readonly Cell[], epochs: readonly EpochWeights[]): Cell[] {
  const others = new Set(
    epochs.filter(({ status }) => status !== "running").map(({ epoch }) => epoch),
  );
  return cells.filter(({ epoch }) => !others.has(epoch));
}
