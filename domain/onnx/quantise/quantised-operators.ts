import type { Node } from "../model.ts";
import { entryOf, intOf } from "../node.ts";

/**
 * What static quantisation does with an operator:
 * - `weighted`: it computes with bytes and a constant; its output may stay float;
 * - `own_scale`: it computes with bytes, inputs and output each have a scale;
 * - `same_scale`: it moves bytes about, or picks among them: input and output share a scale;
 * - `clamp`: it cuts a range off, which the bytes of its output do by themselves.
 */
export type QuantisedRole = "weighted" | "own_scale" | "same_scale" | "clamp";

type QuantisedOperator = {
  role: QuantisedRole;
  /** How many of the inputs, from the first on, are activations or weights. */
  inputs: number;
};

const first = (role: QuantisedRole): QuantisedOperator => ({ role, inputs: 1 });
const pair = (role: QuantisedRole): QuantisedOperator => ({ role, inputs: 2 });

/** The operators for which ONNX Runtime has kernels of bytes, and takes them for those of floats. */
const OPERATORS: Readonly<Record<string, QuantisedOperator>> = {
  Conv: pair("weighted"),
  Gemm: pair("weighted"),
  MatMul: pair("weighted"),
  Add: pair("own_scale"),
  Mul: pair("own_scale"),
  AveragePool: first("own_scale"),
  GlobalAveragePool: first("own_scale"),
  LeakyRelu: first("own_scale"),
  Sigmoid: first("own_scale"),
  Concat: { role: "same_scale", inputs: Infinity },
  Flatten: first("same_scale"),
  MaxPool: first("same_scale"),
  Reshape: first("same_scale"),
  Slice: first("same_scale"),
  Split: first("same_scale"),
  Squeeze: first("same_scale"),
  Transpose: first("same_scale"),
  Unsqueeze: first("same_scale"),
  Clip: first("clamp"),
  Relu: first("clamp"),
};

/** Embeddings are looked up as bytes, whatever is around them. */
export const EMBEDDING = "Gather";

export const STATIC_OPERATORS = [...Object.keys(OPERATORS), EMBEDDING];

export const roleOf = (node: Node): QuantisedRole | undefined => entryOf(OPERATORS, node)?.role;

/** The activations, and constants in their place, that a node of the table takes. */
export const valuesInto = (node: Node): readonly string[] =>
  node.inputs.slice(0, entryOf(OPERATORS, node)?.inputs ?? 0);

/** What a node of the table gives: indices and the like are left out. */
export const valuesOutOf = (node: Node): readonly string[] =>
  (node.opType === "Split" ? node.outputs : node.outputs.slice(0, 1)).filter((name) => name !== "");

/** The axis of a weight that counts the output channels; undefined where they lie on none. */
export function channelAxisOf(node: Node, rank: number): number | undefined {
  switch (node.opType) {
    case "Conv":
      return 0;
    case "Gemm":
      return intOf(node, "transB", 0) === 1 ? 0 : 1;
    default:
      return rank === 2 ? 1 : undefined;
  }
}
