import * as z from "zod";
import { METHOD_NAMES } from "../domain/explain/explanation.ts";
import { PLOTS } from "../domain/explain/plots/plot-explanation.ts";
import { GLOBAL_PLOTS } from "../domain/explain/plots/plot-global.ts";
import { IMPORTANCE_MEASURES } from "../domain/explain/summary/aggregate-importance.ts";
import { id, Instant } from "./common.ts";

export const Method = z.enum(METHOD_NAMES);

const Contribution = z
  .object({
    feature_name: z.string(),
    feature_value: z.union([z.number(), z.string(), z.null()]),
    contribution: z.number(),
    confidence_interval: z.tuple([z.number(), z.number()]).nullable(),
    rule: z.string().nullable().optional().meta({ description: "LIME: what is so of the row" }),
  })
  .meta({ id: "FeatureContribution" });

const AttributionMap = z.object({
  name: z.string(),
  shape: z.array(z.int()),
  data: z.array(z.number()),
});

/** As `Explained` of domain/explain/explanation.ts says. */
const Explained = {
  method: Method,
  method_version: z.int(),
  explanation_type: z.string(),
  target: z.object({ output: z.string(), index: z.int(), class_name: z.string().nullable() }),
  base_prediction: z.number(),
  actual_prediction: z.number(),
  players: z.enum(["features", "groups", "segments", "words", "elements", "positions"]),
  feature_contributions: z.array(Contribution),
  feature_count: z.int(),
  top_positive_features: z.array(z.string()),
  top_negative_features: z.array(z.string()),
  residual: z.number().nullable(),
  seed: z.int(),
  model_rows: z.int(),
  stopped: z.enum(["complete", "max_residual", "max_half_width", "deadline"]),
  interactions: z
    .array(z.object({ feature: z.string(), with: z.string(), value: z.number() }))
    .nullable(),
  fit: z.object({ intercept: z.number(), local_prediction: z.number(), r2: z.number() }).nullable(),
  map: AttributionMap.nullable(),
  input: AttributionMap.nullable(),
  words: z.array(z.object({ text: z.string(), player: z.int().nullable() })).nullable(),
  attention: z
    .array(
      z.object({
        name: z.string(),
        heads: z.int(),
        queries: z.int(),
        keys: z.int(),
        weights: z.array(z.number()),
      }),
    )
    .nullable(),
  counterfactual: z
    .object({
      found: z.boolean(),
      distance: z.number().nullable(),
      norm: z.enum(["linf", "l2"]),
      from_class: z.string(),
      to_class: z.string().nullable(),
      prediction: z.number().nullable(),
      changes: z.array(z.object({ feature_name: z.string(), from: z.number(), to: z.number() })),
    })
    .nullable(),
  notes: z.array(z.string()),
};

export const ExplanationView = z
  .object({
    explanation_id: id("xpl"),
    model_id: id("mdl"),
    model: z.string(),
    model_version: z.int(),
    prediction_id: z.string().nullable(),
    ...Explained,
    computation_time_ms: z.number(),
    cached: z.boolean(),
    created_at: Instant,
    expires_at: Instant.nullable(),
  })
  .meta({ id: "Explanation" });

export type ExplanationView = z.infer<typeof ExplanationView>;

export const ExplanationPath = z.object({
  id: id("xpl").meta({ param: { name: "id", in: "path" } }),
});

const FeatureQuery = z.string().max(200).optional().meta({
  description: "Of a dependence plot: whose",
});

const plot = <T extends readonly [string, ...string[]]>(plots: T) =>
  z.enum(plots).optional().meta({ description: "Which picture, where SVG is asked for" });

export const PlotQuery = z.object({ plot: plot(PLOTS) });

export const GlobalPlotQuery = z.object({ plot: plot(GLOBAL_PLOTS), feature: FeatureQuery });

export const AnyPlotQuery = z.object({
  plot: plot([...PLOTS, ...GLOBAL_PLOTS]),
  feature: FeatureQuery,
});

export const ExplanationList = z
  .object({ items: z.array(ExplanationView) })
  .meta({ id: "ExplanationList" });

