import type { PlottedExplanation } from "../../../../../domain/explain/plots/plot-explanation.ts";
import { summariseExplanations } from "../../../../../domain/explain/engine/summarise-explanations.ts";
import type { PlottedGlobal } from "../../../../../domain/explain/plots/plot-global.ts";
import type { Explained } from "../../../../../domain/explain/explanation.ts";
import { seededRandom } from "../../../../../domain/statistics/random.ts";

export type Sample = Partial<Explained>;

/** An explanation of a table by an additive method, with `changes` to it. */
export function explainedBy(changes: Sample = {}): Explained & PlottedExplanation {
  const contributions = changes.feature_contributions ?? [
    contribution("radius", 0.3, 17.99, [0.2, 0.4]),
    contribution("texture", -0.1, 10.38, [-0.15, -0.05]),
    contribution("area", 0.05, 1001, [0.05, 0.05]),
  ];
  const base = changes.base_prediction ?? 0.25;
  return {
    model: "wdbc",
    model_version: 3,
    method: "permutation",
    method_version: 1,
    explanation_type: "shap",
    target: { output: "probabilities", index: 1, class_name: "malignant" },
    base_prediction: base,
    actual_prediction: contributions.reduce((sum, one) => sum + one.contribution, base),
    players: "features",
    feature_contributions: contributions,
    feature_count: contributions.length,
    top_positive_features: [],
    top_negative_features: [],
    residual: 0,
    seed: 0,
    model_rows: 100,
    stopped: "complete",
    interactions: null,
    fit: null,
    map: null,
    input: null,
    words: null,
    attention: null,
    counterfactual: null,
    notes: [],
    ...changes,
  };
}

export const contribution = (
  feature_name: string,
  much: number,
  feature_value: number | string | null = null,
  confidence_interval: [number, number] | null = null,
): Explained["feature_contributions"][number] => ({
  feature_name,
  feature_value,
  contribution: much,
  confidence_interval,
});

/** So many features with contributions from a seed. */
export function manyFeatures(count: number, size = 1): Explained["feature_contributions"] {
  const random = seededRandom(`features ${count}`);
  return Array.from({ length: count }, (_, at) =>
    contribution(`feature ${at}`, size * random.normal(), random.normal()),
  );
}

/** Rows of three features, the second without a value here and there; the effect of the first depends on the third. */
export function globalOf(rows = 60): PlottedGlobal {
  const random = seededRandom("rows");
  const explanations = Array.from({ length: rows }, (_, row) => {
    const [a, b, c] = [random.normal(), random.normal(), random.normal()];
    return explainedBy({
      feature_contributions: [
        contribution("first", 2 * a + a * c, a),
        contribution("second", b, row % 7 === 0 ? null : b),
        contribution("third", 0.2 * c, c),
      ],
    });
  });
  const request = {
    aggregation_method: "mean",
    dependence: null,
    prediction_bins: null,
    top_k: 2,
  } as const;
  return { ...summariseExplanations(explanations, request), model: "wdbc", model_version: 3 };
}
