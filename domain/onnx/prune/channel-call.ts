import type { Dimension } from "../../tensors/tensor.ts";
import type { TensorFact } from "../infer/fact.ts";
import type { Node } from "../model.ts";
import { operatorOf, placeOf } from "../node.ts";
import type { Axis, Channels } from "./channels.ts";

/** Ties the slices of a node's tensors. An axis that a rule does not touch is frozen after it. */
export type ChannelRule = (call: ChannelCall) => void;

/** A node as its channel rule sees it. */
export class ChannelCall {
  readonly node: Node;
  readonly opset: number;
  readonly #channels: Channels;
  readonly #factOf: (name: string) => TensorFact | undefined;
  readonly #touched = new Set<Axis>();
  readonly #constants: ReadonlySet<string>;

  constructor(
    node: Node,
    opset: number,
    channels: Channels,
    factOf: (name: string) => TensorFact | undefined,
    constants: ReadonlySet<string>,
  ) {
    this.node = node;
    this.opset = opset;
    this.#channels = channels;
    this.#factOf = factOf;
    this.#constants = constants;
  }

  /** The axes of an input, counted from the front; none where it is left out. */
  input(index: number): readonly Axis[] {
    return this.#channels.axesOf(this.node.inputs[index] ?? "");
  }

  output(index = 0): readonly Axis[] {
    return this.#channels.axesOf(this.node.outputs[index] ?? "");
  }

  shapeOf(tensor: string): readonly Dimension[] {
    return this.#factOf(tensor)?.shape ?? [];
  }

  /** Whole numbers that an input gives, as far as they are known before anything runs. */
  elements(index: number): readonly Dimension[] | undefined {
    return this.#factOf(this.node.inputs[index] ?? "")?.elements;
  }

  isConstant(index: number): boolean {
    return this.#constants.has(this.node.inputs[index] ?? "");
  }

  /** Ties two axes of one size, index by index. Where they differ, or one is not there, both stay frozen. */
  tie(a: Axis | undefined, b: Axis | undefined): void {
    if (!a || !b || a.size !== b.size) return;
    for (let at = 0; at < a.size; at += 1) this.tieSlices(a, at, b, at);
    this.free(a, b);
  }

  tieSlices(a: Axis, indexOfA: number, b: Axis, indexOfB: number): void {
    this.#channels.tie(a.first + indexOfA, b.first + indexOfB);
    this.free(a, b);
  }

  /** Lets slices of axes go for all that this node cares. */
  free(...axes: readonly (Axis | undefined)[]): void {
    for (const axis of axes) if (axis) this.#touched.add(axis);
  }

  freeze(axis: Axis, reason: string): void {
    const { node } = placeOf(this.node);
    this.#channels.freeze(axis, `${operatorOf(this.node)} '${node ?? ""}' ${reason}`);
  }

  /** Freezes what the rule left alone. */
  finish(reads: readonly string[]): void {
    for (const tensor of [...reads, ...this.node.outputs])
      for (const axis of this.#channels.axesOf(tensor))
        if (!this.#touched.has(axis)) this.freeze(axis, `needs every slice of axis ${axis.axis}`);
  }
}
