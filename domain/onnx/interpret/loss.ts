import { intOf, stringOf } from "../node.ts";
import { filled, indexOf, positionOf, scalar, type Numbers } from "./array.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";
import { alongAxes, logSoftmax } from "./reduction.ts";

/**
 * The losses -w[label] log p[label], of the logarithms [batch, classes, …] and the labels [batch, …].
 * The mean is over the weights of the labels that count.
 */
function negativeLogLikelihood(call: InterpreterCall, logarithms: Numbers): Numbers {
  const labels = call.numbers(1);
  const weights = call.optional(2);
  const ignored = intOf(call.node, "ignore_index");
  const weightAt = (index: number): number => {
    const label = labels.data[index] ?? 0;
    return label === ignored ? 0 : (weights?.data[label] ?? 1);
  };
  const lossAt = (index: number): number => {
    const label = labels.data[index] ?? 0;
    if (label === ignored) return 0;
    const classes = logarithms.dims[1] ?? 0;
    if (label < 0 || label >= classes)
      throw call.fault(`there is a label ${label}, and the classes are 0 to ${classes - 1}`);
    const [batch = 0, ...rest] = positionOf(index, labels.dims);
    return (
      -weightAt(index) * (logarithms.data[indexOf([batch, label, ...rest], logarithms.dims)] ?? 0)
    );
  };
  const losses = filled(logarithms.type, labels.dims, lossAt);
  const total = losses.data.reduce((a, b) => a + b, 0);
  switch (stringOf(call.node, "reduction", "mean")) {
    case "none":
      return losses;
    case "sum":
      return scalar(logarithms.type, total);
    default: {
      const weight = labels.data.reduce((sum, _, index) => sum + weightAt(index), 0);
      return scalar(logarithms.type, total / weight);
    }
  }
}

export const LOSS: Record<string, InterpreterRule> = {
  NegativeLogLikelihoodLoss: (call) => negativeLogLikelihood(call, call.numbers(0)),
  SoftmaxCrossEntropyLoss: (call) => {
    const logarithms = alongAxes(call.numbers(0), [1], logSoftmax);
    return [negativeLogLikelihood(call, logarithms), logarithms];
  },
};
