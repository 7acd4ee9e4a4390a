import { studentTQuantile } from "../../statistics/student-t.ts";
import type { Game } from "../game.ts";
import type { CoalitionPlan, PlanStage } from "./coalition-plan.ts";

/** Half of what each coalition wins more than its complement. */
export async function pairedWorths(game: Game, masks: Uint8Array): Promise<Float64Array> {
  const pairs = game.players === 0 ? 0 : masks.length / game.players;
  const both = new Uint8Array(2 * masks.length);
  both.set(masks);
  for (let at = 0; at < masks.length; at += 1) both[masks.length + at] = 1 - (masks[at] ?? 0);
  const worths = await game.worth(both, 2 * pairs);
  return Float64Array.from(
    { length: pairs },
    (_, pair) => ((worths[pair] ?? 0) - (worths[pairs + pair] ?? 0)) / 2,
  );
}

/**
 * The values that add up to `gain` and fit best. Of a coalition's value and its complement's, which
 * together make `gain`, only half their difference is unknown, so that a pair is one observation.
 * Each player starts with an equal part of `gain`; the projection gives what comes on top.
 */
export function pairedEstimate(
  plan: CoalitionPlan,
  stage: PlanStage,
  halves: Float64Array,
  gain: number,
): { values: Float64Array; half_widths: Float64Array } {
  const { players, sizes } = plan;
  const projection = stage.projection();
  const targets = Float64Array.from(
    { length: stage.pairs },
    (_, pair) => (halves[pair] ?? 0) - gain * ((sizes[pair] ?? 0) / players - 0.5),
  );
  const above = new Float64Array(players);
  for (let pair = 0; pair < stage.pairs; pair += 1)
    for (let player = 0; player < players; player += 1)
      above[player] =
        (above[player] ?? 0) + (projection[pair * players + player] ?? 0) * (targets[pair] ?? 0);
  return {
    values: above.map((value) => gain / players + value),
    half_widths: halfWidths(plan, stage, scaledResiduals(plan, stage, targets, above)),
  };
}

/** What the fit leaves of each target, larger by the share that the pair itself took of it (MacKinnon & White 1985, HC3). */
function scaledResiduals(
  { players, masks }: CoalitionPlan,
  stage: PlanStage,
  targets: Float64Array,
  above: Float64Array,
): Float64Array {
  const projection = stage.projection();
  return targets.map((target, pair) => {
    let [fitted, leverage] = [0, 0];
    for (let player = 0; player < players; player += 1)
      if (masks[pair * players + player] === 1) {
        fitted += above[player] ?? 0;
        leverage += projection[pair * players + player] ?? 0;
      }
    return (target - fitted) / Math.max(1 - leverage, LEAST_FREE);
  });
}

/** A pair that alone determines a value leaves no residual to scale. */
const LEAST_FREE = 1e-9;

/**
 * Sampling without replacement within each size (Cochran 1977, 5.4): the variances of the sizes add
 * up, with degrees of freedom by Satterthwaite (1946).
 */
function halfWidths(
  { players, sizes }: CoalitionPlan,
  stage: PlanStage,
  residuals: Float64Array,
): Float64Array {
  // In units of the largest residual, so that no square leaves the range of a number.
  const unit = residuals.reduce((most, residual) => Math.max(most, Math.abs(residual)), 0);
  const widths = new Float64Array(players);
  if (unit === 0) return widths;
  const projection = stage.projection();
  const parts = stage.sampled.map(({ size, drawn, of }) => {
    const sums = new Float64Array(players);
    const squares = new Float64Array(players);
    for (let pair = 0; pair < stage.pairs; pair += 1)
      if (sizes[pair] === size)
        for (let player = 0; player < players; player += 1) {
          const moved =
            (projection[pair * players + player] ?? 0) * ((residuals[pair] ?? 0) / unit);
          sums[player] = (sums[player] ?? 0) + moved;
          squares[player] = (squares[player] ?? 0) + moved * moved;
        }
    const scale = ((1 - drawn / of) * drawn) / (drawn - 1);
    const variances = squares.map(
      (square, player) => scale * Math.max(0, square - (sums[player] ?? 0) ** 2 / drawn),
    );
    return { variances, freedom: drawn - 1 };
  });
  for (let player = 0; player < players; player += 1) {
    const variance = parts.reduce((sum, part) => sum + (part.variances[player] ?? 0), 0);
    if (variance === 0) continue;
    const doubt = parts.reduce(
      (sum, { variances, freedom }) => sum + ((variances[player] ?? 0) / variance) ** 2 / freedom,
      0,
    );
    widths[player] = unit * Math.sqrt(variance) * studentTQuantile(0.975, 1 / doubt);
  }
  return widths;
}
