import type { Dimension } from "../../tensors/tensor.ts";
import { intOf, intsOf } from "../node.ts";
import { describeShape } from "./broadcast.ts";
import { staticShape, tensorFact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";
import { transposedWindowsOf } from "../transposed-windows.ts";
import { transposedDimension, windowCounts } from "./window-shape.ts";

type Shape = readonly Dimension[] | null;

/** The shape of a convolution of `x` [N, C, ...] with `w` [M, C / group, ...]. */
export function convolutionShape(call: InferenceCall, x: Shape, w: Shape): Dimension[] | null {
  if (x === null) return null;
  const sizes = spatialOf(call, x, "the input");
  const kernel = kernelOf(call, w);
  checkChannels(call, x[1] ?? null, w);
  const counts = kernel === null ? sizes.map(() => null) : windowCounts(call, kernel, sizes);
  return [x[0] ?? null, w?.[0] ?? null, ...counts];
}

/** The sizes behind batch and channels, of which there has to be one. */
function spatialOf(call: InferenceCall, shape: readonly Dimension[], what: string): Dimension[] {
  if (shape.length >= 3) return shape.slice(2);
  throw call.fault(
    `${what} is to have the axes batch, channels and at least one more, and is ${describeShape(shape)}`,
  );
}

function kernelOf(call: InferenceCall, w: Shape): readonly number[] | null {
  const said = intsOf(call.node, "kernel_shape");
  const own = w === null ? null : staticShape(spatialOf(call, w, "the weight"));
  if (said !== undefined && own !== null && said.join() !== own.join())
    throw call.fault(
      `'kernel_shape' is [${said.join(", ")}], and the weight has [${own.join(", ")}]`,
    );
  return said ?? own;
}

function checkChannels(call: InferenceCall, channels: Dimension, w: Shape): void {
  const [maps, perGroup] = w ?? [];
  const group = intOf(call.node, "group", 1);
  if (typeof maps === "number" && maps % group !== 0)
    throw call.fault(`${maps} output channels do not fall into ${group} groups`);
  if (typeof perGroup !== "number" || typeof channels !== "number") return;
  if (channels !== perGroup * group)
    throw call.fault(
      `the input has ${channels} channels, and the weight ${describeShape(w ?? [])} in ${group} groups takes ${perGroup * group}`,
    );
}

const conv: InferenceRule = (call) =>
  tensorFact(call.type(0), convolutionShape(call, call.shape(0), call.shape(1)));

/** The weight is [C, M / group, ...]. */
const convTranspose: InferenceRule = (call) => {
  const [x, w] = [call.shape(0), call.shape(1)];
  if (x === null) return tensorFact(call.type(0), null);
  const sizes = spatialOf(call, x, "the input");
  const kernel = kernelOf(call, w);
  const [channels, perGroup] = w ?? [];
  if (typeof channels === "number" && typeof x[1] === "number" && channels !== x[1])
    throw call.fault(
      `the input has ${x[1]} channels, and the weight ${describeShape(w ?? [])} takes ${channels}`,
    );
  const maps = typeof perGroup === "number" ? perGroup * intOf(call.node, "group", 1) : null;
  const windows = kernel && transposedWindowsOf(call.node, kernel);
  const spread = sizes.map((size, axis) => {
    const window = windows?.[axis];
    return window === undefined ? null : transposedDimension(call, window, size);
  });
  return tensorFact(call.type(0), [x[0] ?? null, maps, ...spread]);
};

export const CONVOLUTION: Record<string, InferenceRule> = {
  Conv: conv,
  DeformConv: conv,
  ConvTranspose: convTranspose,
};
