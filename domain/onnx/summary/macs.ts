import type { Dimension } from "../../tensors/tensor.ts";
import { einsumOf } from "../einsum-equation.ts";
import type { Node } from "../model.ts";
import { entryOf, intOf } from "../node.ts";
import { productOf } from "../product-of.ts";
import { runsOf, type TracedGraph } from "./traced-graph.ts";

type Shape = readonly Dimension[] | null;

/** Multiply-accumulates of one run of a node from the shapes of its inputs and outputs. */
type Count = (inputs: readonly Shape[], outputs: readonly Shape[], node: Node) => number | null;

const times = (...factors: readonly (number | null)[]): number | null => productOf(factors);
const at = (shapes: readonly Shape[], index: number): Shape => shapes[index] ?? null;

/** Each output takes every tap of its group's input channels; `weight` is the input that has them. */
const convolution =
  (weight: number): Count =>
  (inputs, outputs) =>
    times(productOf(at(outputs, 0)), productOf(at(inputs, weight)?.slice(1) ?? null));

/** Each input element goes through every tap to the output channels of its group. */
const transposedConvolution: Count = (inputs) =>
  times(productOf(at(inputs, 0)), productOf(at(inputs, 1)?.slice(1) ?? null));

/** Each output is a sum over the last axis of the first factor. */
const product: Count = (inputs, outputs) =>
  times(productOf(at(outputs, 0)), productOf(at(inputs, 0)?.slice(-1) ?? null));

const gemm: Count = (inputs, outputs, node) => {
  const summed = at(inputs, 0)?.at(intOf(node, "transA", 0) === 0 ? 1 : 0);
  return times(productOf(at(outputs, 0)), productOf([summed]));
};

/** Every weight of every gate once for each step of each sequence. */
const recurrent: Count = (inputs) => {
  const steps = productOf(at(inputs, 0)?.slice(0, 2) ?? null);
  const weights = [productOf(at(inputs, 1)), productOf(at(inputs, 2))];
  if (weights.includes(null)) return null;
  return times(steps, (weights[0] ?? 0) + (weights[1] ?? 0));
};

/** One multiplication for each operand after the first, at every combination of all the letters. */
const einsum: Count = (inputs, _, node) => {
  const shapes = inputs.filter((shape) => shape !== null);
  if (shapes.length < inputs.length) return null;
  const { operands } = einsumOf(
    node,
    shapes.map(({ length }) => length),
  );
  const sizes = new Map<string, Dimension>();
  for (const [index, operand] of operands.entries())
    for (const [axis, letter] of operand.entries()) {
      const size = shapes[index]?.[axis] ?? null;
      if (!sizes.has(letter) || sizes.get(letter) === 1) sizes.set(letter, size);
    }
  return times(productOf([...sizes.values()]), Math.max(0, operands.length - 1));
};

/** Queries with keys, and weights with values: each element of both once for every key. */
const attention: Count = (inputs, outputs) => {
  const present = at(outputs, 1) ?? at(inputs, 1);
  const query = productOf(at(inputs, 0));
  const answer = productOf(at(outputs, 0));
  if (query === null || answer === null) return null;
  return times(query + answer, productOf([present?.at(-2)]));
};

const COUNTS: Readonly<Record<string, Count>> = {
  Conv: convolution(1),
  ConvInteger: convolution(1),
  QLinearConv: convolution(3),
  DeformConv: convolution(1),
  ConvTranspose: transposedConvolution,
  MatMul: product,
  MatMulInteger: product,
  QLinearMatMul: product,
  "com.microsoft.FusedMatMul": product,
  Gemm: gemm,
  Einsum: einsum,
  RNN: recurrent,
  GRU: recurrent,
  LSTM: recurrent,
  Attention: attention,
};

/**
 * Multiply-accumulates of a node: those of convolutions, matrix products, recurrent layers and
 * attention, and of the sub-graphs of a node as often as they run (of an `If`, the dearer branch; of
 * a `Loop`, by the sizes that hold for all iterations). Null where sizes are not known, 0 where the
 * operator has none.
 */
export function macsOf(node: Node, traced: TracedGraph): number | null {
  const inner = traced.inner.get(node);
  if (inner !== undefined) {
    const each = inner.map(graphMacs);
    if (each.every((macs) => macs === 0)) return 0;
    if (each.includes(null)) return null;
    const dearest = each.reduce<number>((most, macs) => Math.max(most, macs ?? 0), 0);
    return times(dearest, runsOf(node, traced));
  }
  const count = entryOf(COUNTS, node);
  if (count === undefined) return 0;
  const inputs = node.inputs.map((name) => (name === "" ? null : traced.shapeOf(name)));
  return count(inputs, node.outputs.map(traced.shapeOf), node);
}

function graphMacs(traced: TracedGraph): number | null {
  let sum = 0;
  for (const node of traced.graph.nodes) {
    const macs = macsOf(node, traced);
    if (macs === null) return null;
    sum += macs;
  }
  return sum;
}
