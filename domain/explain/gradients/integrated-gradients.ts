import type { Estimates } from "../estimate.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Background, Groups } from "../game.ts";
import type { RowLayout, Rows } from "../rows.ts";
import { namedOption, wholeOption } from "../segments/option-checks.ts";
import { eachGradient, ownersOf, refuseOddNumbers } from "./each-gradient.ts";
import { PATH_RULES, type PathRuleName } from "./path-rules.ts";
import type { ScoreGradient } from "./score-gradient.ts";

export type IntegratedGradientsOptions = {
  /** Where the ways to the instance begin: one row, or several, whose contributions are averaged by their weights. */
  baseline: Background;
  rule?: PathRuleName;
  /** Places at which a way is looked at; at least 2 for a trapezoid. */
  steps?: number;
  /** Beyond `steps` their number doubles up to this one, for whoever asks for a smaller residual. */
  max_steps?: number;
  /** Whose numbers get one contribution together: the sum of theirs. */
  groups?: Groups;
};

const STEPS = 50;
const MOST_STEPS = 4_096;
const FEWEST_FIRST = 8;
const COARSER = 4;

/**
 * Integrated gradients (Sundararajan, Taly & Yan 2017): (x - b) times the mean slope on the straight
 * way from a baseline b to the instance x, by a quadrature rule. What `residualOf` leaves is the
 * error of the quadrature: contributions add up to score(x) - score(b) but for it. A first estimate
 * takes few steps, so that all of them together cost a third more than the last at most.
 */
export async function* integratedGradients(
  gradient: ScoreGradient,
  layout: RowLayout,
  instance: Rows,
  options: IntegratedGradientsOptions,
): Estimates {
  const { baseline, rule = "gauss_legendre", groups } = options;
  const ruleOf = namedOption("rule", PATH_RULES, rule);
  const least = rule.endsWith("trapezoid") ? 2 : 1;
  const steps = wholeOption("steps", options.steps ?? STEPS, least, MOST_STEPS);
  const most = wholeOption("max_steps", options.max_steps ?? steps, steps, MOST_STEPS);
  if (baseline.count === 0)
    throw new ExplainFault("background_missing", "integrated gradients need a baseline row");
  refuseOddNumbers(layout, instance, 1);
  refuseOddNumbers(layout, baseline.rows, baseline.count);
  const { players, owners } = ownersOf(layout, groups);

  const {
    scores: [prediction = 0],
  } = await gradient.run(instance, 1);
  const { scores } = await gradient.run(baseline.rows, baseline.count);
  const base = scores.reduce((sum, score, row) => sum + score * (baseline.weights[row] ?? 0), 0);
  let rows = 1 + baseline.count;
  for (const places of levelsOf(steps, most)) {
    const path = ruleOf(places);
    const values = new Float64Array(players);
    await eachGradient(gradient, layout, places * baseline.count, {
      make: (row, numbers, at) => {
        const position = path.positions[row % places] ?? 0;
        const start = Math.floor(row / places) * layout.size;
        for (let element = 0; element < layout.size; element += 1) {
          const from = baseline.rows[start + element] ?? 0;
          numbers[at + element] = from + position * ((instance[element] ?? 0) - from);
        }
      },
      take: (row, slopes, at) => {
        const begun = Math.floor(row / places);
        const weight = (path.weights[row % places] ?? 0) * (baseline.weights[begun] ?? 0);
        const start = begun * layout.size;
        for (let element = 0; element < layout.size; element += 1) {
          const owner = owners[element] ?? -1;
          if (owner < 0) continue;
          const way = (instance[element] ?? 0) - (baseline.rows[start + element] ?? 0);
          values[owner] = (values[owner] ?? 0) + weight * way * (slopes[at + element] ?? 0);
        }
      },
    });
    rows += places * baseline.count;
    yield { base, prediction, values, half_widths: null, rows };
  }
}

/** Fewer steps first, each time a quarter; beyond those asked for, twice as many each time. */
function levelsOf(steps: number, most: number): number[] {
  const levels = [steps];
  for (let fewer = steps / COARSER; fewer >= FEWEST_FIRST; fewer /= COARSER)
    levels.unshift(Math.floor(fewer));
  for (let more = steps; more < most;) {
    more = Math.min(most, 2 * more);
    levels.push(more);
  }
  return levels;
}
