/** What each method is a kind of, as those who read explanations sort them. */
export const METHODS = {
  exact: "shap",
  kernel: "shap",
  permutation: "shap",
  sampling: "shap",
  gradient: "shap",
  deep: "shap",
  tree: "shap",
  lime: "lime",
  integrated_gradients: "integrated_gradients",
  smooth_grad: "saliency",
  input_x_gradient: "saliency",
  saliency: "saliency",
  grad_cam: "grad_cam",
  attention: "attention",
  counterfactual: "counterfactual",
} as const satisfies Record<string, string>;
export type Method = keyof typeof METHODS;
export type ExplanationType = (typeof METHODS)[Method];
export const METHOD_NAMES = Object.keys(METHODS) as [Method, ...Method[]];

/** Methods whose contributions and base add up to the prediction. */
export const ADDITIVE: ReadonlySet<Method> = new Set([
  "exact",
  "kernel",
  "permutation",
  "sampling",
  "gradient",
  "deep",
  "tree",
  "integrated_gradients",
]);

/** Those among them that add up at every estimate, so that a residual says nothing of how good it is. */
export const SUMS_AT_ONCE: ReadonlySet<Method> = new Set([
  "exact",
  "kernel",
  "permutation",
  "deep",
  "tree",
]);

export type FeatureContribution = {
  feature_name: string;
  /** What the instance has there; null where that is more than one value. */
  feature_value: number | string | null;
  /** Positive: it raises the score. */
  contribution: number;
  /** The 95 % interval of the contribution; null where the method knows none. */
  confidence_interval: [low: number, high: number] | null;
  /** LIME: what is so of the instance, such as "11.7 < mean radius <= 13.4". */
  rule?: string | null;
};

/** Why the explainer stopped: it had done all that was asked, or a limit was reached first. */
export type Stopped = "complete" | "max_residual" | "max_half_width" | "deadline";

/** What the contributions belong to. */
export type PlayerKind = "features" | "groups" | "segments" | "words" | "elements" | "positions";

/** A number for every element of an input, row-major: what a heat strip or an overlay shows. */
export type AttributionMap = { name: string; shape: number[]; data: number[] };

export type Counterfactual = {
  found: boolean;
  /** Greatest change of a feature, in units of its scale (or the Euclidean length, by the norm). */
  distance: number | null;
  norm: "linf" | "l2";
  from_class: string;
  to_class: string | null;
  /** The score of the explained class after the change. */
  prediction: number | null;
  changes: { feature_name: string; from: number; to: number }[];
};

/** One explained prediction, as it is computed, stored and sent. */
export type Explained = {
  method: Method;
  /** Rises when the same request would give other numbers. */
  method_version: number;
  explanation_type: ExplanationType;
  target: { output: string; index: number; class_name: string | null };
  base_prediction: number;
  actual_prediction: number;
  players: PlayerKind;
  /** All of them in the order of the input, or, where there are many, the greatest. */
  feature_contributions: FeatureContribution[];
  /** How many there are in all. */
  feature_count: number;
  top_positive_features: string[];
  top_negative_features: string[];
  /** What base and contributions leave unexplained; null for a method that is not additive. */
  residual: number | null;
  seed: number;
  /** Rows that the model ran. */
  model_rows: number;
  stopped: Stopped;
  interactions: { feature: string; with: string; value: number }[] | null;
  fit: { intercept: number; local_prediction: number; r2: number } | null;
  map: AttributionMap | null;
  /** The input of a signal or an image, so that a picture can be drawn over it. */
  input: AttributionMap | null;
  /** For text: the words in order, with the player that each belongs to. */
  words: { text: string; player: number | null }[] | null;
  attention: AttentionLayer[] | null;
  counterfactual: Counterfactual | null;
  notes: string[];
};

export type AttentionLayer = {
  name: string;
  heads: number;
  queries: number;
  keys: number;
  /** heads x queries x keys, row-major; the rows sum to 1. */
  weights: number[];
};
