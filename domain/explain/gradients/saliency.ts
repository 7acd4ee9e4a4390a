import type { Estimates } from "../estimate.ts";
import type { Groups } from "../game.ts";
import type { RowLayout, Rows } from "../rows.ts";
import { ownersOf, refuseOddNumbers } from "./each-gradient.ts";
import type { ScoreGradient } from "./score-gradient.ts";

/**
 * The slope of the score in each number of the instance (Simonyan, Vedaldi & Zisserman 2014): what a
 * small change of it does, in units of the score per unit of the input. The values do not add up to
 * anything; `base` is 0.
 */
export async function* saliency(
  gradient: ScoreGradient,
  layout: RowLayout,
  instance: Rows,
): Estimates {
  refuseOddNumbers(layout, instance, 1);
  const { scores, gradients } = await gradient.run(instance, 1);
  const [prediction = 0] = scores;
  const values = Float64Array.from(gradients);
  yield { base: 0, prediction, values, half_widths: new Float64Array(values.length), rows: 1 };
}

/**
 * Each number of the instance times the slope in it: what it contributes, compared with 0, if the
 * score were linear. `base` is 0: only for a linear score without a constant do they add up to it.
 */
export async function* inputXGradient(
  gradient: ScoreGradient,
  layout: RowLayout,
  instance: Rows,
  options: { groups?: Groups } = {},
): Estimates {
  refuseOddNumbers(layout, instance, 1);
  const { players, owners } = ownersOf(layout, options.groups);
  const { scores, gradients } = await gradient.run(instance, 1);
  const [prediction = 0] = scores;
  const values = new Float64Array(players);
  for (const [element, owner] of owners.entries())
    if (owner >= 0)
      values[owner] = (values[owner] ?? 0) + (instance[element] ?? 0) * (gradients[element] ?? 0);
  yield { base: 0, prediction, values, half_widths: new Float64Array(players), rows: 1 };
}
