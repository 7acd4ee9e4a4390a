import { frontAxis } from "../axes.ts";
import { ONNX_TYPES } from "../model.ts";
import { intOf, placeOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { roundHalfEven } from "../tensors.ts";
import { filled, positionOf, scalar, type Numbers } from "./array.ts";
import { broadcastAt, combined } from "./broadcast.ts";
import { convolution } from "./convolution.ts";
import { converted, isInteger, rangeOf } from "./element-types.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";
import { matMul } from "./linear.ts";

type NumericType = Numbers["type"];

/** The type that an attribute names; undefined where it is left out or 0. */
function namedType(call: InterpreterCall, attribute: string): NumericType | undefined {
  const code = intOf(call.node, attribute, 0);
  return code === 0 ? undefined : (ONNX_TYPES[code] as NumericType | undefined);
}

/**
 * A quotient to the nearest whole number, ties to even, plus the zero point, within the range of the
 * type. Scale and quotient have the precision of their type: exact ones would fall on the other side
 * of many a tie than those of any runtime.
 */
function quantised(
  type: NumericType,
  precision: NumericType,
  x: number,
  scale: number,
  zeroPoint: number,
): number {
  const inPrecision = (value: number): number => converted(value, precision, precision);
  const steps = roundHalfEven(inPrecision(x / inPrecision(scale)));
  const [least, greatest] = rangeOf(type);
  return Math.min(greatest, Math.max(least, steps + zeroPoint));
}

function expectInteger(call: InterpreterCall, type: NumericType): void {
  if (isInteger(type)) return;
  throw new OnnxFault(
    "unsupported",
    `${call.node.opType} to ${type} is not computed here; it is to whole numbers`,
    placeOf(call.node),
  );
}

/** What finds the element of a scale or zero point for a position: the same for all, one along the axis, or one a block. */
function parametersOf(call: InterpreterCall, rank: number) {
  const axis = frontAxis(intOf(call.node, "axis", 1), rank);
  const block = intOf(call.node, "block_size", 0);
  return (parameter: Numbers | undefined, position: readonly number[]): number => {
    if (parameter === undefined) return 0;
    const along = position[axis] ?? 0;
    if (block > 0) return broadcastAt(parameter, position.with(axis, Math.floor(along / block)));
    return parameter.data[parameter.data.length === 1 ? 0 : along] ?? Number.NaN;
  };
}

const quantizeLinear: InterpreterRule = (call) => {
  const [x, scale, zeroPoint] = [call.numbers(0), call.numbers(1), call.optional(2)];
  const type = namedType(call, "output_dtype") ?? zeroPoint?.type ?? "uint8";
  expectInteger(call, type);
  const precision = namedType(call, "precision") ?? scale.type;
  const at = parametersOf(call, x.dims.length);
  return filled(type, x.dims, (index) => {
    const position = positionOf(index, x.dims);
    const step = at(scale, position);
    return quantised(type, precision, x.data[index] ?? 0, step, at(zeroPoint, position));
  });
};

const dequantizeLinear: InterpreterRule = (call) => {
  const [x, scale, zeroPoint] = [call.numbers(0), call.numbers(1), call.optional(2)];
  const at = parametersOf(call, x.dims.length);
  return filled(namedType(call, "output_dtype") ?? scale.type, x.dims, (index) => {
    const position = positionOf(index, x.dims);
    return ((x.data[index] ?? 0) - at(zeroPoint, position)) * at(scale, position);
  });
};

/** The range is widened to hold 0. Where it is empty the scale is 1, as in ONNX Runtime. */
const dynamicQuantizeLinear: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const least = x.data.reduce((low, value) => Math.min(low, value), 0);
  const greatest = x.data.reduce((high, value) => Math.max(high, value), 0);
  const scale = greatest === least ? 1 : Math.fround(Math.fround(greatest - least) / 255);
  const zeroPoint = quantised("uint8", "float32", -least, scale, 0);
  return [
    filled("uint8", x.dims, (index) =>
      quantised("uint8", "float32", x.data[index] ?? 0, scale, zeroPoint),
    ),
    scalar("float32", scale),
    scalar("uint8", zeroPoint),
  ];
};

const NOTHING = scalar("float32", 0);
const ONE = scalar("float32", 1);

/** (x - zero point) · scale, both of which broadcast to x. */
const dequantised = (
  call: InterpreterCall,
  x: Numbers,
  zeroPoint = NOTHING,
  scale = ONE,
): Numbers => combined(call, x.type, [x, zeroPoint, scale], (q, zero, step) => (q - zero) * step);

/** A vector that has an element for each row of the matrices, as it broadcasts to them. */
const perRow = (parameter: Numbers | undefined): Numbers | undefined =>
  parameter?.dims.length === 1 ? { ...parameter, dims: [...parameter.dims, 1] } : parameter;

/** A vector that has an element for each map, as it broadcasts to the weight. */
const perMap = (parameter: Numbers | undefined, { dims }: Numbers): Numbers | undefined =>
  parameter && { ...parameter, dims: [parameter.data.length, ...dims.slice(1).map(() => 1)] };

function requantised(call: InterpreterCall, y: Numbers): Numbers {
  const [scale, zeroPoint] = [call.numbers(6), call.numbers(7)];
  const { type } = zeroPoint;
  return combined(call, type, [y, scale, zeroPoint], (x, step, zero) =>
    quantised(type, scale.type, x, step, zero),
  );
}

const int32 = (y: Numbers): Numbers => ({ ...y, type: "int32" });

export const QUANTISATION: Record<string, InterpreterRule> = {
  QuantizeLinear: quantizeLinear,
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: dynamicQuantizeLinear,
  MatMulInteger: (call) => {
    const a = dequantised(call, call.numbers(0), perRow(call.optional(2)));
    const b = dequantised(call, call.numbers(1), call.optional(3));
    return int32(matMul(call, a, b));
  },
  QLinearMatMul: (call) => {
    const a = dequantised(call, call.numbers(0), perRow(call.numbers(2)), perRow(call.numbers(1)));
    const b = dequantised(call, call.numbers(3), call.numbers(5), call.numbers(4));
    return requantised(call, matMul(call, a, b));
  },
  /** What lies around the input stands for its zero point, so that it adds nothing. */
  ConvInteger: (call) => {
    const [x, w] = [call.numbers(0), call.numbers(1)];
    const input = dequantised(call, x, call.optional(2));
    return int32(convolution(call, input, dequantised(call, w, perMap(call.optional(3), w))));
  },
  /** The bias counts in steps of the input's scale times the weight's. */
  QLinearConv: (call) => {
    const [w, bias] = [call.numbers(3), call.optional(8)];
    const [xScale, wScale] = [call.numbers(1), call.numbers(4)];
    const input = dequantised(call, call.numbers(0), call.numbers(2), xScale);
    const weight = dequantised(call, w, perMap(call.numbers(5), w), perMap(wScale, w));
    const real = bias && combined(call, "float32", [bias, xScale, wScale], (b, x, s) => b * x * s);
    return requantised(call, convolution(call, input, weight, real));
  },
};
