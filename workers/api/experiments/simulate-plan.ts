import type * as z from "zod";
import type { SimulateRequest, SimulationReport } from "../../../contract/experiment-plan.ts";
import { readWeight } from "../../../domain/experiments/define.ts";
import { simulateExperiment } from "../../../domain/experiments/simulate.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { ApiProblem } from "../http/problem.ts";

/** Replications times horizon that fit into the time a Worker has. */
const MOST_REQUESTS = 100_000_000;

/** Plays the plan here, without any actor. */
export function simulatePlan({
  steps,
  false_rollback_rate,
  degradation_threshold,
  ...plan
}: z.output<typeof SimulateRequest>): SimulationReport {
  if (plan.replications * plan.horizon_requests > MOST_REQUESTS)
    throw refused(
      "#/replications",
      `replications times horizon_requests is at most ${MOST_REQUESTS}; ask for fewer`,
    );
  const shares = steps.map(({ weight, ...step }, index) => {
    const units = readWeight(weight, `#/steps/${index}/weight`);
    if (!units.ok) throw refused(units.error.pointer, units.error.detail);
    // A ramp's step needs an outcome, too, even where it names no number.
    const minimum_outcomes = Math.max(1, step.minimum_outcomes);
    return { ...step, minimum_outcomes, share: units.value / WHOLE };
  });
  const rule = { alpha: false_rollback_rate, margin: 1 + degradation_threshold };
  const played = simulateExperiment({ ...plan, steps: shares, rule });
  if (!played.ok) throw refused(played.error.pointer, played.error.detail);
  return { ...played.value, replications: plan.replications, seed: plan.seed };
}

const refused = (pointer: string, detail: string): ApiProblem =>
  new ApiProblem("invalid_request", detail, { errors: [{ pointer, detail }] });
