import type { Random } from "../../../statistics/random.ts";
import { countOf } from "../../../tensors/tensor.ts";
import type { GraphBuilder } from "../../graph-builder.ts";
import { floatTensor, intTensor } from "../../tensors.ts";

export type Activation = "relu" | "gelu" | "tanh" | "leaky_relu" | "elu" | "silu";

/** Layers with fresh weights, added to a graph that they share. `name` is the stem of a layer's weights. */
export class Layers {
  readonly b: GraphBuilder;
  readonly #random: Random;

  constructor(b: GraphBuilder, random: Random) {
    this.b = b;
    this.#random = random;
  }

  /** x W + bias over the last axis; W is [inputs, outputs]. */
  linear(x: string, name: string, inputs: number, outputs: number): string {
    const weight = this.#uniform(`${name}.weight`, [inputs, outputs], Math.sqrt(6 / inputs));
    const bias = this.#filled(`${name}.bias`, [outputs], 0);
    if (this.b.shapeOf(x).length === 2) return this.b.node("Gemm", [x, weight, bias]);
    return this.b.node("Add", [this.b.node("MatMul", [x, weight]), bias]);
  }

  /** A convolution over the last axis of [batch, inputs, length] that keeps the length at stride 1. */
  convolution(
    x: string,
    name: string,
    inputs: number,
    outputs: number,
    { kernel, stride = 1, bias = true }: { kernel: number; stride?: number; bias?: boolean },
  ): string {
    const bound = Math.sqrt(6 / (inputs * kernel));
    const weight = this.#uniform(`${name}.weight`, [outputs, inputs, kernel], bound);
    const both = kernel - 1;
    return this.b.node(
      "Conv",
      [x, weight, ...(bias ? [this.#filled(`${name}.bias`, [outputs], 0)] : [])],
      {
        kernel_shape: [kernel],
        strides: [stride],
        pads: [Math.floor(both / 2), Math.ceil(both / 2)],
      },
    );
  }

  /** Over every axis but the second. The running statistics move by a tenth a step. */
  batchNormalisation(x: string, name: string, channels: number): string {
    const inputs = [
      this.#filled(`${name}.scale`, [channels], 1),
      this.#filled(`${name}.bias`, [channels], 0),
      this.#filled(`${name}.running_mean`, [channels], 0),
      this.#filled(`${name}.running_variance`, [channels], 1),
    ];
    return this.b.node("BatchNormalization", [x, ...inputs], { epsilon: 1e-5, momentum: 0.9 });
  }

  layerNormalisation(x: string, name: string, width: number): string {
    const scale = this.#filled(`${name}.scale`, [width], 1);
    const bias = this.#filled(`${name}.bias`, [width], 0);
    return this.b.node("LayerNormalization", [x, scale, bias], { axis: -1, epsilon: 1e-5 });
  }

  /** Steps first: x is [steps, batch, inputs], the answer [steps, batch, hidden], twice as wide in both directions. */
  lstm(x: string, name: string, inputs: number, hidden: number, both = false): string {
    const directions = both ? 2 : 1;
    const bound = 1 / Math.sqrt(hidden);
    const weight = this.#uniform(`${name}.weight`, [directions, 4 * hidden, inputs], bound);
    const recurrence = this.#uniform(`${name}.recurrence`, [directions, 4 * hidden, hidden], bound);
    const bias = this.b.constant(
      floatTensor([directions, 8 * hidden], forgetful(directions, hidden)),
      `${name}.bias`,
    );
    const y = this.b.node("LSTM", [x, weight, recurrence, bias], {
      hidden_size: hidden,
      direction: both ? "bidirectional" : "forward",
    });
    const joined = this.b.node("Transpose", [y], { perm: [0, 2, 1, 3] });
    return this.reshape(joined, [0, 0, directions * hidden]);
  }

  activation(x: string, kind: Activation): string {
    switch (kind) {
      case "relu":
        return this.b.node("Relu", [x]);
      case "gelu":
        return this.b.node("Gelu", [x]);
      case "tanh":
        return this.b.node("Tanh", [x]);
      case "leaky_relu":
        return this.b.node("LeakyRelu", [x], { alpha: 0.01 });
      case "elu":
        return this.b.node("Elu", [x]);
      case "silu":
        return this.b.node("Mul", [x, this.b.node("Sigmoid", [x])]);
    }
  }

  dropout(x: string, ratio: number): string {
    return ratio === 0 ? x : this.b.node("Dropout", [x, this.b.scalar(ratio)]);
  }

  /** A size of 0 stands for that of the input, -1 for what is left. */
  reshape(x: string, sizes: readonly number[]): string {
    return this.b.node("Reshape", [x, this.b.constant(intTensor(sizes))]);
  }

  /** A learnt tensor of small normal numbers, as for positions. */
  embedding(name: string, dims: number[]): string {
    const values = Float32Array.from({ length: countOf(dims) }, () => 0.02 * this.#random.normal());
    return this.b.constant(floatTensor(dims, values), name);
  }

  #uniform(name: string, dims: number[], bound: number): string {
    const values = Float32Array.from(
      { length: countOf(dims) },
      () => bound * (2 * this.#random.uniform() - 1),
    );
    return this.b.constant(floatTensor(dims, values), name);
  }

  #filled(name: string, dims: number[], value: number): string {
    return this.b.constant(floatTensor(dims, new Float32Array(countOf(dims)).fill(value)), name);
  }
}

/** Gates are in the order input, output, forget, cell; a forget bias of 1 lets a cell remember from the start (Gers 2000). */
const forgetful = (directions: number, hidden: number): Float32Array =>
  Float32Array.from({ length: directions * 8 * hidden }, (_, index) => {
    const at = index % (8 * hidden);
    return at >= 2 * hidden && at < 3 * hidden ? 1 : 0;
  });
