import { floatOf, intOf, stringOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { roundHalfEven } from "../tensors.ts";
import { ACTIVATIONS, erf, sigmoid, softplus, type Unary } from "./activations.ts";
import { filled, isTexts, numbers, type Numbers } from "./array.ts";
import { combined } from "./broadcast.ts";
import { CASTS } from "./casts.ts";
import { fit, isInteger, wrapped } from "./element-types.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";

function mapped(call: InterpreterCall, compute: Unary): Numbers {
  const x = call.numbers(0);
  return { ...x, data: x.data.map((element) => fit(x.type, compute(element))) };
}

const unary =
  (compute: Unary): InterpreterRule =>
  (call) =>
    mapped(call, compute);

const test =
  (holds: (x: number, call: InterpreterCall) => boolean): InterpreterRule =>
  (call) => {
    const x = call.numbers(0);
    return filled("bool", x.dims, (index) => (holds(x.data[index] ?? 0, call) ? 1 : 0));
  };

const inputsOf = (call: InterpreterCall): Numbers[] =>
  call.inputs.map((_, index) => call.numbers(index));

/** All inputs broadcast; the type of the first. */
const nary =
  (compute: (...elements: number[]) => number): InterpreterRule =>
  (call) => {
    const inputs = inputsOf(call);
    const { type } = call.numbers(0);
    return combined(call, type, inputs, (...elements) => fit(type, compute(...elements)));
  };

/** Floats one way, integers exactly and then wrapped. */
const binary =
  (
    ofFloats: (a: number, b: number, call: InterpreterCall) => number,
    ofIntegers: (a: bigint, b: bigint, call: InterpreterCall) => bigint,
  ): InterpreterRule =>
  (call) => {
    const inputs = [call.numbers(0), call.numbers(1)];
    const { type } = call.numbers(0);
    const areIntegers = inputs.every((input) => isInteger(input.type));
    return combined(call, type, inputs, (a = 0, b = 0) =>
      areIntegers
        ? wrapped(type, ofIntegers(BigInt(a), BigInt(b), call))
        : fit(type, ofFloats(a, b, call)),
    );
  };

const ofBits = (compute: (a: bigint, b: bigint, call: InterpreterCall) => bigint) =>
  binary((_a, _b, call) => {
    throw call.fault("it takes integers only");
  }, compute);

/** Texts are compared by numbers that stand for them. */
function comparable(call: InterpreterCall): Numbers[] {
  const known = new Map<string, number>();
  const numberOf = (text: string): number => {
    known.set(text, known.get(text) ?? known.size);
    return known.get(text) ?? 0;
  };
  return [call.value(0), call.value(1)].map((value, index) =>
    isTexts(value) ? numbers("int64", value.dims, value.data.map(numberOf)) : call.numbers(index),
  );
}

const comparing =
  (holds: (a: number, b: number) => boolean): InterpreterRule =>
  (call) =>
    combined(call, "bool", comparable(call), (a = 0, b = 0) => (holds(a, b) ? 1 : 0));

function quotient(a: bigint, b: bigint, call: InterpreterCall): bigint {
  if (b === 0n) throw call.fault("an integer is divided by zero");
  return a / b;
}

/** The remainder has the sign of the divisor, or with `fmod` that of the dividend. */
const remainderOfIntegers = (a: bigint, b: bigint, call: InterpreterCall): bigint => {
  if (b === 0n) throw call.fault("an integer is divided by zero");
  const rest = a % b;
  const isOther = intOf(call.node, "fmod", 0) === 0 && rest !== 0n && rest < 0n !== b < 0n;
  return isOther ? rest + b : rest;
};

const remainder = (a: number, b: number, call: InterpreterCall): number => {
  const rest = a % b;
  const isOther = intOf(call.node, "fmod", 0) === 0 && rest !== 0 && rest < 0 !== b < 0;
  return isOther ? rest + b : rest;
};

/** By squaring, of the lowest 64 bits; a negative power of an integer is 0 but for 1 and -1. */
function power(a: bigint, b: bigint, call: InterpreterCall): bigint {
  if (b < 0n) return quotient(1n, power(a, -b, call), call);
  let [result, square] = [1n, a];
  for (let rest = b; rest > 0n; rest >>= 1n) {
    if (rest % 2n === 1n) result = BigInt.asIntN(64, result * square);
    square = BigInt.asIntN(64, square * square);
  }
  return result;
}

/** All types have at most 64 bits. */
function shifted(a: bigint, b: bigint, call: InterpreterCall): bigint {
  const direction = stringOf(call.node, "direction", "");
  const by = b < 64n ? b : 64n;
  if (direction === "LEFT") return a << by;
  if (direction === "RIGHT") return a >> by;
  throw call.fault(`'direction' is '${direction}', and is to be LEFT or RIGHT`);
}

/** Where the bounds cross, the upper one wins. Before opset 11 they are attributes. */
const clip: InterpreterRule = (call) => {
  const low =
    call.opset < 11
      ? floatOf(call.node, "min", -Infinity)
      : (call.optional(1)?.data[0] ?? -Infinity);
  const high =
    call.opset < 11 ? floatOf(call.node, "max", Infinity) : (call.optional(2)?.data[0] ?? Infinity);
  return mapped(call, (x) => Math.min(high, Math.max(low, x)));
};

/** Before opset 12 the ratio is an attribute and nothing is dropped. */
const dropout: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const isTraining = call.opset >= 12 && call.optional(2)?.data[0] === 1;
  const ratio = call.optional(1)?.data[0] ?? 0.5;
  if (isTraining && ratio !== 0)
    throw new OnnxFault("unsupported", "the interpreter does not draw at random");
  return [x, filled(call.opset < 10 ? x.type : "bool", x.dims, () => 1)];
};

