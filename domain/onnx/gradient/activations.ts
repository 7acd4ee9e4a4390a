import { floatOf, stringOf } from "../node.ts";
import type { Arithmetic } from "./arithmetic.ts";
import { arithmeticIn } from "./arithmetic.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";

/** A value of a unary node: its input, its output, and the gradient of its output. */
type Values = { x: string; y: string; dy: string };

/** The gradient of y = f(x), element by element, as a formula of x, y and dy. */
export const unary =
  (formula: (values: Values, math: Arithmetic, call: GradientCall) => string): GradientRule =>
  (call) => {
    const values = { x: call.input(0), y: call.output(), dy: call.dy };
    call.give(0, formula(values, arithmeticIn(call.b), call));
  };

/** The slope of x s(alpha x), s being the logistic function. */
export function swishSlope(
  { mul, add, sub, sigmoid }: Arithmetic,
  x: string,
  alpha: number,
): string {
  const scaled = alpha === 1 ? x : mul(x, alpha);
  const gate = sigmoid(scaled);
  return mul(gate, add(1, mul(scaled, sub(1, gate))));
}

/** Phi(x) + x phi(x), of the standard normal distribution. */
function geluSlope({ mul, add, square, exp, erf }: Arithmetic, x: string): string {
  const cumulative = mul(add(erf(mul(x, Math.SQRT1_2)), 1), 0.5);
  const density = mul(exp(mul(square(x), -0.5)), 1 / Math.sqrt(2 * Math.PI));
  return add(cumulative, mul(x, density));
}

const TANH_SCALE = Math.sqrt(2 / Math.PI);
const TANH_CUBIC = 0.044715;

/** The slope of x (1 + tanh u) / 2 with u = TANH_SCALE (x + TANH_CUBIC x^3). */
function geluTanhSlope({ mul, add, sub, square, tanh }: Arithmetic, x: string): string {
  const squared = square(x);
  const t = tanh(mul(mul(x, add(mul(squared, TANH_CUBIC), 1)), TANH_SCALE));
  const innerSlope = mul(add(mul(squared, 3 * TANH_CUBIC), 1), TANH_SCALE);
  const outer = mul(x, mul(sub(1, square(t)), innerSlope));
  return mul(add(add(t, 1), outer), 0.5);
}

/** At kinks the slope is PyTorch's: that of the flat or lower side. */
export const ACTIVATIONS: Record<string, GradientRule> = {
  Relu: unary(({ y, dy }, { where, greater }) => where(greater(y, 0), dy, 0)),
  LeakyRelu: unary(({ x, dy }, { where, greater, mul }, { node }) =>
    where(greater(x, 0), dy, mul(dy, floatOf(node, "alpha", 0.01))),
  ),
  ThresholdedRelu: unary(({ x, dy }, { where, greater }, { node }) =>
    where(greater(x, floatOf(node, "alpha", 1)), dy, 0),
  ),
  Elu: unary(({ x, y, dy }, { where, greater, mul, add }, { node }) =>
    where(greater(x, 0), dy, mul(dy, add(y, floatOf(node, "alpha", 1)))),
  ),
  Celu: unary(({ x, y, dy }, { where, greater, mul, add }, { node }) =>
    where(greater(x, 0), dy, mul(dy, add(mul(y, 1 / floatOf(node, "alpha", 1)), 1))),
  ),
  Selu: unary(({ x, y, dy }, { where, greater, mul, add }, { node }) => {
    const alpha = floatOf(node, "alpha", 1.67326319217681884765625);
    const gamma = floatOf(node, "gamma", 1.05070102214813232421875);
    return where(greater(x, 0), mul(dy, gamma), mul(dy, add(y, alpha * gamma)));
  }),
  Shrink: unary(({ x, dy }, { where, atMost, abs }, { node }) =>
    where(atMost(abs(x), floatOf(node, "lambd", 0.5)), 0, dy),
  ),
  HardSigmoid: unary(({ y, dy }, { where, greater, less, mul }, { node }) =>
    where(greater(y, 0), where(less(y, 1), mul(dy, floatOf(node, "alpha", 0.2)), 0), 0),
  ),
  HardSwish: unary(({ x, dy }, { where, greater, less, mul, add }) =>
    where(greater(x, -3), where(less(x, 3), mul(dy, add(mul(x, 1 / 3), 0.5)), dy), 0),
  ),
  Sigmoid: unary(({ y, dy }, { mul, sub }) => mul(dy, mul(y, sub(1, y)))),
  Tanh: unary(({ y, dy }, { mul, sub, square }) => mul(dy, sub(1, square(y)))),
  Softplus: unary(({ x, dy }, { mul, sigmoid }) => mul(dy, sigmoid(x))),
  Softsign: unary(({ x, dy }, { div, square, add, abs }) => div(dy, square(add(abs(x), 1)))),
  Swish: unary(({ x, dy }, math, { node }) =>
    math.mul(dy, swishSlope(math, x, floatOf(node, "alpha", 1))),
  ),
  Gelu: unary(({ x, dy }, math, { node }) =>
    math.mul(
      dy,
      stringOf(node, "approximate", "none") === "tanh"
        ? geluTanhSlope(math, x)
        : geluSlope(math, x),
    ),
  ),
  Mish: unary(({ x, dy }, { mul, add, sub, square, tanh, sigmoid }, { b }) => {
    const t = tanh(b.node("Softplus", [x]));
    return mul(dy, add(t, mul(mul(x, sigmoid(x)), sub(1, square(t)))));
  }),
};
