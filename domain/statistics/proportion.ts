import type { Degenerate } from "./degenerate.ts";

/** A counted rate: 0 <= successes <= trials. */
export type Proportion = { successes: number; trials: number };

export const rate = ({ successes, trials }: Proportion): number => successes / trials;

export const failures = ({ successes, trials }: Proportion): Proportion => ({
  successes: trials - successes,
  trials,
});

/** The variant's rate less the control's, over the product of the trials so that whole counts cancel exactly. */
export function rateDifference(control: Proportion, variant: Proportion): number {
  const numerator = variant.successes * control.trials - control.successes * variant.trials;
  return numerator / (control.trials * variant.trials);
}

/** Cohen's h (Cohen 1988): the difference of the arcsine-transformed rates, positive when the variant's is higher. */
export const cohenH = (control: Proportion, variant: Proportion): number =>
  2 * Math.asin(Math.sqrt(rate(variant))) - 2 * Math.asin(Math.sqrt(rate(control)));

/** Why there is no rate here, or null. */
export function degeneracy({ successes, trials }: Proportion): Degenerate["code"] | null {
  if (trials === 0) return "no_observations";
  return successes >= 0 && successes <= trials && Number.isFinite(trials) ? null : "invalid_sample";
}
