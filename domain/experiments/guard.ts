import { isCanary } from "./arm-role.ts";
import { betaBinomialEvidence } from "../statistics/beta-binomial-sequence.ts";
import { meanEvidence } from "../statistics/e-values.ts";
import { eventShareTest } from "../statistics/event-share-test.ts";
import { degradationEvidence, quantileEvidence } from "./degradation-evidence.ts";
import type { ExperimentDefinition, RollbackPolicy, Variant } from "./experiment.ts";
import { doCallersReport, kindOf, lowerIsBetter, quantileOf, valueOf } from "./metric.ts";
import { errorRate } from "./request-counts.ts";
import type { EpochWeights } from "./sample-ratio.ts";
import { type Stratum, strataOf } from "./strata.ts";
import { armTotals, type Cell, cellsByEpoch, noTotals, type Totals } from "./totals.ts";

/** One guardrail of one canary. */
export type Verdict = {
  variant_id: string;
  guardrail: string;
  method: "beta_binomial" | "event_share" | "quantile" | "confidence_sequence";
  value: number | null;
  /** The value of the arm that it is compared with. */
  control_value: number | null;
  /** What the value must not be worse than, as far as the control's value tells. */
  limit: number | null;
  /** The natural logarithm of the e-value against "no worse than the limit"; 0 without evidence. */
  log_e_value: number;
  /** The value as it was observed is beyond the limit, with enough requests to look at. */
  degraded: boolean;
  requests: number;
};

export type Breach = Verdict & { rule: "always_valid" | "threshold" };

export type GuardReport = {
  verdicts: Verdict[];
  /**
   * Of the mean of all e-values, which is one for "no canary is worse than any limit": it passes
   * the threshold in at most a share `false_rollback_rate` of experiments in which that is true,
   * however often it is asked and however the guardrails depend on each other.
   */
  log_e_value: number;
  log_threshold: number;
  /**
   * What stops a ramp before it is sure enough for a rollback: half of the evidence that takes, as
   * a logarithm, which at most the square root of `false_rollback_rate` of harmless experiments
   * ever show. Observed values, where the rule goes by them; they pass a limit now and then in most
   * harmless experiments.
   */
  degraded: boolean;
  breach: Breach | null;
};

type Judged = Pick<ExperimentDefinition, "variants" | "rollback" | "guardrail_metrics">;
const DEFAULT_MARGIN = 0.1;
const SMALLEST_RATE = 1e-9;

/** Looks at every guardrail of every canary, epoch by epoch. */
export function judge(
  { variants, rollback, guardrail_metrics }: Judged,
  cells: readonly Cell[],
  epochs: readonly EpochWeights[],
): GuardReport {
  const arms = armTotals(cells, variants.length);
  const counted = cellsByEpoch(cells);
  const callersReport = doCallersReport(arms);
  const compared = comparedArm(variants, rollback.compare_with);
  const verdicts: Verdict[] = [];
  for (const [index, arm] of variants.entries()) {
    if (!isCanary(arm)) continue;
    const { variant_id } = arm;
    const variant = arms[index] ?? noTotals;
    const against = arms[compared] ?? noTotals;
    const strata = strataOf(counted, epochs, index, compared);
    const asked = { variant_id, variant, against, strata, rollback, callersReport };
    verdicts.push(absoluteErrors(asked), relativeErrors(asked));
    for (const metric of guardedMetrics(guardrail_metrics)) verdicts.push(relative(asked, metric));
  }
  const log_e_value = meanEvidence(verdicts.map((verdict) => verdict.log_e_value)) ?? 0;
  const log_threshold = -Math.log(rollback.false_rollback_rate);
  const breach = breachOf(rollback, verdicts, log_e_value >= log_threshold);
  const isSeenWorse = rollback.rule !== "always_valid" && verdicts.some(isDegraded);
  const degraded = isSeenWorse || log_e_value >= log_threshold / 2;
  return { verdicts, log_e_value, log_threshold, degraded, breach };
}

/** The index of the arm that canaries are compared with: without a baseline it is the control. */
export function comparedArm(
  variants: readonly Pick<Variant, "is_control" | "is_baseline">[],
  compare_with: RollbackPolicy["compare_with"],
): number {
  const baseline = variants.findIndex(({ is_baseline }) => is_baseline);
  const control = variants.findIndex(({ is_control }) => is_control);
  return compare_with === "baseline" && baseline !== -1 ? baseline : control;
}

function breachOf(
  { rule, min_requests }: RollbackPolicy,
  verdicts: readonly Verdict[],
  isProven: boolean,
): Breach | null {
  if (rule !== "threshold" && isProven) {
    const worst = verdicts.reduce((worst, verdict) =>
      verdict.log_e_value > worst.log_e_value ? verdict : worst,
    );
    return { ...worst, rule: "always_valid" };
  }
  if (rule === "always_valid") return null;
  // The relative growth of errors is a finding of statistics; the raw rule knows the absolute rate.
  const broken = verdicts.find(
    ({ degraded, requests, method }) =>
      degraded && requests >= min_requests && method !== "event_share",
  );
  return broken ? { ...broken, rule: "threshold" } : null;
}

const isDegraded = ({ degraded }: Verdict): boolean => degraded;

type Asked = {
  variant_id: string;
  variant: Totals;
  against: Totals;
  strata: readonly Stratum[];
  rollback: RollbackPolicy;
  callersReport: boolean;
};

