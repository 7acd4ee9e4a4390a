import type { Dimension } from "../../tensors/tensor.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { OnnxFault } from "../onnx-fault.ts";

export type Loss =
  /**
   * Targets are class numbers (int64, [batch]); the output holds a logit for each class. Weights
   * and smoothing work as in PyTorch: a row counts as much as the class of its target.
   */
  | { kind: "cross_entropy"; label_smoothing?: number; class_weights?: readonly number[] }
  /** Targets are 0 or 1 (float32, shaped like the output); the output holds logits. */
  | { kind: "binary_cross_entropy" }
  /** Targets are float32, shaped like the output. */
  | { kind: "mean_squared_error" }
  | { kind: "mean_absolute_error" }
  /** Squared below `delta` (1), linear above (Huber 1964). */
  | { kind: "huber"; delta?: number };

/** Adds the mean loss of a batch to a graph: a scalar. `targets` becomes an input of the graph. */
export function addLoss(b: GraphBuilder, loss: Loss, output: string): string {
  const { shape } = b.tensorOf(output);
  const mean = (value: string): string =>
    b.node("ReduceMean", [value], { keepdims: 0 }, { output: "loss" });
  if (loss.kind === "cross_entropy") {
    const batch = shape?.[0] ?? null;
    return crossEntropy(b, loss, output, b.input("targets", "int64", [batch]));
  }
  const targets = b.input("targets", "float32", shape);
  const difference = (): string => b.node("Sub", [output, targets]);
  switch (loss.kind) {
    case "binary_cross_entropy": {
      // max(z, 0) - z t + log(1 + exp(-|z|)): no logarithm of a rounded 0.
      const large = b.node("Sub", [b.node("Relu", [output]), b.node("Mul", [output, targets])]);
      const small = b.node("Softplus", [b.node("Neg", [b.node("Abs", [output])])]);
      return mean(b.node("Add", [large, small]));
    }
    case "mean_squared_error": {
      const d = difference();
      return mean(b.node("Mul", [d, d]));
    }
    case "mean_absolute_error":
      return mean(b.node("Abs", [difference()]));
    case "huber": {
      const { delta = 1 } = loss;
      if (!(delta > 0)) throw new OnnxFault("bad_request", "loss.delta has to be above 0");
      const size = b.node("Abs", [difference()]);
      const inner = b.node("Clip", [size, b.scalar(0), b.scalar(delta)]);
      // With q = min(|d|, delta): q (|d| - q / 2) is d^2 / 2 below delta and linear above.
      const rest = b.node("Sub", [size, b.node("Mul", [inner, b.scalar(0.5)])]);
      return mean(b.node("Mul", [inner, rest]));
    }
  }
}

function crossEntropy(
  b: GraphBuilder,
  { label_smoothing = 0, class_weights }: Extract<Loss, { kind: "cross_entropy" }>,
  logits: string,
  targets: string,
): string {
  if (!(label_smoothing >= 0 && label_smoothing < 1))
    throw new OnnxFault("bad_request", "loss.label_smoothing has to be at least 0 and below 1");
  checkClassWeights(class_weights, b.tensorOf(logits).shape?.[1]);
  const weights =
    class_weights === undefined
      ? []
      : [
          b.constant({
            type: "float32",
            dims: [class_weights.length],
            data: Float32Array.from(class_weights),
          }),
        ];
  const hard = (output?: string): string =>
    b.node(
      "SoftmaxCrossEntropyLoss",
      [logits, targets, ...weights],
      {},
      output === undefined ? {} : { output },
    );
  if (label_smoothing === 0) return hard("loss");
  const even = b.node("Neg", [evenMean(b, logits, targets, weights)]);
  return b.node(
    "Add",
    [
      b.node("Mul", [hard(), b.scalar(1 - label_smoothing)]),
      b.node("Mul", [even, b.scalar(label_smoothing)]),
    ],
    {},
    { output: "loss" },
  );
}

/** The mean logarithm of all classes, each with its weight, over the weights of the targets. */
function evenMean(
  b: GraphBuilder,
  logits: string,
  targets: string,
  [weight]: readonly string[],
): string {
  const logarithms = b.node("LogSoftmax", [logits], { axis: 1 });
  if (weight === undefined) return b.node("ReduceMean", [logarithms], { keepdims: 0 });
  const means = b.node("ReduceMean", [b.node("Mul", [logarithms, weight]), b.ints([1])]);
  return b.node("Div", [
    b.node("ReduceSum", [means], { keepdims: 0 }),
    b.node("ReduceSum", [b.node("Gather", [weight, targets])], { keepdims: 0 }),
  ]);
}

function checkClassWeights(
  weights: readonly number[] | undefined,
  classes: Dimension | undefined,
): void {
  if (weights === undefined) return;
  if (typeof classes === "number" && weights.length !== classes)
    throw new OnnxFault(
      "bad_request",
      `loss.class_weights has ${weights.length} numbers, and the output has ${classes} classes`,
    );
  if (!weights.every((weight) => weight >= 0 && Number.isFinite(weight)) || !weights.some(Boolean))
    throw new OnnxFault(
      "bad_request",
      "loss.class_weights have to be at least 0, and not all of them 0",
    );
}
