import type { Dimension } from "../../tensors/tensor.ts";
import { intsOf } from "../node.ts";
import { describeShape } from "./broadcast.ts";
import { tensorFact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";
import { transposedWindowsOf } from "../transposed-windows.ts";
import { transposedDimension, windowCounts } from "./window-shape.ts";

/** Batch and channels stay; each spatial axis has as many elements as windows. */
function pooledShape(call: InferenceCall): Dimension[] | null {
  const kernel = kernelOf(call);
  const shape = call.shape(0);
  return shape && [...shape.slice(0, 2), ...windowCounts(call, kernel, shape.slice(2))];
}

function kernelOf(call: InferenceCall): readonly number[] {
  const kernel = intsOf(call.node, "kernel_shape");
  if (kernel) return kernel;
  throw call.fault("'kernel_shape' is missing");
}

const pooling: InferenceRule = (call) => tensorFact(call.type(0), pooledShape(call));

const maxPool: InferenceRule = (call) => {
  const shape = pooledShape(call);
  return [tensorFact(call.type(0), shape), tensorFact("int64", shape)];
};

/** Each spatial axis is one window. */
const globalPooling: InferenceRule = (call) => {
  const shape = call.shape(0);
  if (shape !== null && shape.length < 3)
    throw call.fault(`there is no axis to pool in ${describeShape(shape)}`);
  return tensorFact(call.type(0), shape && shape.map((size, axis) => (axis < 2 ? size : 1)));
};

/** Undoes a MaxPool of the same attributes; a third input is the shape where that is ambiguous. */
const maxUnpool: InferenceRule = (call) => {
  const shape = call.shape(0);
  const asked = call.optional(2);
  if (asked?.elements !== undefined) return tensorFact(call.type(0), asked.elements);
  if (shape === null || asked !== undefined)
    return tensorFact(call.type(0), shape && shape.map(() => null));
  const windows = transposedWindowsOf(call.node, kernelOf(call));
  const spread = windows.map((window, axis) =>
    transposedDimension(call, window, shape[axis + 2] ?? null),
  );
  return tensorFact(call.type(0), [...shape.slice(0, 2), ...spread]);
};

export const POOLING: Record<string, InferenceRule> = {
  MaxPool: maxPool,
  AveragePool: pooling,
  LpPool: pooling,
  MaxUnpool: maxUnpool,
  GlobalAveragePool: globalPooling,
  GlobalMaxPool: globalPooling,
  GlobalLpPool: globalPooling,
};
