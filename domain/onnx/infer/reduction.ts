import type { Dimension } from "../../tensors/tensor.ts";
import { checkedAxis, range } from "../axes.ts";
import { intOf, intsOf } from "../node.ts";
import { COMBINATIONS, fold, knownElements, type Combine } from "./elements.ts";
import { tensorFact, type TensorFact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";

/** Type and shape of the first input. */
const same: InferenceRule = (call) => tensorFact(call.type(0), call.shape(0));

/** The first version of each operator that takes its axes as an input. */
const axesAreInput = (call: InferenceCall): boolean =>
  call.opset >= (call.node.opType === "ReduceSum" ? 13 : 18);

/**
 * The axes that a node of this rank reduces, none of them negative; where an input gives them and
 * its elements are not known, only how many they are, or null.
 */
function axesOf(call: InferenceCall, rank: number): readonly number[] | { count: number | null } {
  const given = axesAreInput(call) ? call.optional(1) : undefined;
  const elements = given === undefined ? intsOf(call.node, "axes") : knownElements(given);
  if (given !== undefined && elements === undefined && given.shape?.[0] !== 0) {
    const count = given.shape?.[0];
    return { count: typeof count === "number" ? count : null };
  }
  const axes = (elements ?? []).filter((axis) => typeof axis === "number");
  if (elements !== undefined && axes.length < elements.length) return { count: elements.length };
  if (axes.length > 0) return axes.map((axis) => checkedAxis(call, axis, rank));
  return intOf(call.node, "noop_with_empty_axes", 0) === 1 ? [] : range(rank);
}

const without = (
  shape: readonly Dimension[],
  axes: readonly number[],
  keepdims: boolean,
): Dimension[] =>
  keepdims
    ? shape.map((size, axis) => (axes.includes(axis) ? 1 : size))
    : shape.filter((_, axis) => !axes.includes(axis));

/** The only element of a vector that is reduced, where all of its elements are known well enough. */
const reduced =
  (combine?: Combine): InferenceRule =>
  (call) => {
    const x = call.tensor(0);
    const shape = reducedShape(call, x.shape);
    const elements = knownElements(x);
    const isWhole =
      x.shape?.length === 1 && shape !== null && (shape.length === 0 || shape[0] === 1);
    if (combine === undefined || !isWhole || elements === undefined || elements.length === 0)
      return tensorFact(x.type, shape);
    return tensorFact(x.type, shape, [combine(...elements)]);
  };

function reducedShape(
  call: InferenceCall,
  shape: readonly Dimension[] | null,
): readonly Dimension[] | null {
  const keepdims = intOf(call.node, "keepdims", 1) === 1;
  if (shape === null) return isOverAll(call) && !keepdims ? [] : null;
  const axes = axesOf(call, shape.length);
  if (!("count" in axes)) return without(shape, axes, keepdims);
  if (keepdims) return shape.map((size) => (size === 1 ? 1 : null));
  return axes.count === null ? null : Array(Math.max(0, shape.length - axes.count)).fill(null);
}

/** Whether every axis is reduced, whatever the rank. */
const isOverAll = (call: InferenceCall): boolean =>
  intOf(call.node, "noop_with_empty_axes", 0) === 0 &&
  intsOf(call.node, "axes") === undefined &&
  (!axesAreInput(call) || call.inputs[1] === undefined);

const indexOfExtreme: InferenceRule = (call) => {
  const shape = call.shape(0);
  if (shape === null) return tensorFact("int64", null);
  const axis = checkedAxis(call, intOf(call.node, "axis", 0), shape.length);
  return tensorFact("int64", without(shape, [axis], intOf(call.node, "keepdims", 1) === 1));
};

/** Along one axis, which has to be there; before opset 13 all from the axis on, which may be the rank. */
const normalising: InferenceRule = (call) => {
  const x: TensorFact = call.tensor(0);
  const axis = intOf(call.node, "axis", call.opset < 13 ? 1 : -1);
  if (x.shape !== null && !(call.opset < 13 && axis === x.shape.length))
    checkedAxis(call, axis, Math.max(1, x.shape.length));
  return tensorFact(x.type, x.shape);
};

export const REDUCTION: Record<string, InferenceRule> = {
  ReduceSum: reduced(COMBINATIONS.Sum),
  ReduceProd: reduced(fold(COMBINATIONS.Mul)),
  ReduceMax: reduced(COMBINATIONS.Max),
  ReduceMin: reduced(COMBINATIONS.Min),
  ReduceMean: reduced(),
  ReduceL1: reduced(),
  ReduceL2: reduced(),
  ReduceLogSum: reduced(),
  ReduceLogSumExp: reduced(),
  ReduceSumSquare: reduced(),
  ArgMax: indexOfExtreme,
  ArgMin: indexOfExtreme,
  CumSum: same,
  CumProd: same,
  Softmax: normalising,
  LogSoftmax: normalising,
  Hardmax: normalising,
};
