import * as z from "zod";
import { Description } from "./common.ts";
import { TensorSpec, VersionView } from "./model.ts";

const NodeNames = z
  .array(z.string().min(1).max(1_000))
  .max(1_000)
  .meta({ description: "Nodes by name, or by first output where they have no name" });
const Operators = z.array(z.string().min(1).max(200)).max(200);
const ByteType = z.enum(["int8", "uint8"]);
const Share = z.number().min(0).max(1);

const Weights = {
  weight_type: ByteType.optional(),
  per_channel: z.boolean().optional().meta({ description: "A scale for each output channel" }),
  reduce_range: z.boolean().optional().meta({ description: "7 bits, for old x86 processors" }),
  op_types: Operators.optional().meta({ description: "Only nodes of these operators" }),
  nodes_to_exclude: NodeNames.optional(),
};

const Bins = z.int().min(128).max(4_096).optional();
const Calibration = z.discriminatedUnion("method", [
  z.strictObject({
    method: z.literal("min_max"),
    moving_average: z.number().gt(0).max(1).optional(),
  }),
  z.strictObject({ method: z.literal("entropy"), bins: Bins }),
  z.strictObject({
    method: z.literal("percentile"),
    percentile: z.number().gt(0).max(100).optional(),
    bins: Bins,
  }),
]);

const DynamicOptions = z.strictObject(Weights);
const StaticOptions = z.strictObject({
  ...Weights,
  activation_type: ByteType.optional(),
  symmetric_activations: z.boolean().optional(),
  calibration: Calibration.optional(),
  batch_size: z.int().min(1).max(1_024).optional(),
});
const HalfOptions = z.strictObject({
  keep_io_types: z.boolean().optional().meta({ description: "Inputs and outputs stay float32" }),
  keep_operators: Operators.optional(),
  keep_nodes: NodeNames.optional(),
});
const GraphOptions = z.strictObject({
  max_growth_bytes: z.int().min(0).max(100_000_000).optional(),
  dynamic_batch: z.boolean().optional().meta({ description: "Take any number of rows in a run" }),
  opset: z.int().min(7).max(25).optional().meta({
    description: "Convert to this version of ONNX's operators, from the model's own upward",
  }),
});

const Names = z.array(z.string()).optional();
const DescribeOptions = z.strictObject({
  feature_names: Names,
  class_names: Names,
  categorical_features: z
    .array(z.union([z.string(), z.int()]))
    .optional()
    .meta({
      description: "By name, or by place from 0",
    }),
  preprocessing: z
    .array(z.record(z.string(), z.unknown()))
    .optional()
    .meta({
      description:
        "How raw texts or images become an input, one pipeline for each: {version: 1, input, kind, …} as docs/preprocessing.md has them",
      example: [
        {
          version: 1,
          kind: "text",
          input: "features",
          tokens: { by: "words" },
          vector: { by: "hashing", n_features: 4096 },
        },
      ],
    }),
});

const Amount = Share.optional().meta({ description: "The fraction to remove; 0.3" });
const Importance = {
  importance: z.enum(["l1", "l2", "random", "taylor", "snip"]).optional().meta({
    description: "`taylor` and `snip` are gradients of the loss: they need data.labels",
  }),
  seed: z.union([z.string().max(100), z.number()]).optional(),
};
const Single = { amount: Amount, scope: z.enum(["tensor", "global"]).optional() };
const PruneOptions = z.discriminatedUnion("method", [
  z.strictObject({ method: z.literal("l1_unstructured").optional(), ...Single }),
  z.strictObject({ method: z.literal("unstructured"), ...Single, ...Importance }),
  z.strictObject({
    method: z.literal("structured"),
    amount: Amount,
    scope: z.enum(["group", "global"]).optional(),
    round_to: z.int().min(1).max(1_024).optional(),
    keep: NodeNames.optional(),
    ...Importance,
  }),
]);

/** Numbers in row-major order, where a nested array would be long to write. */
export const FlatTensor = z.strictObject({
  dtype: z.string().max(20).optional(),
  shape: z.array(z.int().min(0)).max(32),
  data: z.array(z.unknown()),
});
const Inputs = z.record(z.string(), z.unknown()).meta({
  description:
    "The rows, for each input of the model by name: a nested array, or {dtype?, shape, data} with the values in row-major order",
  example: { features: [[17.99, 10.38, 122.8]] },
});

