import { staticShape } from "../../onnx/infer/fact.ts";
import type { Node } from "../../onnx/model.ts";
import { intsOf, operatorOf } from "../../onnx/node.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { Port, RowLayout } from "../rows.ts";
import { dependents, sourcesOf } from "./float-paths.ts";
import type { RowModel } from "./gradient-graph.ts";

/** What gives each position of a convolution's answer a new value, whatever stands at the others. */
const FOLLOWERS: ReadonlySet<string> = new Set(
  `Relu LeakyRelu PRelu ThresholdedRelu Elu Selu Celu Gelu Mish Swish HardSwish HardSigmoid Sigmoid
   Tanh Softplus Softsign Erf Clip Min Max Where Add Sub Mul Div Pow Sum BatchNormalization
   InstanceNormalization GroupNormalization Dropout Identity Cast`.split(/\s+/),
);

/**
 * The tensors of feature maps that lead to an output, in topological order: what a convolution
 * gives, and what follows it position by position. Maps of one position show no place and are left
 * out. The last comes nearest to what the network decides by.
 */
function spatialLayers(rows: RowModel, output: string): string[] {
  const { nodes } = rows.model.graph;
  const leading = sourcesOf(nodes, output);
  const maps = new Set<string>();
  for (const node of nodes) {
    const [made = ""] = node.outputs;
    const shape = mapShape(rows, made);
    if (shape === null) continue;
    const operator = operatorOf(node);
    const follows = node.inputs.some(
      (name) => maps.has(name) && String(mapShape(rows, name)) === String(shape),
    );
    if (operator === "Conv" || (FOLLOWERS.has(operator) && follows)) maps.add(made);
  }
  return [...maps].filter((name) => leading.has(name) && name !== output);
}

/** The sizes [channels, …positions] of feature maps; null for another tensor. */
export function mapShape({ facts }: RowModel, tensor: string): readonly number[] | null {
  const fact = facts.get(tensor);
  const shape = fact?.kind === "tensor" ? fact.shape : null;
  const sizes = staticShape(shape?.slice(1) ?? null);
  if (sizes === null || sizes.length < 2) return null;
  return sizes.slice(1).some((size) => size > 1) ? sizes : null;
}

/**
 * The tensor of the layer asked for by the name of a node or a tensor, else the last of
 * `spatialLayers`. Throws `ExplainFault`: method_unsupported where there is none, target_unknown
 * where it is not there or has no positions, gradient_missing where the output does not depend on it.
 */
export function layerOf(rows: RowModel, output: string, asked: string | undefined): string {
  const { nodes } = rows.model.graph;
  const layers = spatialLayers(rows, output);
  if (asked === undefined) {
    const last = layers.at(-1);
    if (last !== undefined) return last;
    throw new ExplainFault(
      "method_unsupported",
      `no convolution leads to '${output}', and Grad-CAM shows where a convolution looks: use integrated_gradients or a Shapley method`,
    );
  }
  const named = nodes.find((node) => node.name === asked)?.outputs[0];
  const tensor = rows.facts.has(asked) ? asked : named;
  const there = layers.length === 0 ? "there is none" : `there are ${layers.join(", ")}`;
  if (tensor === undefined || mapShape(rows, tensor) === null)
    throw new ExplainFault(
      "target_unknown",
      tensor === undefined
        ? `the model has no layer '${asked}'; of those with positions ${there}`
        : `'${asked}' has not the axes rows, channels and positions; of layers that have them ${there}`,
      "layer",
    );
  if (sourcesOf(nodes, output).has(tensor)) return tensor;
  throw new ExplainFault(
    "gradient_missing",
    `'${output}' does not depend on layer '${asked}'; of those it depends on ${there}`,
    "layer",
  );
}

/** The positions of the input that a layer sees, by its name; null where no input has as many axes. */
export function positionsBefore(
  { model }: RowModel,
  { ports }: RowLayout,
  layer: string,
  axes: number,
): { input: string; shape: readonly number[] } | null {
  const { nodes } = model.graph;
  for (const port of ports) {
    const { name, shape } = port;
    if (!dependents(nodes, name).has(layer)) continue;
    if (shape.length === axes) return { input: name, shape };
    if (shape.length === axes + 1)
      return {
        input: name,
        shape: hasChannelsLast(nodes, port) ? shape.slice(0, -1) : shape.slice(1),
      };
  }
  return null;
}

/** Convolutions take channels first: a model whose input has them last begins by moving them, or has just one. */
function hasChannelsLast(nodes: readonly Node[], { name, shape }: Port): boolean {
  const rank = shape.length + 1;
  const moves = nodes.some(
    (node) =>
      operatorOf(node) === "Transpose" &&
      node.inputs[0] === name &&
      intsOf(node, "perm")?.[1] === rank - 1,
  );
  return moves || (shape.at(-1) === 1 && shape[0] !== 1);
}
