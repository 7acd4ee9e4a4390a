import { ExplainFault } from "../explain-fault.ts";

/** More than this many coalitions would not fit beside a model. */
const MOST_COALITIONS = 2 ** 20;

/**
 * How many coalitions an explainer may run besides the empty and the full one. "auto" is
 * 2 * players + 2,048, the default of Lundberg's shap. Never more than there are.
 */
export function coalitionBudget(players: number, samples: number | "auto" = "auto"): number {
  const asked = samples === "auto" ? 2 * players + 2_048 : samples;
  if (!Number.isInteger(asked) || asked < 1 || asked > MOST_COALITIONS)
    throw new ExplainFault(
      "option_invalid",
      `samples is ${samples}, and has to be "auto" or a whole number of coalitions from 1 to ${MOST_COALITIONS}`,
      "samples",
    );
  return players < 31 ? Math.min(asked, 2 ** players - 2) : asked;
}
