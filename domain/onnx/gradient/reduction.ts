import { countOf, type Dimension } from "../../tensors/tensor.ts";
import { range } from "../axes.ts";
import { knownElements } from "../infer/elements.ts";
import { staticShape } from "../infer/fact.ts";
import { intOf } from "../node.ts";
import { arithmeticIn, type Arithmetic } from "./arithmetic.ts";
import { signOf } from "./elementwise.ts";
import { sameShape, shapeVector } from "./emit.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";

/** A reduction as its gradient sees it. */
type Reduction = {
  x: string;
  /** The result and its gradient, with the reduced axes of size 1. */
  y: string;
  dy: string;
  math: Arithmetic;
  call: GradientCall;
  /** Sums a value of the shape of x over the reduced axes, which keep size 1. */
  sum: (value: string) => string;
  /** As `sum`, the product. */
  product: (value: string) => string;
};

/** The gradient of a reduction, of the shape of x or one that broadcasts to it. */
const reduction =
  (formula: (values: Reduction) => string): GradientRule =>
  (call) => {
    const { b, node } = call;
    const x = call.input(0);
    const axes = axesOf(call);
    const hasAll = intOf(node, "keepdims", 1) === 1 || axes === undefined;
    const reduceBy =
      (operator: string) =>
      (value: string): string =>
        axes === undefined ? value : b.node(operator, [value, axes], { keepdims: 1 });
    const kept = (value: string): string => (hasAll ? value : b.node("Unsqueeze", [value, axes]));
    const gradient = formula({
      x,
      get y() {
        return kept(call.output());
      },
      dy: kept(call.dy),
      math: arithmeticIn(b),
      call,
      sum: reduceBy("ReduceSum"),
      product: reduceBy("ReduceProd"),
    });
    call.give(0, expandedTo(call, gradient, x));
  };

/** The reduced axes as an int64 vector; undefined where the node reduces none. */
function axesOf(call: GradientCall): string | undefined {
  const { b, node } = call;
  const known = call.has(1) ? knownElements(call.tensor(1)) : [];
  if (known === undefined || known.length > 0) return call.input(1);
  if (intOf(node, "noop_with_empty_axes", 0) === 1) return undefined;
  const rank = call.shape(0).length;
  return rank === 0 ? undefined : b.ints(range(rank));
}

const expandedTo = ({ b }: GradientCall, value: string, tensor: string): string =>
  sameShape(b.tensorOf(value).shape, b.tensorOf(tensor).shape)
    ? value
    : b.node("Expand", [value, shapeVector(b, tensor)]);

/** Each element's share of its mean: a number where the sizes are known, else a value of the type of dy. */
function shareIn({ x, dy, call, math }: Reduction): number | string {
  const { b } = call;
  const [from, to] = [b.shapeOf(x), b.shapeOf(dy)];
  const isCertain = from.every((size, axis) => to[axis] === 1 || sameSize(size, to[axis]));
  const taken = staticShape(from.filter((_, axis) => to[axis] === 1));
  if (isCertain && taken !== null) return 1 / countOf(taken);
  const sizeOf = (value: string): string => math.like(b.node("Size", [value]), dy);
  return math.div(sizeOf(dy), sizeOf(x));
}

const sameSize = (a: Dimension, b: Dimension | undefined): boolean => a !== null && a === b;

/** Equal extremes share the gradient, as PyTorch's `amax` has it. */
const extreme = reduction(({ x, y, dy, math: { like, equal, mul, div }, sum }) => {
  const isChosen = like(equal(x, y), x);
  return mul(isChosen, div(dy, sum(isChosen)));
});

/**
 * The product of the other elements: where no other is 0, the product without the zeros divided by
 * the element, a 0 standing as 1.
 */
const product = reduction(({ x, dy, math, sum, product }) => {
  const { equal, like, sub, where, mul, div } = math;
  const isZero = equal(x, 0);
  const zero = like(isZero, x);
  const nonZero = where(isZero, 1, x);
  const others = div(product(nonZero), nonZero);
  return where(equal(sub(sum(zero), zero), 0), mul(dy, others), 0);
});

/** The softmax of x; the division takes off what the rounding of y put on. */
const logSumExp = reduction(({ x, y, dy, sum, math: { mul, div, exp, sub } }) => {
  const powers = exp(sub(x, y));
  return mul(powers, div(dy, sum(powers)));
});

const alongAxis = (call: GradientCall): number => intOf(call.node, "axis", -1);

/** y (dy - sum of y dy). */
const softmax: GradientRule = (call) => {
  const { mul, sub } = arithmeticIn(call.b);
  const y = call.output();
  const weighted = mul(call.dy, y);
  const total = sumAlong(call, weighted, alongAxis(call));
  call.give(0, sub(weighted, mul(y, total)));
};

/** dy - softmax(x) (sum of dy). */
const logSoftmax: GradientRule = (call) => {
  const { exp, mul, sub } = arithmeticIn(call.b);
  const total = sumAlong(call, call.dy, alongAxis(call));
  call.give(0, sub(call.dy, mul(exp(call.output()), total)));
};

const sumAlong = ({ b }: GradientCall, value: string, axis: number): string =>
  b.node("ReduceSum", [value, b.ints([axis])], { keepdims: 1 });

/** The sum of what each element went into: the same in the other direction. */
const summedBack = (call: GradientCall, value: string): string =>
  call.b.node("CumSum", [value, call.input(1)], {
    reverse: 1 - intOf(call.node, "reverse", 0),
    exclusive: intOf(call.node, "exclusive", 0),
  });

/**
 * What each element went into, divided by the element. The first 0 on the way is another case: only
 * its gradient has the products behind it, as they are without it.
 */
const cumulativeProduct: GradientRule = (call) => {
  const { b, dy, node } = call;
  const { equal, like, where, mul, div } = arithmeticIn(b);
  const [x, axis] = [call.input(0), call.input(1)];
  const [reverse, exclusive] = [intOf(node, "reverse", 0), intOf(node, "exclusive", 0)];
  const isZero = equal(x, 0);
  const zero = like(isZero, x);
  const zerosSoFar = b.node("CumSum", [zero, axis], { reverse });
  const isFirst = equal(mul(zero, zerosSoFar), 1);
  const withoutFirst = b.node("CumProd", [where(isFirst, 1, x), axis], { reverse, exclusive });
  const others = div(summedBack(call, mul(dy, call.output())), where(isZero, 1, x));
  call.give(0, where(isFirst, summedBack(call, mul(dy, withoutFirst)), others));
};

export const REDUCTION: Record<string, GradientRule> = {
  ReduceSum: reduction(({ dy }) => dy),
  ReduceMean: reduction((values) => values.math.mul(values.dy, shareIn(values))),
  ReduceProd: product,
  ReduceMax: extreme,
  ReduceMin: extreme,
  ReduceL1: reduction(({ x, dy, math, call }) => math.mul(signOf(call, x), dy)),
  /** The gradient of the norm of zeros is 0. */
  ReduceL2: reduction(({ x, y, dy, math: { where, equal, mul, div } }) =>
    mul(x, where(equal(y, 0), 0, div(dy, y))),
  ),
  ReduceLogSum: reduction(({ y, dy, math: { div, exp } }) => div(dy, exp(y))),
  ReduceLogSumExp: logSumExp,
  ReduceSumSquare: reduction(({ x, dy, math: { mul } }) => mul(x, mul(dy, 2))),
  Softmax: softmax,
  LogSoftmax: logSoftmax,
  Hardmax: () => {},
  CumSum: (call) => call.give(0, summedBack(call, call.dy)),
  CumProd: cumulativeProduct,
};
