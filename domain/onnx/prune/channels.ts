import type { Dimension } from "../../tensors/tensor.ts";
import { OnnxFault } from "../onnx-fault.ts";

/** Sizes of all tensors together; each slice is followed by itself. */
const MOST_SLICES = 2 ** 22;

/** The slices of an axis have consecutive numbers. */
export type Axis = { tensor: string; axis: number; size: number; first: number };

/**
 * Which slices of the tensors of a model have to be cut out together, as classes of a union-find:
 * a filter of a convolution goes with its bias, with the channel that it makes, and with what reads
 * that channel. A class that something cannot do without is frozen, with the reason.
 */
export class Channels {
  readonly axes: Axis[] = [];
  readonly #axes = new Map<string, Axis[]>();
  readonly #parents: number[] = [];
  readonly #frozen = new Map<number, string>();

  /** Adds a tensor. A size that is not known has no slices, so that nothing is cut out along it. */
  add(tensor: string, shape: readonly Dimension[]): void {
    const sizes = shape.filter((size) => typeof size === "number");
    if (this.#parents.length + sizes.reduce((sum, size) => sum + size, 0) > MOST_SLICES)
      throw new OnnxFault(
        "too_large",
        `up to '${tensor}', the tensors of the model have over ${MOST_SLICES} slices to follow`,
        { tensor },
      );
    const axes = shape.map((size, axis): Axis => {
      const count = typeof size === "number" ? size : 0;
      const first = this.#parents.length;
      for (let at = 0; at < count; at += 1) this.#parents.push(first + at);
      return { tensor, axis, size: count, first };
    });
    this.#axes.set(tensor, axes);
    this.axes.push(...axes);
  }

  /** The axes of a tensor; none for one that is not known. */
  axesOf(tensor: string): readonly Axis[] {
    return this.#axes.get(tensor) ?? [];
  }

  /** Number of the slice's class, which changes as long as ties are added. */
  classOf(slice: number): number {
    let root = slice;
    for (
      let next = this.#parents[root] ?? root;
      next !== root;
      next = this.#parents[root] ?? root
    ) {
      const above = this.#parents[next] ?? next;
      this.#parents[root] = above;
      root = above;
    }
    return root;
  }

  tie(a: number, b: number): void {
    const [from, to] = [this.classOf(a), this.classOf(b)];
    if (from === to) return;
    this.#parents[from] = to;
    const reason = this.#frozen.get(to) ?? this.#frozen.get(from);
    this.#frozen.delete(from);
    if (reason !== undefined) this.#frozen.set(to, reason);
  }

  freeze(axis: Axis, reason: string): void {
    for (let at = 0; at < axis.size; at += 1) {
      const root = this.classOf(axis.first + at);
      if (!this.#frozen.has(root)) this.#frozen.set(root, reason);
    }
  }

  /** Why a slice has to stay; undefined where it may go. */
  reasonOf(slice: number): string | undefined {
    return this.#frozen.get(this.classOf(slice));
  }
}