const Data = z.strictObject({
  inputs: Inputs,
  labels: z.array(z.unknown()).optional().meta({
    description:
      "What is right for each row: a class (a whole number or a text), or a number or list of numbers",
  }),
});

const Gate = z
  .strictObject({
    max_accuracy_loss: Share.optional().meta({ description: "Of accuracy, or of R²" }),
    max_size_ratio: z.number().min(0).optional().meta({ description: "Size after over before" }),
    max_slowdown: z
      .number()
      .min(0)
      .optional()
      .meta({ description: "Median time after over before" }),
    min_agreement: Share.optional().meta({ description: "Share of rows of the same class" }),
    max_attribution_change: z.number().min(0).optional().meta({
      description:
        "How far the contributions of features may change, as a share of their size (permutation SHAP on up to 16 rows)",
    }),
  })
  .meta({ id: "OptimizationGate", description: "What the new version has to keep to" });

const Count = (most: number) => z.int().min(1).max(most).optional();
const Effort = {
  warm_up: z.int().min(0).max(1_000).optional(),
  runs: Count(10_000),
  max_seconds: z.number().gt(0).max(60).optional(),
};

const Common = {
  data: Data.optional(),
  gate: Gate.optional(),
  evaluation: z
    .strictObject({
      output: z.string().max(1_000).optional(),
      task: z.enum(["classification", "regression"]).optional(),
      threshold: z.number().optional(),
      batch_size: Count(1_024),
    })
    .optional()
    .meta({ description: "How the outputs are held against the labels" }),
  speed: z
    .union([z.literal(false), z.strictObject({ ...Effort, batch_size: Count(1_024) })])
    .optional()
    .meta({ description: "How the two are timed; false does not" }),
  description: Description.optional().meta({ description: "Of the new version" }),
  dry_run: z.boolean().optional().meta({ description: "Measure, and make no version" }),
};

export const OptimizeRequest = z
  .discriminatedUnion("kind", [
    z.strictObject({
      kind: z.literal("quantize_dynamic"),
      options: DynamicOptions.optional(),
      ...Common,
    }),
    z.strictObject({
      kind: z.literal("quantize_static"),
      options: StaticOptions.optional(),
      ...Common,
    }),
    z.strictObject({ kind: z.literal("fp16"), options: HalfOptions.optional(), ...Common }),
    z.strictObject({ kind: z.literal("prune"), options: PruneOptions.optional(), ...Common }),
    z.strictObject({ kind: z.literal("graph"), options: GraphOptions.optional(), ...Common }),
    z.strictObject({ kind: z.literal("describe"), options: DescribeOptions, ...Common }),
  ])
  .meta({ id: "OptimizeRequest", example: { kind: "quantize_dynamic" } });

const Latency = z
  .object({
    runs: z.int(),
    runs_per_sample: z.int().optional().meta({
      description: "How many were timed together, where one is too short for the clock",
    }),
    mean_ms: z.number(),
    p50_ms: z.number(),
    p90_ms: z.number(),
    p95_ms: z.number(),
    p99_ms: z.number(),
    min_ms: z.number(),
    max_ms: z.number(),
  })
  .meta({ id: "ModelLatency" });

const Evaluation = z
  .union([
    z.object({ task: z.literal("classification"), rows: z.int(), accuracy: z.number() }),
    z.object({
      task: z.literal("regression"),
      rows: z.int(),
      r2: z.number().nullable(),
      mae: z.number().nullable(),
      rmse: z.number().nullable(),
    }),
  ])
  .meta({ id: "ModelEvaluation" });

const Measure = z
  .object({
    size_bytes: z.int(),
    evaluation: Evaluation.nullable(),
    latency: Latency.nullable(),
  })
  .meta({ id: "ModelMeasure", description: "A model in numbers; null for what was not measured" });

const Agreement = z
  .object({
    rows: z.int(),
    max_difference: z.number().nullable().meta({ description: "Null where one is not a number" }),
    mean_difference: z.number().nullable(),
    same_class: z.number().nullable(),
  })
  .meta({ id: "ModelAgreement", description: "How far the two answer alike on the data" });

