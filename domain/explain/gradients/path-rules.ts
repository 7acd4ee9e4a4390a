import { gaussLegendreRule } from "../../statistics/gauss-legendre.ts";

/** Where on the way from 0 to 1 an integrand is looked at, and what each place counts. */
export type PathRule = {
  readonly positions: readonly number[];
  readonly weights: readonly number[];
};

const evenly = (steps: number, at: (step: number) => number, weight = 1 / steps): PathRule => ({
  positions: Array.from({ length: steps }, (_, step) => at(step)),
  weights: Array<number>(steps).fill(weight),
});

/** Both ends and what is between, the ends by half. */
function ended(steps: number, weight: number): PathRule {
  const { positions, weights } = evenly(steps, (step) => step / (steps - 1), weight);
  return {
    positions,
    weights: weights.map((full, step) => (step === 0 || step === steps - 1 ? full / 2 : full)),
  };
}

/**
 * Rules for integrals over [0, 1], by the number of places. `captum_trapezoid` is what captum calls
 * riemann_trapezoid: its weights add up to (n - 1) / n, so that it is here for comparison only.
 */
export const PATH_RULES = {
  gauss_legendre: (steps: number): PathRule => {
    const { nodes, weights } = gaussLegendreRule(steps);
    return {
      positions: nodes.map((node) => (1 + node) / 2),
      weights: weights.map((weight) => weight / 2),
    };
  },
  trapezoid: (steps: number): PathRule => ended(steps, 1 / (steps - 1)),
  riemann_left: (steps: number): PathRule => evenly(steps, (step) => step / steps),
  riemann_middle: (steps: number): PathRule => evenly(steps, (step) => (step + 0.5) / steps),
  riemann_right: (steps: number): PathRule => evenly(steps, (step) => (step + 1) / steps),
  captum_trapezoid: (steps: number): PathRule => ended(steps, 1 / steps),
} as const;
export type PathRuleName = keyof typeof PATH_RULES;
