/** Answers of the API about explanations, as small as they can be. */

type Contribution = [name: string, value: number | null, contribution: number, half?: number];

const contribution = ([feature_name, feature_value, value, half]: Contribution) => ({
  feature_name,
  feature_value,
  contribution: value,
  confidence_interval: half === undefined ? null : [value - half, value + half],
  rule: null,
});

export const explanation = (contributions: Contribution[], changes: object = {}) => ({
  explanation_id: "xpl_1",
  model_id: "mdl_1",
  model: "wdbc",
  model_version: 2,
  prediction_id: null,
  method: "kernel",
  method_version: 1,
  explanation_type: "shap",
  target: { output: "probabilities", index: 1, class_name: null },
  base_prediction: 0.5,
  actual_prediction: 0.9,
  players: "features",
  feature_contributions: contributions.map(contribution),
  feature_count: contributions.length,
  top_positive_features: [],
  top_negative_features: [],
  residual: 0,
  seed: 0,
  model_rows: 2_048,
  stopped: "complete",
  interactions: null,
  fit: null,
  map: null,
  input: null,
  words: null,
  attention: null,
  counterfactual: null,
  notes: [],
  computation_time_ms: 12,
  cached: false,
  created_at: "2026-11-21T09:30:00.000Z",
  expires_at: "2026-11-22T09:30:00.000Z",
  ...changes,
});

export const globalExplanation = {
  explanation_id: "xpl_9",
  model: "wdbc",
  model_version: 2,
  method: "tree",
  aggregation_method: "mean",
  sample_count: 1_200,
  importances: [
    { feature: "b", importance: 0.1, interval: null, mean_contribution: -0.02 },
    { feature: "a", importance: 0.4, interval: [0.35, 0.45], mean_contribution: 0.1 },
    { feature: "c", importance: 0, interval: null, mean_contribution: 0 },
  ],
  interactions: {
    measure: "interaction_values",
    pairs: [
      { features: ["a", "c"], strength: 0.01, interval: null },
      { features: ["a", "b"], strength: -0.2, interval: [-0.3, -0.1] },
    ],
  },
  stability: { top_k: 2, shares: { a: 1, b: 0.625, c: 0.375 }, agreement: 0.75 },
  segments: [
    { label: "", low: null, high: 0.5, rows: 700, importance: { features: [] } },
    { label: "", low: 0.5, high: 0.9999991, rows: 0, importance: null },
    {
      label: "",
      low: 0.9999991,
      high: 1,
      rows: 500,
      importance: {
        features: [
          { feature: "b", importance: 0.1 },
          { feature: "a", importance: 0.2 },
        ],
      },
    },
  ],
  notes: [],
  computation_time_ms: 1_234,
  cached: true,
};

export const drift = {
  explanation_id: "xpl_8",
  model: "wdbc",
  model_version: 2,
  method: "tree",
  baseline_rows: 228,
  live_rows: 40,
  drifted: true,
  reasons: ["feature_changed", "order_changed"],
  ndcg: 0.8123,
  ndcg_p_value: 0.004,
  total_variation: 0.25,
  total_variation_p_value: 0.2,
  features: [
    { feature: "a", baseline: 0.4, live: 0.41, difference: 0.01, interval: [-0.1, 0.12] },
    { feature: "b", baseline: 0.1, live: 0.02, difference: -0.08, interval: null },
  ].map((one) => ({ ...one, ratio: 1, p_value: 0.001, adjusted_p_value: 0.002 })),
  computation_time_ms: 50,
  cached: false,
};

export const job = (changes: object = {}) => ({
  job_id: "job_1",
  kind: "explain_batch",
  status: "running",
  model: "wdbc",
  model_version: 2,
  rows: 1_200,
  rows_done: 300,
  progress: 0.25,
  explanation_ids: ["xpl_1"],
  problem: null,
  created_at: "2026-11-21T09:30:00.000Z",
  updated_at: "2026-11-21T09:30:01.000Z",
  ended_at: null,
  ...changes,
});

export const ENDED = {
  status: "succeeded",
  rows_done: 1_200,
  progress: 1,
  ended_at: "2026-11-21T09:31:00.000Z",
};

export const VERSION = {
  model: "wdbc",
  version: 2,
  inputs: [{ name: "features", type: "float32", shape: ["N", 2] }],
  outputs: [],
};
