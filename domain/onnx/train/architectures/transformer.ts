import { OnnxFault } from "../../onnx-fault.ts";
import { stepsOf, type Signal } from "./frames.ts";
import type { Layers } from "./layers.ts";
import type { Architecture } from "./network-config.ts";

export function transformer(
  layers: Layers,
  config: Extract<Architecture, { kind: "transformer" }>,
  signal: Signal,
): { value: string; size: number } {
  const { width = 64, heads = 4, layers: depth = 2, frame = 1, dropout = 0 } = config;
  const { feed_forward = 2 * width, activation = "gelu" } = config;
  if (width % heads !== 0)
    throw new OnnxFault(
      "bad_request",
      `architecture.heads ${heads} does not divide architecture.width ${width}`,
    );
  const { b } = layers;
  const { value: steps, steps: count, size } = stepsOf(layers, signal, frame);
  const embedded = layers.linear(steps, "embedding", size, width);
  let x = b.node("Add", [embedded, layers.embedding("positions", [count, width])]);
  for (let layer = 0; layer < depth; layer += 1) {
    const name = `layer_${layer}`;
    const normal = layers.layerNormalisation(x, `${name}.first_normalisation`, width);
    const attended = attention(layers, normal, `${name}.attention`, count, width, heads);
    x = b.node("Add", [x, layers.dropout(attended, dropout)]);
    const second = layers.layerNormalisation(x, `${name}.second_normalisation`, width);
    const inner = layers.linear(second, `${name}.feed_forward_0`, width, feed_forward);
    const active = layers.activation(inner, activation);
    const outer = layers.linear(active, `${name}.feed_forward_1`, feed_forward, width);
    x = b.node("Add", [x, layers.dropout(outer, dropout)]);
  }
  const last = layers.layerNormalisation(x, "normalisation", width);
  return { value: b.node("ReduceMean", [last, b.ints([1])], { keepdims: 0 }), size: width };
}

/** Scaled dot-product self-attention over [batch, steps, width] (Vaswani et al. 2017). */
function attention(
  layers: Layers,
  x: string,
  name: string,
  steps: number,
  width: number,
  heads: number,
): string {
  const { b } = layers;
  const size = width / heads;
  const split = (stem: string, perm: number[]): string => {
    const all = layers.linear(x, `${name}.${stem}`, width, width);
    return b.node("Transpose", [layers.reshape(all, [0, steps, heads, size])], { perm });
  };
  const query = split("query", [0, 2, 1, 3]);
  const key = split("key", [0, 2, 3, 1]);
  const value = split("value", [0, 2, 1, 3]);
  const scores = b.node("Mul", [b.node("MatMul", [query, key]), b.scalar(1 / Math.sqrt(size))]);
  const mixed = b.node("MatMul", [b.node("Softmax", [scores], { axis: -1 }), value]);
  const joined = layers.reshape(b.node("Transpose", [mixed], { perm: [0, 2, 1, 3] }), [
    0,
    steps,
    width,
  ]);
  return layers.linear(joined, `${name}.output`, width, width);
}
