import { range } from "../axes.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import { intOf, stringOf } from "../node.ts";
import { codeOf, type Node } from "../model.ts";
import { arithmeticIn } from "./arithmetic.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";

const INT32 = codeOf("int32");

/** The labels of a loss as its gradient uses them; all have the rank of the scores, [batch, classes, …]. */
type Targets = {
  /** 1 at the class of each label that counts, else 0. */
  hot: string;
  /** `hot` times the weight of the class. */
  weighted: string;
  /** What the loss of each label is multiplied by: the upstream gradient, divided by all weights for a mean. */
  factor: string;
};

/** The numbers of the classes, [classes, 1, …], to be compared with labels [batch, 1, …]. */
function classNumbers(b: GraphBuilder, scores: string): string {
  const shape = b.shapeOf(scores);
  const count = shape[1] ?? null;
  const dims = [-1, ...shape.slice(2).map(() => 1)];
  if (typeof count === "number")
    return b.constant({
      type: "int32",
      dims: dims.with(0, count),
      data: Int32Array.from(range(count)),
    });
  const size = b.node("Reshape", [b.node("Shape", [scores], { start: 1, end: 2 }), b.ints([])]);
  const int = (value: number): string => b.scalar(value, "int32");
  const classes = b.node("Range", [int(0), b.node("Cast", [size], { to: INT32 }), int(1)]);
  return b.node("Reshape", [classes, b.ints(dims)]);
}

/** Whether a class is that of a label that counts, for a loss of scores and labels: shaped like the scores. */
export function isOwnClass(b: GraphBuilder, node: Node): string {
  const { equal, where } = arithmeticIn(b);
  const [scores = "", labels = ""] = node.inputs;
  const numbers = b.node("Cast", [b.node("Unsqueeze", [labels, b.ints([1])])], { to: INT32 });
  const ignored = intOf(node, "ignore_index");
  if (ignored === undefined) return equal(numbers, classNumbers(b, scores));
  const isIgnored = equal(numbers, b.scalar(ignored, "int32"));
  const counted = where(isIgnored, b.scalar(-1, "int32"), numbers);
  return equal(counted, classNumbers(b, scores));
}

function targetsOf(call: GradientCall, dy: string): Targets {
  const { b, node } = call;
  const { like, mul, div } = arithmeticIn(b);
  const hot = like(isOwnClass(b, node), call.input(0));
  const weighted = call.has(2) ? mul(hot, weightsLike(call)) : hot;
  const reduction = stringOf(node, "reduction", "mean");
  if (reduction === "none")
    return { hot, weighted, factor: b.node("Unsqueeze", [dy, b.ints([1])]) };
  if (reduction === "sum") return { hot, weighted, factor: dy };
  return { hot, weighted, factor: div(dy, b.node("ReduceSum", [weighted], { keepdims: 0 })) };
}

/** The weights of the classes as [classes, 1, …]. */
function weightsLike(call: GradientCall): string {
  const dims = call
    .shape(0)
    .slice(1)
    .map((_, axis) => (axis === 0 ? -1 : 1));
  return call.b.node("Reshape", [call.input(2), call.b.ints(dims)]);
}

/** The gradient of the weights: what the losses have without them, and for a mean the loss itself taken off. */
function weightGradient(call: GradientCall, { hot, factor }: Targets, logarithms: string): string {
  const { b } = call;
  const { add, mul, neg } = arithmeticIn(b);
  const isMean = stringOf(call.node, "reduction", "mean") === "mean";
  const losses = neg(isMean ? add(logarithms, call.output()) : logarithms);
  const axes = [...call.shape(0).keys()].filter((axis) => axis !== 1);
  const each = mul(mul(hot, factor), losses);
  return b.node("ReduceSum", [each, b.ints(axes)], { keepdims: 0 });
}

const negativeLogLikelihood: GradientRule = (call) => {
  const { mul, neg } = arithmeticIn(call.b);
  const targets = targetsOf(call, call.dy);
  call.give(0, neg(mul(targets.weighted, targets.factor)));
  if (call.wants(2)) call.give(2, weightGradient(call, targets, call.input(0)));
};

/**
 * With g the gradient of the logarithms of the probabilities p, the scores get g - p (sum of g over
 * the classes): for the loss alone, (p - one-hot) times weight and upstream gradient.
 */
const softmaxCrossEntropy: GradientRule = (call) => {
  const { b } = call;
  const { add, sub, mul, neg, exp } = arithmeticIn(b);
  const loss = call.upstream(0);
  const direct = call.upstream(1);
  const known = call.output(1);
  const probabilities = known === "" ? b.node("Softmax", [call.input(0)], { axis: 1 }) : exp(known);
  const targets = loss === undefined ? undefined : targetsOf(call, loss);
  const parts = [targets && neg(mul(targets.weighted, targets.factor)), direct];
  const [first, ...others] = parts.filter((part) => part !== undefined);
  if (first === undefined) return;
  const g = others.reduce((sum, part) => add(sum, part), first);
  const total = b.node("ReduceSum", [g, b.ints([1])], { keepdims: 1 });
  call.give(0, sub(g, mul(probabilities, total)));
  if (targets === undefined || !call.wants(2)) return;
  const logarithms = known === "" ? b.node("LogSoftmax", [call.input(0)], { axis: 1 }) : known;
  call.give(2, weightGradient(call, targets, logarithms));
};

export const LOSS: Record<string, GradientRule> = {
  NegativeLogLikelihoodLoss: negativeLogLikelihood,
  SoftmaxCrossEntropyLoss: softmaxCrossEntropy,
};