const Interval = z.tuple([z.number(), z.number()]).nullable();

const Importance = z.object({
  feature: z.string(),
  importance: z.number(),
  interval: Interval,
  mean_contribution: z.number(),
  mean_contribution_interval: Interval,
});

/** As `GlobalExplained` of domain/explain/engine/summarise-explanations.ts says. */
export const GlobalExplanationView = z
  .object({
    explanation_id: id("xpl"),
    model_id: id("mdl"),
    model: z.string(),
    model_version: z.int(),
    method: Method,
    method_version: z.int(),
    explanation_type: z.string(),
    aggregation_method: z.enum(IMPORTANCE_MEASURES),
    sample_count: z.int(),
    seed: z.int(),
    feature_importances: z.record(z.string(), z.number()),
    importances: z.array(Importance),
    interactions: z.object({
      measure: z.enum(["interaction_values", "correlated_contributions"]),
      pairs: z.array(
        z.object({
          features: z.tuple([z.string(), z.string()]),
          strength: z.number(),
          interval: Interval,
        }),
      ),
    }),
    stability: z.object({
      top_k: z.int(),
      shares: z.record(z.string(), z.number()),
      agreement: z.number().nullable(),
    }),
    segments: z.array(
      z.object({
        label: z.string(),
        low: z.number().nullable(),
        high: z.number().nullable(),
        rows: z.int(),
        importance: z
          .object({
            measure: z.enum(IMPORTANCE_MEASURES),
            rows: z.int(),
            features: z.array(Importance),
          })
          .nullable(),
      }),
    ),
    dependence: z.array(
      z.object({
        feature: z.string(),
        points: z.array(
          z.object({
            row: z.int(),
            value: z.number(),
            contribution: z.number(),
            interaction_value: z.number().nullable(),
          }),
        ),
        missing: z.int(),
        interaction: z
          .object({
            feature: z.string(),
            strength: z.number(),
            measure: z.enum(["interaction_values", "variance_explained"]),
          })
          .nullable(),
        trend: z.array(z.object({ value: z.number(), mean: z.number(), band: Interval })),
      }),
    ),
    points: z.array(
      z.object({
        feature: z.string(),
        values: z.array(z.number().nullable()),
        contributions: z.array(z.number()),
      }),
    ),
    model_rows: z.int(),
    notes: z.array(z.string()),
    computation_time_ms: z.number(),
    cached: z.boolean(),
    created_at: Instant,
    expires_at: Instant,
  })
  .meta({ id: "GlobalExplanation" });

export type GlobalExplanationView = z.infer<typeof GlobalExplanationView>;

/** As `DriftExplained` of domain/explain/engine/drift-of-explanations.ts says. */
export const DriftExplanationView = z
  .object({
    explanation_id: id("xpl"),
    model_id: id("mdl"),
    model: z.string(),
    model_version: z.int(),
    method: Method,
    method_version: z.int(),
    explanation_type: z.string(),
    seed: z.int(),
    baseline_rows: z.int(),
    live_rows: z.int(),
    drifted: z.boolean(),
    reasons: z.array(z.enum(["feature_changed", "shares_changed", "order_changed"])),
    ndcg: z.number(),
    ndcg_p_value: z.number(),
    total_variation: z.number(),
    total_variation_p_value: z.number(),
    features: z.array(
      z.object({
        feature: z.string(),
        baseline: z.number(),
        live: z.number(),
        ratio: z.number().nullable(),
        difference: z.number(),
        interval: Interval,
        p_value: z.number().nullable(),
        adjusted_p_value: z.number().nullable(),
      }),
    ),
    model_rows: z.int(),
    computation_time_ms: z.number(),
    cached: z.boolean(),
    created_at: Instant,
    expires_at: Instant,
  })
  .meta({ id: "DriftExplanation" });

export type DriftExplanationView = z.infer<typeof DriftExplanationView>;

export const AnyExplanationView = z.union([
  ExplanationView,
  GlobalExplanationView,
  DriftExplanationView,
]);

export type AnyExplanationView = z.infer<typeof AnyExplanationView>;
