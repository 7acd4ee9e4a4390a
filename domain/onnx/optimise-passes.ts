import { checkDescription } from "../models/check-description.ts";
import { type ModelDescription, descriptionOf, withDescription } from "../models/description.ts";
import { convertOpset } from "./convert-opset.ts";
import { halve, type HalveOptions, type HalveReport } from "./halve/halve.ts";
import type { Model } from "./model.ts";
import { opsetOf } from "./node.ts";
import { attempt, OnnxFault } from "./onnx-fault.ts";
import type { OptimiseRequest } from "./optimise-request.ts";
import { QUANTISED_OPSET } from "./quantise/constants.ts";
import type { ImportanceOptions } from "./prune/importance.ts";
import { lossGradients } from "./prune/loss-gradients.ts";
import {
  pruneStructured,
  type StructuredOptions,
  type StructuredReport,
} from "./prune/prune-structured.ts";
import {
  pruneUnstructured,
  type UnstructuredOptions,
  type UnstructuredReport,
} from "./prune/prune-unstructured.ts";
import type { QuantiseReport } from "./quantise/quantise-report.ts";
import { quantiseDynamic, type DynamicOptions } from "./quantise/quantise-dynamic.ts";
import { quantiseStatic, type StaticOptions } from "./quantise/quantise-static.ts";
import type { FoldOptions } from "./rewrite/fold-constants.ts";
import { makeBatchDynamic } from "./rewrite/make-batch-dynamic.ts";
import { optimiseGraph } from "./rewrite/optimise-graph.ts";
import { batchesOf } from "./rows.ts";
import { signatureOf } from "./signature-of.ts";
import type { Runtime } from "./runtime.ts";

/** `l1_unstructured`, the default, is `unstructured` by the weights' magnitudes. */
export type PruneOptions =
  | ({ method?: "l1_unstructured" } & Omit<UnstructuredOptions, keyof ImportanceOptions>)
  | ({ method: "unstructured" } & UnstructuredOptions)
  | ({ method: "structured" } & StructuredOptions);

/** What can be done to a model, and how. */
export type OptimisePass =
  | { kind: "quantize_dynamic"; options?: DynamicOptions }
  | { kind: "quantize_static"; options?: StaticOptions & { batch_size?: number } }
  | { kind: "fp16"; options?: HalveOptions }
  | { kind: "prune"; options?: PruneOptions }
  | { kind: "graph"; options?: GraphOptions }
  | { kind: "describe"; options: DescribeOptions };

/** The members of a description (`domain/models/description.ts`), as somebody wrote them. */
export type DescribeOptions = Partial<Record<keyof ModelDescription, unknown>>;

export type GraphOptions = FoldOptions & {
  /** Whether the leading size of the inputs is set free, so that any number of rows fits in a run. */
  dynamic_batch?: boolean;
  /** The version of ONNX's operators to convert the model to, from its own upward. */
  opset?: number;
};

export type OptimiseKind = OptimisePass["kind"];

export type GraphReport = { nodes_before: number; nodes_after: number };

export type PassReport =
  | QuantiseReport
  | HalveReport
  | UnstructuredReport
  | StructuredReport
  | GraphReport
  | DescribeReport;

/** What the description says something of. */
export type DescribeReport = { described: string[] };

export type PassResult = { model: Model; report: PassReport };

/** Rows of a calibration run. */
const CALIBRATION_BATCH = 32;

/** The model after the pass that a request asks for, and what the pass has to say. */
export async function runPass(
  runtime: Runtime,
  model: Model,
  request: OptimiseRequest,
): Promise<PassResult> {
  switch (request.kind) {
    case "quantize_dynamic":
      return quantiseDynamic(await prepared(runtime, model), request.options);
    case "quantize_static": {
      const { batch_size = CALIBRATION_BATCH, ...options } = request.options ?? {};
      const inputs = request.data?.inputs ?? {};
      const ready = await prepared(runtime, model);
      const batches = function* () {
        for (const { feeds } of batchesOf(ready, inputs, batch_size)) yield feeds;
      };
      return quantiseStatic(runtime, ready, batches, options);
    }
    case "fp16":
      return halve(model, request.options);
    case "prune":
      return pruned(model, await withGradients(runtime, model, request));
    case "graph":
      return smaller(runtime, model, request.options);
    case "describe":
      return described(model, request.options);
  }
}

async function smaller(
  runtime: Runtime,
  model: Model,
  { dynamic_batch = false, opset, ...options }: GraphOptions = {},
): Promise<PassResult> {
  const converted = opset === undefined ? model : convertOpset(model, opset);
  const made = await optimiseGraph(converted, { ...options, runtime });
  return {
    model: dynamic_batch ? makeBatchDynamic(made) : made,
    report: { nodes_before: model.graph.nodes.length, nodes_after: made.graph.nodes.length },
  };
}

/** The same graph, byte for byte, with another description in the file's metadata. */
function described(model: Model, options: DescribeOptions): PassResult {
  const made = attempt(() => {
    const description = descriptionOf({ value: options, path: "options" });
    checkDescription(description, signatureOf(model));
    return description;
  });
  if (!made.ok) throw new OnnxFault("bad_request", made.error.message);
  return { model: withDescription(model, made.value), report: { described: Object.keys(options) } };
}

/** The options of a pruning, with the gradients that its importance needs. */
async function withGradients(
  runtime: Runtime,
  model: Model,
  { options, data }: OptimiseRequest & { kind: "prune" },
): Promise<PruneOptions> {
  if (!needsGradients(options) || options.gradients !== undefined) return options ?? {};
  const { inputs, labels } = data ?? {};
  if (inputs === undefined || labels === undefined)
    throw new OnnxFault(
      "bad_request",
      `'data.labels' is needed: the importance '${options.importance}' is a gradient of the loss`,
    );
  return { ...options, gradients: await lossGradients(runtime, model, { inputs, labels }) };
}

const needsGradients = (
  options: PruneOptions | undefined,
): options is Extract<PruneOptions, ImportanceOptions> & {
  importance: "taylor" | "snip";
} =>
  options !== undefined &&
  "importance" in options &&
  (options.importance === "taylor" || options.importance === "snip");

function pruned(model: Model, options: PruneOptions = {}): PassResult {
  switch (options.method) {
    case "structured":
      return pruneStructured(model, options);
    case "unstructured":
      return pruneUnstructured(model, options);
    default:
      return pruneUnstructured(model, { ...options, importance: "l1" });
  }
}

/** In an opset that quantisation takes, with layers fused and weights folded. */
function prepared(runtime: Runtime, model: Model): Promise<Model> {
  const ready = opsetOf(model) < QUANTISED_OPSET ? convertOpset(model, QUANTISED_OPSET) : model;
  return optimiseGraph(ready, { runtime });
}
