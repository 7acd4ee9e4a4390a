import { countOf } from "../../tensors/tensor.ts";
import { roundHalfEven } from "../tensors.ts";

/** The values between which a tensor lies. */
export type Range = { readonly min: number; readonly max: number };

export type ByteType = "uint8" | "int8";

/** A real value is `scale * (byte - zeroPoint)`; the scale is a float32. */
export type Affine = {
  readonly type: ByteType;
  readonly scale: number;
  readonly zeroPoint: number;
};

export type AffineOptions = {
  /** As many steps below zero as above, zero in the middle: what weights are given. */
  symmetric?: boolean;
  /** One bit less, for processors whose 8-bit products saturate (x86 before VNNI). */
  reduceRange?: boolean;
  /** A lower bound of the scale. */
  smallestScale?: number;
};

/** Below the smallest normal float32 a range counts as nothing. */
export const SMALLEST_NORMAL = 2 ** -126;

/** The lowest and highest byte in use: [full range, one bit less]. */
const LIMITS = {
  uint8: { asymmetric: [range(0, 255), range(0, 127)], symmetric: [range(1, 255), range(1, 127)] },
  int8: {
    asymmetric: [range(-128, 127), range(-64, 64)],
    symmetric: [range(-127, 127), range(-64, 64)],
  },
} as const;

const WIDEST = { uint8: LIMITS.uint8.asymmetric[0], int8: LIMITS.int8.asymmetric[0] };

function range(min: number, max: number): Range {
  return { min, max };
}

/**
 * The affine map of a range to bytes (Jacob et al. 2018, as ONNX Runtime's quantiser defines it):
 * zero is in the range and has a byte of its own. A range of nothing but zero has the scale 1.
 */
export function affineOf(real: Range, type: ByteType, options: AffineOptions = {}): Affine {
  const { symmetric = false, reduceRange = false, smallestScale = 0 } = options;
  const limits = LIMITS[type][symmetric ? "symmetric" : "asymmetric"][reduceRange ? 1 : 0];
  const reach = Math.max(Math.abs(real.min), Math.abs(real.max));
  const low = symmetric ? -reach : Math.min(real.min, 0);
  const high = symmetric ? reach : Math.max(real.max, 0);
  const scale = Math.max((high - low) / (limits.max - limits.min), smallestScale);
  const middle = (limits.min + limits.max) / 2;
  if (scale < SMALLEST_NORMAL) return { type, scale: 1, zeroPoint: symmetric ? middle : 0 };
  const zeroPoint = symmetric ? middle : roundHalfEven(limits.min - low / scale);
  return { type, scale: Math.fround(scale), zeroPoint };
}

/** The nearest byte, ties to even, as `QuantizeLinear` computes it in float32. */
export function byteOf(value: number, { type, scale, zeroPoint }: Affine): number {
  const { min, max } = WIDEST[type];
  const byte = roundHalfEven(Math.fround(value / scale)) + zeroPoint;
  return Math.min(Math.max(byte, min), max);
}

/** The least range that holds both. */
export const union = (a: Range, b: Range): Range => ({
  min: Math.min(a.min, b.min),
  max: Math.max(a.max, b.max),
});

/** The range of a float tensor's elements; [0, 0] where it has none. NaN where one is not finite. */
export function rangeOf(values: ArrayLike<number>): Range {
  let [min, max] = [Infinity, -Infinity];
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] ?? 0;
    if (!Number.isFinite(value)) return { min: Number.NaN, max: Number.NaN };
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return values.length === 0 ? { min: 0, max: 0 } : { min, max };
}

export type ByteTensor = { type: ByteType; dims: number[]; data: Uint8Array | Int8Array };

/** A tensor of bytes, by index. */
export function byteTensor(
  type: ByteType,
  dims: number[],
  byteAt: (index: number) => number,
): ByteTensor {
  const count = countOf(dims);
  const data = type === "uint8" ? new Uint8Array(count) : new Int8Array(count);
  for (let index = 0; index < count; index += 1) data[index] = byteAt(index);
  return { type, dims, data };
}
