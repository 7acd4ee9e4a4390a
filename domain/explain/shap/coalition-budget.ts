import { ExplainFault } from "../explain-fault.ts";

/** More than this many coalitions would not fit beside a model. */
const MOST_COALITIONS = 2 ** 20;
/** Coalitions times players that a regression holds as numbers: 32 MiB. */
const MOST_NUMBERS = 2 ** 22;

/**
 * How many coalitions an explainer may run besides the empty and the full one. "auto" is
 * 2 * players + 2,048, the default of Lundberg's shap. Never more than there are. Throws
 * `ExplainFault` (option_invalid).
 */
export function coalitionBudget(players: number, samples: number | "auto" = "auto"): number {
  const asked = samples === "auto" ? 2 * players + 2_048 : samples;
  if (!Number.isInteger(asked) || asked < 1 || asked > MOST_COALITIONS)
    throw new ExplainFault(
      "option_invalid",
      `samples is ${samples}, and has to be "auto" or a whole number of coalitions from 1 to ${MOST_COALITIONS}`,
      "samples",
    );
  return players < 31 ? Math.max(0, Math.min(asked, 2 ** players - 2)) : asked;
}

/** Throws `ExplainFault` (option_invalid) where so many observations of the players are too much for a regression. */
export function refuseTooMany(players: number, observations: number): void {
  if (players * observations <= MOST_NUMBERS) return;
  throw new ExplainFault(
    "option_invalid",
    `a regression of ${players} players on ${observations} coalitions would hold ${players * observations} numbers, and ${MOST_NUMBERS} is the most: ` +
      "take fewer samples, group features, or cut the input into segments",
    "samples",
  );
}
