import { convertOpset } from "./convert-opset.ts";
import { halve, type HalveOptions, type HalveReport } from "./halve/halve.ts";
import type { Model } from "./model.ts";
import { opsetOf } from "./node.ts";
import type { OptimiseRequest } from "./optimise-request.ts";
import { QUANTISED_OPSET } from "./quantise/constants.ts";
import type { QuantiseReport } from "./quantise/quantise-report.ts";
import { quantiseDynamic, type DynamicOptions } from "./quantise/quantise-dynamic.ts";
import { quantiseStatic, type StaticOptions } from "./quantise/quantise-static.ts";
import { optimiseGraph } from "./rewrite/optimise-graph.ts";
import { batchesOf } from "./rows.ts";
import type { Runtime } from "./runtime.ts";

/** What can be done to a model, and how. */
export type OptimisePass =
  | { kind: "quantize_dynamic"; options?: DynamicOptions }
  | { kind: "quantize_static"; options?: StaticOptions & { batch_size?: number } }
  | { kind: "fp16"; options?: HalveOptions }
  | { kind: "graph"; options?: { max_growth_bytes?: number } };

export type OptimiseKind = OptimisePass["kind"];

export type GraphReport = { nodes_before: number; nodes_after: number };

export type PassReport = QuantiseReport | HalveReport | GraphReport;

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
    case "graph": {
      const made = await optimiseGraph(model, { ...request.options, runtime });
      return {
        model: made,
        report: {
          nodes_before: model.graph.nodes.length,
          nodes_after: made.graph.nodes.length,
        },
      };
    }
  }
}

/** In an opset that quantisation takes, with layers fused and weights folded. */
function prepared(runtime: Runtime, model: Model): Promise<Model> {
  const ready = opsetOf(model) < QUANTISED_OPSET ? convertOpset(model, QUANTISED_OPSET) : model;
  return optimiseGraph(ready, { runtime });
}
