import { floatOf, intOf } from "../node.ts";
import { ACTIVATIONS, swishSlope, unary } from "./activations.ts";
import { arithmeticIn, type Arithmetic } from "./arithmetic.ts";
import { constantNumber } from "./constant-number.ts";
import { unbroadcast } from "./emit.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";

/** Gives each input of a broadcasting operator what `of` computes for it, summed where it was repeated. */
const broadcasting =
  (of: (call: GradientCall, index: number, math: Arithmetic) => string | undefined): GradientRule =>
  (call) => {
    const math = arithmeticIn(call.b);
    for (const index of call.node.inputs.keys()) {
      const gradient = call.wants(index) ? of(call, index, math) : undefined;
      if (gradient !== undefined)
        call.give(index, unbroadcast(call.b, gradient, call.input(index)));
    }
  };

/** Constant between its jumps, or drawn at random: no gradient passes. */
const flat: GradientRule = () => {};

/** -1, 0 or 1, of the type of x. */
export function signOf(call: GradientCall, x: string): string {
  if (call.profile !== "webgpu") return call.b.node("Sign", [x]);
  const { sub, like, greater, less } = arithmeticIn(call.b);
  return sub(like(greater(x, 0), x), like(less(x, 0), x));
}

/** The largest or smallest inputs share the gradient where several are equal, as PyTorch's `maximum` has it. */
const extreme = broadcasting((call, index, { like, equal, add, mul, div }) => {
  const isChosen = call.node.inputs.map((input) => like(equal(input, call.output()), call.dy));
  const [own = ""] = isChosen.splice(index, 1);
  const count = isChosen.reduce((sum, mask) => add(sum, mask), own);
  return div(mul(call.dy, own), count);
});

const quotient = broadcasting((call, index, { div, mul, neg }) => {
  const ofDividend = div(call.dy, call.input(1));
  return index === 0 ? ofDividend : neg(mul(ofDividend, call.output()));
});

/** a - b floor(a / b), or with `fmod` the quotient cut off toward zero. */
const remainder = broadcasting((call, index, { div, mul, neg, floor, abs }) => {
  if (index === 0) return call.dy;
  const ratio = div(call.input(0), call.input(1));
  const isFloor = intOf(call.node, "fmod", 0) === 0;
  const whole = isFloor ? floor(ratio) : mul(signOf(call, ratio), floor(abs(ratio)));
  return neg(mul(call.dy, whole));
});

/** Powers with the exponent 0 have the slope 0, also where the base is 0. */
const power = broadcasting((call, index, math) => {
  const { mul, sub, where, equal, log, like } = math;
  const [x, y, dy] = [call.input(0), call.output(), call.dy];
  if (index === 1) return mul(dy, where(equal(x, 0), 0, mul(y, log(x))));
  const fixed = constantNumber(call.b, call.input(1));
  if (fixed !== undefined) return slopeOfPower(math, x, dy, fixed);
  const exponent = like(call.input(1), x);
  return mul(dy, where(equal(exponent, 0), 0, mul(exponent, math.pow(x, sub(exponent, 1)))));
});

function slopeOfPower(
  { mul, pow }: Arithmetic,
  x: string,
  dy: string,
  exponent: number,
): string | undefined {
  if (exponent === 0) return undefined;
  if (exponent === 1) return dy;
  return mul(dy, mul(exponent === 2 ? x : pow(x, exponent - 1), exponent));
}

/** x passes where it lies within the bounds, and at them; where they cross, only the upper one counts. */
const clip: GradientRule = (call) => {
  const { where, atLeast, atMost, less, greater } = arithmeticIn(call.b);
  const { b, dy } = call;
  const [x, low, high] = [0, 1, 2].map((index) =>
    call.has(index) ? call.input(index) : undefined,
  );
  if (x === undefined) return;
  const within = high === undefined ? dy : where(atMost(x, high), dy, 0);
  call.give(0, low === undefined ? within : where(atLeast(x, low), within, 0));
  if (low !== undefined && call.wants(1)) {
    const below = where(less(x, low), dy, 0);
    const counted = high === undefined ? below : where(less(low, high), below, 0);
    call.give(1, unbroadcast(b, counted, low));
  }
  if (high !== undefined && call.wants(2)) {
    const crossed = low === undefined ? 0 : where(less(high, low), dy, 0);
    call.give(2, unbroadcast(b, where(greater(x, high), dy, crossed), high));
  }
};

