import * as z from "zod";
import { METHOD_NAMES } from "../domain/explain/explanation.ts";
import { IMPORTANCE_MEASURES } from "../domain/explain/summary/aggregate-importance.ts";
import { id, Name } from "./common.ts";
import { VersionNumber } from "./model.ts";
import { Inputs } from "./predict.ts";

const Count = (most: number) => z.int().min(1).max(most);

const FeatureName = z.string().min(1).max(200);

const Segments = z
  .strictObject({
    kind: z.enum(["equal", "grid", "slic", "quickshift", "none"]).optional(),
    count: Count(400).optional().meta({ description: "20 for a signal, 50 for an image" }),
    fill: z.enum(["background", "mean", "zero", "noise", "interpolate"]).optional(),
  })
  .meta({ description: "How a signal or an image is cut into parts, and what hides one" });

const L1 = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.enum(["none", "aic", "bic"]) }),
  z.strictObject({ kind: z.literal("num_features"), count: Count(1_000) }),
  z.strictObject({ kind: z.literal("lasso"), alpha: z.number().gt(0) }),
]);

const Bound = z.tuple([z.number(), z.number()]);

export const ExplainOptions = z
  .strictObject({
    samples: Count(1_000_000).optional().meta({
      description:
        "Coalitions of exact, kernel and permutation; draws of the other sampling methods",
    }),
    link: z.enum(["identity", "logit"]).optional(),
    l1: L1.optional(),
    compatible: z.boolean().optional().meta({ description: "Kernel: sample just as shap does" }),
    mode: z.enum(["interventional", "path_dependent"]).optional(),
    scale: z.enum(["raw", "probability"]).optional(),
    logits: z
      .boolean()
      .optional()
      .meta({ description: "Explain what goes into a last Softmax or Sigmoid" }),
    smoothing: z.number().min(0).optional(),
    steps: Count(10_000).optional(),
    rule: z
      .enum([
        "gauss_legendre",
        "trapezoid",
        "riemann_left",
        "riemann_right",
        "riemann_middle",
        "captum_trapezoid",
      ])
      .optional(),
    baseline: z.enum(["background", "zeros"]).optional(),
    noise: z.number().gt(0).optional(),
    kind: z.enum(["smoothgrad", "smoothgrad_sq", "vargrad"]).optional(),
    layer: z.string().max(1_000).optional(),
    relu: z.boolean().optional(),
    features: Count(1_000).optional().meta({ description: "LIME: features of the surrogate; 10" }),
    kernel_width: z.number().gt(0).optional(),
    discretiser: z.enum(["quartile", "decile", "entropy", "none"]).optional(),
    selection: z
      .enum(["auto", "forward_selection", "highest_weights", "lasso_path", "none"])
      .optional(),
    sample_around_instance: z.boolean().optional(),
    segments: Segments.optional(),
    norm: z.enum(["linf", "l2"]).optional(),
    max_epsilon: z.number().gt(0).optional(),
    target_class: z.union([z.int().min(0), z.string().max(200)]).optional(),
    immutable: z.array(FeatureName).max(10_000).optional(),
    bounds: z.record(z.string(), Bound).optional(),
  })
  .meta({
    id: "ExplainOptions",
    description: "Each method has its own; one of another method is refused",
  });

const Limits = z
  .strictObject({
    max_residual: z.number().gt(0).max(1).optional().meta({
      description: "Of |prediction - base|; nothing to methods that add up at every estimate",
    }),
    max_half_width: z.number().gt(0).optional(),
    deadline_ms: z.number().min(1).max(300_000).optional(),
  })
  .meta({ description: "When the explainer may stop early, or take more samples to get there" });

const Selector = {
  model: Name,
  version: VersionNumber.optional(),
  alias: Name.optional(),
};

const How = {
  method: z
    .enum(["shap", ...METHOD_NAMES])
    .default("shap")
    .meta({
      description:
        "`shap` takes the Shapley method that suits the model: tree, deep, gradient or kernel",
    }),
  options: ExplainOptions.optional(),
  target: z
    .strictObject({
      output: z.string().max(1_000).optional(),
      class: z.union([z.int().min(0), z.string().max(200)]).optional(),
    })
    .optional()
    .meta({
      description: "What is explained; the class that the model names where nothing is said",
    }),
  feature_names: z.array(FeatureName).max(10_000).optional(),
  groups: z.record(FeatureName, z.array(FeatureName).min(1).max(10_000)).optional(),
  background: z
    .union([Name, z.strictObject({ inputs: Inputs })])
    .optional()
    .meta({
      description:
        "The name of a set of the version, or rows; the set `default` where nothing is said",
    }),
  include_interactions: z.boolean().optional(),
  top_k_features: z.int().min(1).max(1_000).optional().meta({ description: "10" }),
  seed: z.int().min(0).optional().meta({ description: "The same seed gives the same answer; 0" }),
  limits: Limits.optional(),
};

const Keeping = {
  fresh: z.boolean().optional().meta({ description: "Compute it anew, even where it is cached" }),
  ttl_seconds: z.int().min(0).max(31_536_000).optional().meta({
    description: "How long it is kept; a day. 0 keeps nothing",
  }),
};

