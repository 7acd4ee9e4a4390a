import { writeModel } from "../../onnx/codec/onnx-file.ts";
import type { Model } from "../../onnx/model.ts";
import { numberAt } from "../../onnx/scores.ts";
import { openModel, type Runtime } from "../../onnx/runtime.ts";
import { countOf, type Tensor } from "../../tensors/tensor.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { AttentionLayer } from "../explanation.ts";
import { forRows } from "../gradients/gradient-graph.ts";
import { feedsOf, type RowLayout, type Rows } from "../rows.ts";
import { findAttention } from "./find-attention.ts";
import { rolloutOf, type Rollout } from "./rollout.ts";

export type AttentionMaps = {
  /** In the order of the graph. */
  layers: AttentionLayer[];
  /** Null where the layers are no stack of self-attention, so that there is no way back to the input. */
  rollout: Rollout | null;
};

export type AttentionSession = {
  /** What the layers are called. */
  layers: readonly string[];
  /** What the model attends to in one row. */
  maps(instance: Rows): Promise<AttentionMaps>;
  release(): void | Promise<void>;
};

/**
 * Opens a model so that it tells its attention weights. Throws `ExplainFault` (method_unsupported)
 * as `findAttention` does. Whoever opens it releases it.
 */
export async function openAttention(
  runtime: Runtime,
  original: Model,
  layout: RowLayout,
): Promise<AttentionSession> {
  const { model: ready, fixed } = forRows(original, layout);
  const { model, places, isStack } = findAttention(ready);
  const tensors = places.map(({ tensor }) => tensor);
  const open = await openModel(runtime, writeModel(model));
  return {
    layers: places.map(({ name }) => name),
    async maps(instance) {
      const found = await open.run(feedsOf(layout, instance, 0, 1, fixed), tensors);
      const layers = places.map(({ name, tensor }) => layerOf(name, found[tensor], fixed ?? 1));
      return { layers, rollout: isStack ? rolloutOf(layers) : null };
    },
    release: () => open.release(),
  };
}

/** The axes before queries and keys are heads, or rows and their heads; the first of the rows is the instance. */
function layerOf(name: string, tensor: Tensor | undefined, rows: number): AttentionLayer {
  if (tensor === undefined) throw new Error(`the run left out the weights of '${name}'`);
  const { dims } = tensor;
  const [queries = 0, keys = 0] = dims.slice(-2);
  const heads = countOf(dims.slice(0, -2)) / rows;
  const weights = Array.from({ length: heads * queries * keys }, (_, at) => numberAt(tensor, at));
  if (!weights.every(Number.isFinite))
    throw new ExplainFault(
      "value_invalid",
      `the attention weights of '${name}' are not finite for this input: a query that may attend to nothing has none`,
    );
  return { name, heads, queries, keys, weights };
}