export const ELEMENTWISE: Record<string, InterpreterRule> = {
  ...CASTS,
  ...Object.fromEntries(
    Object.entries(ACTIVATIONS).map(([operator, activation]): [string, InterpreterRule] => [
      operator,
      (call) => mapped(call, activation(call)),
    ]),
  ),
  Identity: (call) => call.value(0),
  Clip: clip,
  Dropout: dropout,
  Where: (call) => {
    const inputs = inputsOf(call);
    return combined(call, call.numbers(1).type, inputs, (condition = 0, a = 0, b = 0) =>
      condition === 0 ? b : a,
    );
  },

  Add: binary(
    (a, b) => a + b,
    (a, b) => a + b,
  ),
  Sub: binary(
    (a, b) => a - b,
    (a, b) => a - b,
  ),
  Mul: binary(
    (a, b) => a * b,
    (a, b) => a * b,
  ),
  Div: binary((a, b) => a / b, quotient),
  Mod: binary(remainder, remainderOfIntegers),
  Pow: binary((a, b) => a ** b, power),
  PRelu: nary((x = 0, slope = 0) => (x < 0 ? slope * x : x)),
  SwiGLU: (call) => {
    const alpha = floatOf(call.node, "alpha", 1);
    return nary((a = 0, b = 0) => a * sigmoid(alpha * a) * b)(call);
  },
  BitShift: ofBits(shifted),
  BitwiseAnd: ofBits((a, b) => a & b),
  BitwiseOr: ofBits((a, b) => a | b),
  BitwiseXor: ofBits((a, b) => a ^ b),
  BitwiseNot: unary((x) => -x - 1),
  Max: nary(Math.max),
  Min: nary(Math.min),
  Sum: nary((...elements) => elements.reduce((a, b) => a + b)),
  Mean: nary((...elements) => elements.reduce((a, b) => a + b) / elements.length),

  Equal: comparing((a, b) => a === b),
  Greater: comparing((a, b) => a > b),
  GreaterOrEqual: comparing((a, b) => a >= b),
  Less: comparing((a, b) => a < b),
  LessOrEqual: comparing((a, b) => a <= b),
  And: comparing((a, b) => a !== 0 && b !== 0),
  Or: comparing((a, b) => a !== 0 || b !== 0),
  Xor: comparing((a, b) => (a !== 0) !== (b !== 0)),
  Not: test((x) => x === 0),
  IsNaN: test(Number.isNaN),
  IsInf: test(
    (x, { node }) =>
      (x === Infinity && intOf(node, "detect_positive", 1) === 1) ||
      (x === -Infinity && intOf(node, "detect_negative", 1) === 1),
  ),

  Abs: unary(Math.abs),
  Acos: unary(Math.acos),
  Acosh: unary(Math.acosh),
  Asin: unary(Math.asin),
  Asinh: unary(Math.asinh),
  Atan: unary(Math.atan),
  Atanh: unary(Math.atanh),
  Ceil: unary(Math.ceil),
  Cos: unary(Math.cos),
  Cosh: unary(Math.cosh),
  Erf: unary(erf),
  Exp: unary(Math.exp),
  Floor: unary(Math.floor),
  Log: unary(Math.log),
  Neg: unary((x) => -x),
  Reciprocal: unary((x) => 1 / x),
  Relu: unary((x) => Math.max(0, x)),
  Round: unary(roundHalfEven),
  Sigmoid: unary(sigmoid),
  Sign: unary(Math.sign),
  Sin: unary(Math.sin),
  Sinh: unary(Math.sinh),
  Softplus: unary(softplus),
  Softsign: unary((x) => x / (1 + Math.abs(x))),
  Sqrt: unary(Math.sqrt),
  Tan: unary(Math.tan),
  Tanh: unary(Math.tanh),
};
