import type { CreateExperiment, SimulateRequest } from "@linnet/sdk";
import { UsageError } from "./exit-codes.ts";
import { parseStep } from "./ramp-step.ts";
import { formatWeight, parseWeight } from "./weight-text.ts";

export type PlanOptions = {
  controlRate?: number;
  variantRate?: number;
  harm?: "higher" | "lower";
  rps?: number;
  step?: string[];
  falseRollbackRate?: number;
  margin?: number;
  replications?: number;
  horizon?: number;
  seed?: string;
};

/** The plan that flags and, below them, the definition of an experiment say. */
export function planOf(options: PlanOptions, spec: Partial<CreateExperiment>): SimulateRequest {
  const { controlRate, variantRate, rps } = options;
  if (controlRate === undefined || variantRate === undefined || rps === undefined)
    throw new UsageError("a simulation needs --control-rate, --variant-rate and --rps");
  const given = {
    harm: options.harm,
    steps: options.step?.map(parsePlannedStep) ?? stepsOf(spec),
    false_rollback_rate: options.falseRollbackRate ?? spec.rollback?.false_rollback_rate,
    degradation_threshold: options.margin ?? spec.rollback?.error_degradation_threshold,
    replications: options.replications,
    horizon_requests: options.horizon,
    seed: options.seed,
  };
  const rates = {
    control_rate: controlRate,
    variant_rate: variantRate,
    requests_per_second: rps,
  };
  return {
    ...rates,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

/** A simulation has nobody to approve a step. */
function parsePlannedStep(text: string) {
  const { approval: _, ...step } = parseStep(text);
  return step;
}

/** The steps of its ramp, or one with the share of its canaries and its minimum sample. */
function stepsOf({
  ramp,
  variants,
  minimum_sample_size = 1_000,
}: Partial<CreateExperiment>): SimulateRequest["steps"] {
  if (ramp)
    return ramp.steps.map(({ weight, hold_seconds, minimum_outcomes }) => ({
      weight,
      // As an experiment has them, which are not those of a simulation.
      hold_seconds: hold_seconds ?? 600,
      minimum_outcomes: minimum_outcomes ?? 0,
    }));
  const canaries = (variants ?? []).filter(
    ({ is_control, is_baseline }) => is_control !== true && is_baseline !== true,
  );
  if (canaries.length === 0) return undefined;
  const units = canaries.reduce((sum, one) => sum + parseWeight(one.traffic_weight ?? "0"), 0n);
  return [{ weight: formatWeight(units), minimum_outcomes: minimum_sample_size }];
}
