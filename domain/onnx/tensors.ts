import { ELEMENT_ARRAYS, type NumericType } from "../tensors/element-arrays.ts";
import { countOf, type Tensor } from "../tensors/tensor.ts";

/** A float32 tensor. */
export const floatTensor = (dims: number[], values: Iterable<number>): Tensor => ({
  type: "float32",
  dims,
  data: Float32Array.from(values),
});

/** An int64 tensor, ONNX's type for sizes, axes and indices; a vector unless dims are given. */
export function intTensor(values: readonly number[], dims: number[] = [values.length]): Tensor {
  return { type: "int64", dims, data: BigInt64Array.from(values, (value) => BigInt(value)) };
}

/** A scalar of a numeric type. A float16 takes the bits of its value. */
export function scalarTensor(type: NumericType, value: number): Tensor {
  return filledTensor(type, [], value);
}

/** A tensor of a numeric type whose elements are all `value`. */
export function filledTensor(type: NumericType, dims: number[], value: number): Tensor {
  const data = new ELEMENT_ARRAYS[type](countOf(dims));
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data.fill(BigInt(value));
  else data.fill(type === "float16" ? float16Bits(value) : value);
  return { type, dims, data };
}

const rounding = new Float32Array(1);
const roundingBits = new Uint32Array(rounding.buffer);

/** The bits of the nearest float16, ties to even (IEEE 754 binary16); beyond 65504 an infinity. */
export function float16Bits(value: number): number {
  rounding[0] = value;
  const bits = roundingBits[0] ?? 0;
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = Math.abs(value);
  if (Number.isNaN(value)) return sign | 0x7e00;
  if (magnitude >= 65520) return sign | 0x7c00;
  if (magnitude < 2 ** -14) return sign | roundHalfEven(magnitude * 2 ** 24);
  const exponent = Math.floor(Math.log2(magnitude));
  const scale =
    magnitude >= 2 ** (exponent + 1)
      ? exponent + 1
      : magnitude < 2 ** exponent
        ? exponent - 1
        : exponent;
  // A mantissa that rounds up to 2048 carries into the exponent by itself.
  return sign | ((scale + 14) * 1024 + roundHalfEven(magnitude * 2 ** (10 - scale)));
}

/** The value of a float16's bits. */
export function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** The nearest whole number, ties to the even one, as ONNX and IEEE 754 round. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest < 0.5) return below;
  if (rest > 0.5) return below + 1;
  return below % 2 === 0 ? below : below + 1;
}