const Speed = z
  .object({
    batch_size: z.int(),
    ratio: z.number().meta({ description: "Median time after over before" }),
    ratio_interval: z.tuple([z.number(), z.number()]).nullable(),
  })
  .meta({ id: "SpeedRatio" });

const Measured = {
  kind: z.string(),
  before: Measure,
  after: Measure,
  agreement: Agreement.nullable(),
  speed: Speed.nullable(),
  attributions: z
    .object({
      rows: z.int(),
      change: z.number(),
      interval: z.tuple([z.number(), z.number()]).nullable(),
      same_top_feature: z.number(),
    })
    .nullable()
    .meta({
      description: "Whether both go by the same features; null where the gate does not ask",
    }),
  report: z.record(z.string(), z.unknown()).meta({ description: "What the pass did, by its kind" }),
  gate: z.object({ passed: z.boolean(), reasons: z.array(z.string()) }),
  notes: z.array(z.string()).meta({ description: "What was left out, and why" }),
};

export const OptimizeResult = z
  .object({
    version: VersionView.nullable().meta({ description: "Null for a dry run" }),
    ...Measured,
  })
  .meta({ id: "OptimizeResult" });

export const InspectQuery = z.object({
  batch: z.coerce.number().int().min(1).max(65_536).optional().meta({
    description: "Rows of the run that is counted; 1 where nothing is said",
  }),
});

const Place = { node: z.string(), operator: z.string(), tensor: z.string() };
const Counts = z.record(z.string(), z.int());
const Shape = z.array(z.union([z.number(), z.string(), z.null()])).nullable();

export const InspectResult = z
  .object({
    model: z.string(),
    version: z.int(),
    producer: z.string().nullable(),
    ir_version: z.int(),
    opsets: Counts,
    inputs: z.array(TensorSpec.extend({ type: z.string(), shape: Shape })),
    outputs: z.array(TensorSpec.extend({ type: z.string(), shape: Shape })),
    batch: z.int(),
    file_bytes: z.int(),
    weight_bytes: z.int(),
    parameters: z.object({ trainable: z.int(), by_type: Counts }),
    operators: Counts,
    macs: z.number().meta({ description: "Multiply-accumulates of one run" }),
    activations: z.object({ peak_bytes: z.number(), sum_bytes: z.number() }),
    unknown: z.object({ macs_of_nodes: z.int(), sizes_of_tensors: z.int() }),
    nodes: z.array(
      z.object({
        name: z.string(),
        operator: z.string(),
        output_shape: Shape,
        parameters: z.int(),
        macs: z.number().nullable(),
      }),
    ),
    fits_isolate: z.object({
      fits: z.boolean(),
      needed_bytes: z.number(),
      limit_bytes: z.number(),
      reason: z.string(),
    }),
    problems: z
      .array(
        z.object({ code: z.string(), message: z.string(), ...z.object(Place).partial().shape }),
      )
      .meta({ description: "What is against the rules of ONNX; at most fifty" }),
  })
  .meta({ id: "ModelInspection" });

export const BenchmarkRequest = z
  .strictObject({
    batch_sizes: z.array(z.int().min(1).max(1_024)).min(1).max(8).optional(),
    ...Effort,
    data: z.strictObject({ inputs: Inputs }).optional().meta({
      description: "The rows to run on; random ones where it is left out",
    }),
  })
  .meta({ id: "BenchmarkRequest", example: {} });

export const BenchmarkResult = z
  .object({
    model: z.string(),
    version: z.int(),
    runtime: z.string(),
    model_bytes: z.int(),
    opening_ms: z.number(),
    batches: z.array(Latency.extend({ batch_size: z.int(), rows_per_second: z.number() })),
  })
  .meta({ id: "ModelBenchmark" });

export type OptimizeRequest = z.input<typeof OptimizeRequest>;
export type OptimizeResult = z.infer<typeof OptimizeResult>;
export type InspectResult = z.infer<typeof InspectResult>;
export type BenchmarkRequest = z.input<typeof BenchmarkRequest>;
export type BenchmarkResult = z.infer<typeof BenchmarkResult>;
