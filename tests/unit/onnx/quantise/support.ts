import type { Model } from "../../../../domain/onnx/model.ts";
import { elementsOf } from "../../../../domain/onnx/stored-tensor.ts";
import type { Tensor } from "../../../../domain/tensors/tensor.ts";
import { runOnWasm } from "../support/wasm-runtime.ts";

export const floatsOf = (tensor: Tensor | undefined): Float32Array => {
  if (tensor?.data instanceof Float32Array) return tensor.data;
  throw new Error("no float32 tensor");
};

/** The largest difference of the outputs `y` of two models on wasm, as a share of the spread of the first. */
export async function relativeDifference(
  before: Model,
  after: Model,
  feeds: Record<string, Tensor>,
): Promise<number> {
  const expected = floatsOf((await runOnWasm(before, feeds))["y"]);
  const found = floatsOf((await runOnWasm(after, feeds))["y"]);
  const differences = expected.map((value, at) => Math.abs(value - (found[at] ?? Number.NaN)));
  return Math.max(...differences) / (Math.max(...expected) - Math.min(...expected));
}

/** How many nodes of each operator a model has. */
export function operatorsIn({ graph }: Model): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { opType } of graph.nodes) counts[opType] = (counts[opType] ?? 0) + 1;
  return counts;
}

export function constantIn({ graph }: Model, name: string): number[] {
  const stored = graph.initializers.find((initializer) => initializer.name === name);
  if (stored === undefined) throw new Error(`no constant ${name}`);
  return Array.from<unknown, number>(elementsOf(stored).data, Number);
}
