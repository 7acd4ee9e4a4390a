import { ExplainFault } from "../explain-fault.ts";
import type { Explained, Method, ExplanationType } from "../explanation.ts";
import {
  aggregateImportance,
  type FeatureImportance,
  type ImportanceMeasure,
} from "../summary/aggregate-importance.ts";
import { dependenceOn, type Dependence } from "../summary/dependence.ts";
import {
  tableOf,
  type ExplanationRow,
  type ExplanationTable,
} from "../summary/explanation-table.ts";
import {
  correlatedContributions,
  meanInteractions,
  type PairStrength,
} from "../summary/interactions-of.ts";
import { segmentByPrediction, type PredictionSegment } from "../summary/segment-by-prediction.ts";
import { stabilityOf } from "../summary/stability.ts";

export type GlobalRequest = {
  aggregation_method: ImportanceMeasure;
  /** Features whose dependence is told; null: the most important ones. */
  dependence: readonly { feature: string; interaction_feature?: string | undefined }[] | null;
  /** Ascending edges of the segments; null: quarters of the rows by their predictions. */
  prediction_bins: readonly number[] | null;
  top_k: number;
};

/** What a model goes by, over many rows. */
export type GlobalExplained = {
  method: Method;
  method_version: number;
  explanation_type: ExplanationType;
  aggregation_method: ImportanceMeasure;
  sample_count: number;
  seed: number;
  /** By name, the most important first. */
  feature_importances: Record<string, number>;
  importances: FeatureImportance[];
  interactions: {
    measure: "interaction_values" | "correlated_contributions";
    pairs: PairStrength[];
  };
  stability: { top_k: number; shares: Record<string, number>; agreement: number | null };
  segments: PredictionSegment[];
  dependence: Dependence[];
  /** The rows themselves, as a beeswarm shows them: the most important features of the first rows. */
  points: { feature: string; values: (number | null)[]; contributions: number[] }[];
  model_rows: number;
  notes: string[];
};

const DEPENDENCE_FEATURES = 3;
const BEESWARM_FEATURES = 20;
const BEESWARM_ROWS = 500;

/**
 * What the explanations of many rows come to together. Throws `ExplainFault` (option_invalid) where
 * they are not of the same features by the same method.
 */
export function summariseExplanations(
  explanations: readonly Explained[],
  request: GlobalRequest,
): GlobalExplained {
  const { first, table } = tableFrom(explanations);
  const importance = aggregateImportance(table, request.aggregation_method);
  const ranked = importance.features.map(({ feature }) => feature);
  const hasInteractions = table.interactions !== null;
  const { pairs } = hasInteractions ? meanInteractions(table) : correlatedContributions(table);
  const stability = stabilityOf(table, Math.min(request.top_k, table.players.length));
  return {
    method: first.method,
    method_version: first.method_version,
    explanation_type: first.explanation_type,
    aggregation_method: request.aggregation_method,
    sample_count: table.rows,
    seed: first.seed,
    feature_importances: Object.fromEntries(
      importance.features.map(({ feature, importance: much }) => [feature, much]),
    ),
    importances: importance.features,
    interactions: {
      measure: hasInteractions ? "interaction_values" : "correlated_contributions",
      pairs,
    },
    stability: {
      top_k: stability.top_k,
      shares: Object.fromEntries(
        table.players.map((name, at) => [name, stability.shares[at] ?? 0]),
      ),
      agreement: stability.agreement,
    },
    segments: segmentByPrediction(table, {
      measure: request.aggregation_method,
      ...(request.prediction_bins && { edges: request.prediction_bins }),
    }),
    dependence: dependences(table, ranked, request),
    points: pointsOf(table, ranked),
    model_rows: explanations.reduce((sum, { model_rows }) => sum + model_rows, 0),
    notes: [...new Set(explanations.flatMap(({ notes }) => notes))],
  };
}

/** Explanations with all their contributions as a table. Throws `ExplainFault`. */
export function tableFrom(explanations: readonly Explained[]): {
  first: Explained;
  table: ExplanationTable;
} {
  const [first] = explanations;
  if (first === undefined)
    throw new ExplainFault("option_invalid", "there are no explanations to sum up", "inputs");
  if (first.feature_count > first.feature_contributions.length)
    throw new ExplainFault(
      "method_unsupported",
      `each row has ${first.feature_count} contributions, too many to be summed up: group the features, or cut the input into segments`,
      "groups",
    );
  return { first, table: tableOf(explanations.map(rowOf)) };
}

/** Class and model are the caller's to keep apart; what differs here is the features. */
function rowOf(explained: Explained): ExplanationRow {
  const contributions = explained.feature_contributions;
  const players = contributions.map(({ feature_name }) => feature_name);
  const isFeatures = explained.players === "features";
  return {
    model: explained.target.output,
    version: "",
    method: explained.method,
    players,
    values: contributions.map(({ contribution }) => contribution),
    features: isFeatures
      ? contributions.map(({ feature_value }) =>
          typeof feature_value === "number" ? feature_value : null,
        )
      : null,
    prediction: explained.actual_prediction,
    base: explained.base_prediction,
    interactions: matrixOf(players, explained),
  };
}

/** The pairs as the matrix that they came from: half of each at either side of the diagonal. */
function matrixOf(
  players: readonly string[],
  { interactions, feature_contributions }: Explained,
): Float64Array | undefined {
  const width = players.length;
  // Where only the strongest pairs are listed, the rest of the matrix is not known.
  if (interactions === null || interactions.length < (width * (width - 1)) / 2) return undefined;
  const indexOf = new Map(players.map((name, at) => [name, at]));
  const matrix = new Float64Array(width * width);
  for (const [at, { contribution }] of feature_contributions.entries())
    matrix[at * width + at] = contribution;
  for (const { feature, with: other, value } of interactions) {
    const [a = 0, b = 0] = [indexOf.get(feature), indexOf.get(other)];
    for (const [row, column] of [
      [a, b],
      [b, a],
    ] as const) {
      matrix[row * width + column] = value / 2;
      matrix[row * width + row] = (matrix[row * width + row] ?? 0) - value / 2;
    }
  }
  return matrix;
}

function dependences(
  table: ExplanationTable,
  ranked: readonly string[],
  { dependence }: GlobalRequest,
): Dependence[] {
  if (table.features === null) {
    if (dependence === null) return [];
    throw new ExplainFault(
      "option_invalid",
      "a dependence needs the values of features, and these explanations are of groups or segments",
      "dependence",
    );
  }
  const width = table.players.length;
  const hasValues = (name: string): boolean => {
    const at = table.players.indexOf(name);
    return Array.from({ length: table.rows }, (_, row) => table.features?.[row * width + at]).some(
      (value) => value !== undefined && !Number.isNaN(value),
    );
  };
  const asked =
    dependence ??
    ranked
      .filter(hasValues)
      .slice(0, DEPENDENCE_FEATURES)
      .map((feature) => ({ feature }));
  return asked.map((one) => dependenceOn(table, one));
}

function pointsOf(table: ExplanationTable, ranked: readonly string[]): GlobalExplained["points"] {
  const width = table.players.length;
  const rows = Math.min(table.rows, BEESWARM_ROWS);
  return ranked.slice(0, BEESWARM_FEATURES).map((feature) => {
    const player = table.players.indexOf(feature);
    const column = (of: Float64Array): number[] =>
      Array.from({ length: rows }, (_, row) => of[row * width + player] ?? 0);
    return {
      feature,
      values:
        table.features === null
          ? []
          : column(table.features).map((value) => (Number.isNaN(value) ? null : value)),
      contributions: column(table.values),
    };
  });
}
