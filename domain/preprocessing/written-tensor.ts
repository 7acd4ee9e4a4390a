import { ELEMENT_ARRAYS, type NumericType } from "../tensors/element-arrays.ts";
import type { Tensor } from "../tensors/tensor.ts";

const LARGEST_HALF = 65_504;

/** The least and the greatest value of each type of whole numbers up to 32 bits. */
const RANGES: Partial<Record<NumericType, readonly [number, number]>> = {
  int8: [-0x80, 0x7f],
  uint8: [0, 0xff],
  int16: [-0x8000, 0x7fff],
  uint16: [0, 0xffff],
  int32: [-0x8000_0000, 0x7fff_ffff],
  uint32: [0, 0xffff_ffff],
  bool: [0, 1],
};

/** A tensor with the values in the type, kept within its range and rounded to whole numbers where it has no others. */
export function writtenTensor(
  type: NumericType,
  dims: number[],
  values: Float32Array | Float64Array,
): Tensor {
  if (type === "float16") {
    const halves = Float16Array.from(values, (value) =>
      Math.min(LARGEST_HALF, Math.max(-LARGEST_HALF, value)),
    );
    return { type, dims, data: new Uint16Array(halves.buffer) };
  }
  const data = new ELEMENT_ARRAYS[type](values.length);
  if (data instanceof BigInt64Array || data instanceof BigUint64Array)
    for (let index = 0; index < values.length; index += 1)
      data[index] = BigInt(Math.round(values[index] ?? 0));
  else {
    const range = RANGES[type];
    if (range === undefined) data.set(values);
    else
      for (let index = 0; index < values.length; index += 1)
        data[index] = Math.min(range[1], Math.max(range[0], Math.round(values[index] ?? 0)));
  }
  return { type, dims, data };
}
