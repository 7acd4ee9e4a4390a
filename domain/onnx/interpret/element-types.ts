import { OnnxFault } from "../onnx-fault.ts";
import { bitsOf } from "../stored-tensor.ts";
import { float16Bits, float16Value } from "../tensors.ts";
import type { Numbers } from "./array.ts";

type NumericType = Numbers["type"];

export const isInteger = (type: NumericType): boolean => /^u?int/.test(type);
const isUnsigned = (type: NumericType): boolean => type.startsWith("u");

/** A whole number as an integer type keeps it: its lowest bits. */
export const wrapped = (type: NumericType, value: bigint): number =>
  Number(
    isUnsigned(type) ? BigInt.asUintN(bitsOf(type), value) : BigInt.asIntN(bitsOf(type), value),
  );

/** A result as its type keeps it: integers cut off toward zero and wrapped, what is not finite is 0; floats unrounded. */
export const fit = (type: NumericType, value: number): number =>
  isInteger(type) ? wrapped(type, BigInt(Number.isFinite(value) ? Math.trunc(value) : 0)) : value;

/** The smallest and the largest value of a type. */
export function rangeOf(type: NumericType): [number, number] {
  if (type === "bool") return [0, 1];
  if (!isInteger(type)) return [-Infinity, Infinity];
  const bits = bitsOf(type);
  return isUnsigned(type) ? [0, 2 ** bits - 1] : [-(2 ** (bits - 1)), 2 ** (bits - 1) - 1];
}

/**
 * An element of type `from` as type `to` has it. A float beyond the range of an integer type, which
 * the standard leaves open, gives the nearest end of the range, NaN 0.
 */
export function converted(value: number, from: NumericType, to: NumericType): number {
  if (to === "bool") return value === 0 ? 0 : 1;
  if (!isInteger(to)) return roundedTo(to, value);
  if (isInteger(from)) return fit(to, value);
  const [low, high] = rangeOf(to);
  return Number.isNaN(value) ? 0 : Math.min(high, Math.max(low, Math.trunc(value)));
}

/** The nearest value of a type of floats. */
function roundedTo(type: NumericType, value: number): number {
  switch (type) {
    case "float64":
      return value;
    case "float32":
      return Math.fround(value);
    case "float16":
      return float16Value(float16Bits(value));
    case "bfloat16":
      return bfloat16(value);
    default:
      throw new OnnxFault("unsupported", `the interpreter does not cast to ${type}`);
  }
}

/** The nearest number with the 8 bits of precision of a bfloat16, which are the upper half of a float32's. */
function bfloat16(value: number): number {
  const single = new Float32Array([value]);
  const bits = new Uint32Array(single.buffer);
  const [word = 0] = bits;
  if (Number.isNaN(value)) return value;
  const tie = (word >>> 16) & 1;
  bits[0] = (word + 0x7fff + tie) & 0xffff0000;
  return single[0] ?? Number.NaN;
}
