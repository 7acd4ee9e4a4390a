import type { Model, Node } from "../model.ts";
import { domainOf, entryOf, operatorOf, opsetOf, stringOf } from "../node.ts";
import {
  schemaOf,
  type OperatorSchema,
  type Port,
  type Ports,
} from "../registry/operator-schema.ts";

/**
 * Operators that stay float32 although the standard lets them take float16. What ONNX Runtime has no
 * kernel for it computes in float32 by itself, so that only those are here that it refuses or gets
 * wrong (found with ONNX's own operator tests on the wasm build of 1.30), and quantisation, whose
 * scales would lose too much.
 */
export const SINGLE_OPERATORS: ReadonlySet<string> = new Set([
  "BitCast",
  "Constant",
  "DequantizeLinear",
  "EyeLike",
  "MeanVarianceNormalization",
  "OptionalGetElement",
  "QuantizeLinear",
]);

/** ScatterElements and ScatterND take float16 where they only move elements. */
const isRefused = (node: Node): boolean =>
  node.opType.startsWith("Scatter") && stringOf(node, "reduction", "none") !== "none";

/** Operators whose result has the type that an attribute names. */
const TYPE_ATTRIBUTES: Readonly<Record<string, string>> = {
  Bernoulli: "dtype",
  Cast: "to",
  RandomNormal: "dtype",
  RandomNormalLike: "dtype",
  RandomUniform: "dtype",
  RandomUniformLike: "dtype",
};

export const typeAttributeOf = (node: Node): string | undefined => entryOf(TYPE_ATTRIBUTES, node);

/** Which inputs and outputs of a node can be float16 where they are float32, by the standard. */
export type Float16Ports = {
  input: (index: number) => boolean;
  output: (index: number) => boolean;
};

/** Undefined for an operator that is to stay float32, and for those of other domains. */
export function float16Ports(node: Node, model: Model): Float16Ports | undefined {
  const operator = operatorOf(node);
  const schema = domainOf(node) === "" ? schemaOf("", node.opType, opsetOf(model)) : null;
  if (schema === null || SINGLE_OPERATORS.has(operator) || isRefused(node)) return undefined;
  const takesHalf = (ports: Ports, index: number): boolean =>
    portAt(ports, index)?.types.has("float16") ?? false;
  const bound = boundVariables(schema, node);
  const isFree = operator in TYPE_ATTRIBUTES || operator === "ConstantOfShape";
  return {
    input: (index) => takesHalf(schema.inputs, index),
    output: (index) =>
      takesHalf(schema.outputs, index) &&
      (isFree || bound.has(portAt(schema.outputs, index)?.variable ?? "")),
  };
}

/** The type variables that an input of the node decides. */
const boundVariables = ({ inputs }: OperatorSchema, node: Node): Set<string> =>
  new Set(
    node.inputs.flatMap((name, index) => {
      const variable = portAt(inputs, index)?.variable;
      return name === "" || !variable ? [] : [variable];
    }),
  );

/** The last port stands for all that follow where it repeats. */
function portAt({ list }: Ports, index: number): Port | undefined {
  const last = list.at(-1);
  return list[index] ?? (last?.repeats ? last : undefined);
}
