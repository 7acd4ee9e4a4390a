import type { Dimension } from "../../tensors/tensor.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { staticShape, type TensorFact } from "../infer/fact.ts";
import type { Node, OnnxType } from "../model.ts";
import { operatorOf, placeOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";

/**
 * Which runtime a gradient is emitted for: they have different operators and different fast ones.
 * `webgpu` has no Scan, ScatterElements, MaxUnpool or MaxPool indices.
 */
export type Profile = "native" | "wasm" | "webgpu";

/** Adds to the graph what the inputs of a node get of the gradients of its outputs (a vector-Jacobian product). */
export type GradientRule = (call: GradientCall) => void;

export type Backpropagation = {
  /** The nodes to go back through, in topological order. */
  nodes: readonly Node[];
  /** Tensors that the pass starts from, each with its gradient. */
  seeds: readonly (readonly [tensor: string, gradient: string])[];
  with_respect_to: readonly string[];
  profile: Profile;
};

/**
 * Adds a backward pass through some nodes of a graph: the gradient of each tensor, undefined for
 * one that no seed reaches.
 */
export type Backpropagate = (b: GraphBuilder, pass: Backpropagation) => (string | undefined)[];

export const FLOAT_TYPES: ReadonlySet<OnnxType> = new Set([
  "float32",
  "float64",
  "float16",
  "bfloat16",
]);

/** A node as its gradient rule sees it. Values are names of tensors in the builder `b`. */
export class GradientCall {
  readonly b: GraphBuilder;
  readonly node: Node;
  readonly profile: Profile;
  /** For a rule that goes back through other nodes than its own: those of a sub-graph, or of an expansion. */
  readonly backpropagate: Backpropagate;
  readonly #upstream: readonly (string | undefined)[];
  readonly #wanted: ReadonlySet<string>;
  readonly #give: (tensor: string, gradient: string) => void;

  constructor(
    b: GraphBuilder,
    node: Node,
    profile: Profile,
    upstream: readonly (string | undefined)[],
    wanted: ReadonlySet<string>,
    give: (tensor: string, gradient: string) => void,
    backpropagate: Backpropagate,
  ) {
    this.b = b;
    this.node = node;
    this.profile = profile;
    this.#upstream = upstream;
    this.#wanted = wanted;
    this.#give = give;
    this.backpropagate = backpropagate;
  }

  input(index: number): string {
    const name = this.node.inputs[index];
    if (name !== undefined && name !== "") return name;
    throw this.blocked(`its input ${index} is left out`);
  }

  has(index: number): boolean {
    return (this.node.inputs[index] ?? "") !== "";
  }

  output(index = 0): string {
    return this.node.outputs[index] ?? "";
  }

  /** The gradient of an output; undefined where nothing that counts comes of it. */
  upstream(index: number): string | undefined {
    return this.#upstream[index];
  }

  /** The gradient of the first output. A rule is called only where some output has one. */
  get dy(): string {
    const dy = this.#upstream[0];
    if (dy !== undefined) return dy;
    throw this.blocked("only an output beside the first leads on, which its rule does not follow");
  }

  /** Whether a gradient for this input leads anywhere. */
  wants(index: number): boolean {
    return this.wantsTensor(this.node.inputs[index] ?? "");
  }

  /** As `wants`, for a tensor that a sub-graph of the node takes from around it. */
  wantsTensor(tensor: string): boolean {
    return this.#wanted.has(tensor);
  }

  /** Adds to the gradient of an input. What is not wanted may be given and is left unused. */
  give(index: number, gradient: string): void {
    if (this.wants(index)) this.#give(this.input(index), gradient);
  }

  /** As `give`, for a tensor that a sub-graph of the node takes from around it. */
  giveTensor(tensor: string, gradient: string): void {
    if (this.wantsTensor(tensor)) this.#give(tensor, gradient);
  }

  tensor(index: number): TensorFact {
    return this.b.tensorOf(this.input(index));
  }

  /** The shape of an input, whose rank has to be known. */
  shape(index: number): readonly Dimension[] {
    return this.b.shapeOf(this.input(index));
  }

  /** The sizes of an input where they have to be known. */
  sizes(index: number): number[] {
    const sizes = staticShape(this.shape(index));
    if (sizes) return sizes;
    throw this.blocked(`every size of '${this.input(index)}' has to be known`);
  }

  /** The problem of a node that cannot be differentiated. */
  blocked(reason: string): OnnxFault {
    return blockedBy(this.node, this.#wanted, reason);
  }
}

export function blockedBy(node: Node, wanted: ReadonlySet<string>, reason: string): OnnxFault {
  const place = placeOf(node);
  const inputs = node.inputs.filter((name) => wanted.has(name)).map((name) => `'${name}'`);
  return new OnnxFault(
    "unsupported",
    `no gradient reaches ${inputs.join(", ")} through ${operatorOf(node)} '${place.node ?? ""}': ${reason}`,
    place,
  );
}