/** The mask that the node gives tells what was kept; without training nothing is dropped. */
const dropout: GradientRule = (call) => {
  const { b, dy } = call;
  const { where, sub, div, mul, like } = arithmeticIn(b);
  const training = call.has(2) ? constantNumber(b, call.input(2)) : 0;
  if (training === 0) return call.give(0, dy);
  const mask = call.output(1);
  if (mask === "")
    throw call.blocked("in training its second output, the mask, has to be there: name it");
  const ratio = call.has(1) ? constantNumber(b, call.input(1)) : 0.5;
  const scaled =
    ratio === undefined ? div(dy, sub(1, like(call.input(1), dy))) : mul(dy, 1 / (1 - ratio));
  const kept = where(mask, scaled, 0);
  call.give(0, training === undefined ? where(call.input(2), kept, dy) : kept);
};

const gated: GradientRule = (call) => {
  const math = arithmeticIn(call.b);
  const alpha = floatOf(call.node, "alpha", 1);
  const [gate, value] = [call.input(0), call.input(1)];
  if (call.wants(0))
    call.give(0, math.mul(call.dy, math.mul(swishSlope(math, gate, alpha), value)));
  if (call.wants(1)) {
    const opened = math.sigmoid(math.mul(gate, alpha));
    call.give(1, math.mul(call.dy, math.mul(gate, opened)));
  }
};

/** Back to the type of the input, where that is one of floats. */
const cast: GradientRule = (call) =>
  call.give(0, arithmeticIn(call.b).like(call.dy, call.input(0)));

export const ELEMENTWISE: Record<string, GradientRule> = {
  ...ACTIVATIONS,
  Identity: (call) => call.give(0, call.dy),
  Cast: cast,
  CastLike: cast,
  Clip: clip,
  Dropout: dropout,
  SwiGLU: gated,
  Where: broadcasting((call, index, { where }) =>
    index === 1 ? where(call.input(0), call.dy, 0) : where(call.input(0), 0, call.dy),
  ),
  PRelu: broadcasting((call, index, { where, greater, mul }) => {
    const [x, slope] = [call.input(0), call.input(1)];
    return index === 0
      ? where(greater(x, 0), call.dy, mul(call.dy, slope))
      : where(greater(x, 0), 0, mul(call.dy, x));
  }),

  Add: broadcasting((call) => call.dy),
  Sub: broadcasting((call, index, { neg }) => (index === 0 ? call.dy : neg(call.dy))),
  Mul: broadcasting((call, index, { mul }) => mul(call.dy, call.input(1 - index))),
  Div: quotient,
  Mod: remainder,
  Pow: power,
  Sum: broadcasting((call) => call.dy),
  Mean: broadcasting((call, _index, { mul }) => mul(call.dy, 1 / call.node.inputs.length)),
  Max: extreme,
  Min: extreme,

  Ceil: flat,
  Floor: flat,
  Round: flat,
  Sign: flat,
  Bernoulli: flat,
  RandomNormalLike: flat,
  RandomUniformLike: flat,

  Neg: unary(({ dy }, { neg }) => neg(dy)),
  Abs: unary(({ x, dy }, { mul }, call) => mul(dy, signOf(call, x))),
  Exp: unary(({ y, dy }, { mul }) => mul(dy, y)),
  Log: unary(({ x, dy }, { div }) => div(dy, x)),
  Sqrt: unary(({ y, dy }, { div, mul }) => div(dy, mul(y, 2))),
  Reciprocal: unary(({ y, dy }, { mul, neg, square }) => neg(mul(dy, square(y)))),
  Erf: unary(({ x, dy }, { mul, exp, neg, square }) =>
    mul(mul(dy, exp(neg(square(x)))), 2 / Math.sqrt(Math.PI)),
  ),
  Sin: unary(({ x, dy }, { mul, cos }) => mul(dy, cos(x))),
  Cos: unary(({ x, dy }, { mul, sin, neg }) => neg(mul(dy, sin(x)))),
  Tan: unary(({ y, dy }, { mul, add, square }) => mul(dy, add(square(y), 1))),
  Sinh: unary(({ x, dy }, { mul, cosh }) => mul(dy, cosh(x))),
  Cosh: unary(({ x, dy }, { mul, sinh }) => mul(dy, sinh(x))),
  Asin: unary(({ x, dy }, { div, sqrt, sub, square }) => div(dy, sqrt(sub(1, square(x))))),
  Acos: unary(({ x, dy }, { div, sqrt, sub, square, neg }) =>
    neg(div(dy, sqrt(sub(1, square(x))))),
  ),
  Atan: unary(({ x, dy }, { div, add, square }) => div(dy, add(square(x), 1))),
  Asinh: unary(({ x, dy }, { div, sqrt, add, square }) => div(dy, sqrt(add(square(x), 1)))),
  Acosh: unary(({ x, dy }, { div, mul, sqrt, sub, add }) =>
    div(dy, sqrt(mul(sub(x, 1), add(x, 1)))),
  ),
  Atanh: unary(({ x, dy }, { div, mul, sub, add }) => div(dy, mul(sub(1, x), add(x, 1)))),
};