/** Failures to serve are of all requests, and reported failures of the reported ones: two rates. */
function absoluteErrors({ variant_id, variant, against, rollback }: Asked): Verdict {
  const { error_rate_threshold: limit } = rollback;
  const { requests, errors, reported, reported_errors } = variant.counts;
  const nullRate = Math.max(SMALLEST_RATE, limit);
  const evidence = (successes: number, trials: number): number => {
    if (trials === 0 || nullRate >= 1) return 0;
    const tested = betaBinomialEvidence({ successes, trials }, nullRate, "larger");
    return tested.ok ? tested.value : 0;
  };
  const parts = [evidence(errors - reported_errors, requests), evidence(reported_errors, reported)];
  const judged = errorRate(variant.counts, fewestOf(rollback));
  return {
    variant_id,
    guardrail: "error_rate",
    method: "beta_binomial",
    value: errorRate(variant.counts),
    control_value: errorRate(against.counts),
    limit,
    log_e_value: meanEvidence(parts) ?? 0,
    degraded: judged !== null && judged > limit,
    requests,
  };
}

function relativeErrors(asked: Asked): Verdict {
  const { variant_id, variant, against, strata, rollback } = asked;
  const margin = 1 + marginOf(rollback, "error_rate");
  const events = strata.map(({ variant, control, share }) => ({
    // A heavy user makes an arm's requests more than its weight; the larger share is the safer null.
    share: Math.max(share, requestShare(variant, control)),
    events_variant: variant.counts.errors,
    events_control: control.counts.errors,
  }));
  const tested = eventShareTest(events, margin);
  const value = errorRate(variant.counts, fewestOf(rollback));
  const control_value = errorRate(against.counts);
  const limit = control_value === null ? null : control_value * margin;
  return {
    variant_id,
    guardrail: "error_rate",
    method: "event_share",
    value: errorRate(variant.counts),
    control_value,
    limit,
    log_e_value: tested.ok ? tested.value.logEValue : 0,
    degraded: isWorse(value, limit, "error_rate", against, rollback),
    requests: variant.counts.requests,
  };
}

/** A metric against the compared arm's, with its margin. */
function relative(asked: Asked, metric: string): Verdict {
  const { variant_id, variant, against, strata, rollback, callersReport } = asked;
  const margin = marginOf(rollback, metric);
  const control_value = valueOf(against, metric, callersReport);
  const value = valueOf(variant, metric, callersReport);
  const tolerated = (lowerIsBetter(metric) ? margin : -margin) * Math.abs(control_value ?? 0);
  const limit = control_value === null ? null : control_value + tolerated;
  const { requests } = variant.counts;
  const q = quantileOf(metric);
  const enough = requests >= fewestOf(rollback) ? value : null;
  const seen = { variant_id, guardrail: metric, value, control_value, limit, requests };
  const degraded = isWorse(enough, limit, metric, against, rollback);
  if (q !== null) {
    return {
      ...seen,
      method: "quantile",
      log_e_value: quantileEvidence(strata, q, margin),
      degraded,
    };
  }
  const kind = kindOf(metric, [variant, against]);
  const log_e_value = degradationEvidence(strata, { metric, kind, margin, callersReport });
  return { ...seen, method: "confidence_sequence", log_e_value, degraded };
}

const isWorse = (
  value: number | null,
  limit: number | null,
  metric: string,
  against: Totals,
  rollback: RollbackPolicy,
): boolean =>
  value !== null &&
  limit !== null &&
  against.counts.requests >= fewestOf(rollback) &&
  (lowerIsBetter(metric) ? value > limit : value < limit);

/** Nobody without requests is judged, whatever the policy says. */
const fewestOf = ({ min_requests }: RollbackPolicy): number => Math.max(1, min_requests);

/** The error rate is judged by rules of its own. */
const guardedMetrics = (named: readonly string[]): string[] =>
  [...new Set(["latency_p95_ms", ...named])].filter((metric) => metric !== "error_rate");

/** The tolerated relative degradation of a metric. */
export function marginOf(rollback: RollbackPolicy, metric: string): number {
  const { guardrail_margins } = rollback;
  if (Object.hasOwn(guardrail_margins, metric)) return guardrail_margins[metric] ?? 0;
  if (metric === "error_rate") return rollback.error_degradation_threshold;
  if (metric === "latency_p95_ms") return rollback.latency_degradation_threshold;
  return DEFAULT_MARGIN;
}

function requestShare(variant: Totals, control: Totals): number {
  const both = variant.counts.requests + control.counts.requests;
  return both === 0 ? 0 : variant.counts.requests / both;
}

/** The breach as a sentence for events, logs and the reply. */
export function describeBreach({ guardrail, value, limit, control_value, requests, rule }: Breach) {
  const written = guardrail === "error_rate" ? percent : plain(guardrail);
  const against = control_value === null ? "" : ` (control ${written(control_value)})`;
  const beyond = lowerIsBetter(guardrail) ? "over" : "under";
  const surely = rule === "always_valid" ? "surely " : "";
  const name = guardrail.replaceAll("_", " ").replace(/ ms$/, "");
  return `${name} ${written(value ?? 0)}${against} is ${surely}${beyond} ${written(limit ?? 0)} after ${requests} requests`;
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const plain =
  (metric: string) =>
  (value: number): string =>
    metric.startsWith("latency") ? `${value.toFixed(1)} ms` : String(Number(value.toPrecision(4)));