const oneOf = ({
  version,
  alias,
}: {
  version?: number | undefined;
  alias?: string | undefined;
}): boolean => version === undefined || alias === undefined;

const ONE_SELECTOR = { error: "give a version or an alias, not both" };

export const ExplainBody = z
  .strictObject({
    ...Selector,
    inputs: Inputs.optional().meta({ description: "One row for each input of the model" }),
    prediction_id: id("prd")
      .optional()
      .meta({ description: "A kept prediction, in place of inputs" }),
    ...How,
    ...Keeping,
  })
  .refine(oneOf, ONE_SELECTOR)
  .refine(({ inputs, prediction_id }) => (inputs === undefined) !== (prediction_id === undefined), {
    error: "give the inputs or a prediction_id, and not both",
  })
  .meta({
    id: "ExplainRequest",
    example: { model: "wdbc", inputs: { features: [[17.99, 10.38, 122.8]] } },
  });

export const ExplainBatchBody = z
  .strictObject({
    ...Selector,
    inputs: Inputs.optional(),
    prediction_ids: z.array(id("prd")).min(1).max(1_000).optional(),
    ...How,
    ...Keeping,
    wait: z
      .boolean()
      .optional()
      .meta({ description: "false: do not wait for what is not cached: a job makes it" }),
  })
  .refine(oneOf, ONE_SELECTOR)
  .refine(
    ({ inputs, prediction_ids }) => (inputs === undefined) !== (prediction_ids === undefined),
    {
      error: "give the inputs or prediction_ids, and not both",
    },
  )
  .meta({ id: "ExplainBatchRequest" });

export const ExplainGlobalBody = z
  .strictObject({
    ...Selector,
    inputs: Inputs.optional(),
    prediction_ids: z.array(id("prd")).min(1).max(1_000).optional(),
    recent_predictions: z.int().min(2).max(1_000).optional().meta({
      description: "The latest so many kept predictions of the version",
    }),
    ...How,
    ...Keeping,
    aggregation_method: z.enum(IMPORTANCE_MEASURES).optional().meta({ description: "mean" }),
    dependence: z
      .array(
        z.strictObject({
          feature: FeatureName,
          interaction_feature: FeatureName.optional(),
        }),
      )
      .max(20)
      .optional()
      .meta({ description: "Features whose dependence is told; the three most important" }),
    prediction_bins: z.array(z.number()).min(2).max(50).optional().meta({
      description: "Edges of the segments; quarters of the rows by their predictions",
    }),
    wait: z
      .boolean()
      .optional()
      .meta({ description: "false: do not wait for what is not cached: a job makes it" }),
  })
  .refine(oneOf, ONE_SELECTOR)
  .refine(
    ({ inputs, prediction_ids, recent_predictions }) =>
      [inputs, prediction_ids, recent_predictions].filter((one) => one !== undefined).length === 1,
    { error: "give one of inputs, prediction_ids and recent_predictions" },
  )
  .meta({ id: "ExplainGlobalRequest" });

export type ExplainBody = z.input<typeof ExplainBody>;

export type ExplainBatchBody = z.input<typeof ExplainBatchBody>;

export type ExplainGlobalBody = z.input<typeof ExplainGlobalBody>;

export const ExplainDriftBody = z
  .strictObject({
    ...Selector,
    inputs: Inputs.optional().meta({ description: "Live rows" }),
    prediction_ids: z.array(id("prd")).min(2).max(1_000).optional(),
    recent_predictions: z.int().min(2).max(1_000).optional().meta({
      description: "The latest so many kept predictions of the version",
    }),
    baseline: z
      .strictObject({ inputs: Inputs })
      .optional()
      .meta({ description: "Rows that live ones are held against; those of the background" }),
    ...How,
    ...Keeping,
    alpha: z.number().gt(0).lt(1).optional().meta({ description: "Rate of false alarms; 0.05" }),
    ndcg_limit: z.number().min(0).max(1).optional().meta({ description: "0.9" }),
  })
  .refine(oneOf, ONE_SELECTOR)
  .refine(
    ({ inputs, prediction_ids, recent_predictions }) =>
      [inputs, prediction_ids, recent_predictions].filter((one) => one !== undefined).length === 1,
    { error: "give one of inputs, prediction_ids and recent_predictions" },
  )
  .meta({ id: "ExplainDriftRequest" });

export type ExplainDriftBody = z.input<typeof ExplainDriftBody>;

export const ExportExplainerBody = z
  .strictObject({
    target: How.target,
    background: How.background,
    feature_names: How.feature_names,
    groups: How.groups,
    samples: Count(20_000).optional().meta({ description: "Coalitions; 2 x features + 2,048" }),
    link: z.enum(["identity", "logit"]).optional(),
    segments: Segments.optional(),
    seed: How.seed,
  })
  .meta({ id: "ExportExplainerRequest", example: { background: "default", target: { class: 1 } } });

export type ExportExplainerBody = z.input<typeof ExportExplainerBody>;
