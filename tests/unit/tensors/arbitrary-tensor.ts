import * as fc from "fast-check";
import {
  countOf,
  ELEMENT_TYPES,
  type ElementType,
  type Tensor,
} from "../../../domain/tensors/tensor.ts";

const numbers = (values: fc.Arbitrary<number>) => (length: number) =>
  fc.array(values, { minLength: length, maxLength: length });
const bigints = (min: bigint, max: bigint) => (length: number) =>
  fc.array(fc.oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, 0n)), {
    minLength: length,
    maxLength: length,
  });
const integers = (min: number, max: number) => numbers(fc.integer({ min, max }));

/** Any data the type can hold; floats include NaN, infinities and both zeros. */
const DATA: Record<ElementType, (length: number) => fc.Arbitrary<Tensor["data"]>> = {
  float32: (n) => numbers(fc.float())(n).map((v) => Float32Array.from(v)),
  float64: (n) => numbers(fc.double())(n).map((v) => Float64Array.from(v)),
  float16: (n) => integers(0, 0xffff)(n).map((v) => Uint16Array.from(v)),
  int8: (n) => integers(-0x80, 0x7f)(n).map((v) => Int8Array.from(v)),
  uint8: (n) => integers(0, 0xff)(n).map((v) => Uint8Array.from(v)),
  int16: (n) => integers(-0x8000, 0x7fff)(n).map((v) => Int16Array.from(v)),
  uint16: (n) => integers(0, 0xffff)(n).map((v) => Uint16Array.from(v)),
  int32: (n) => integers(-0x8000_0000, 0x7fff_ffff)(n).map((v) => Int32Array.from(v)),
  uint32: (n) => integers(0, 0xffff_ffff)(n).map((v) => Uint32Array.from(v)),
  int64: (n) => bigints(-(2n ** 63n), 2n ** 63n - 1n)(n).map((v) => BigInt64Array.from(v)),
  uint64: (n) => bigints(0n, 2n ** 64n - 1n)(n).map((v) => BigUint64Array.from(v)),
  bool: (n) => integers(0, 1)(n).map((v) => Uint8Array.from(v)),
  string: (n) => fc.array(fc.string({ unit: "grapheme" }), { minLength: n, maxLength: n }),
};

/** Tensors of rank 0 to 3; `least` is the smallest size of a dimension. */
export const anyTensor = (type: ElementType, least = 0): fc.Arbitrary<Tensor> =>
  fc.array(fc.integer({ min: least, max: 4 }), { maxLength: 3 }).chain((dims) =>
    DATA[type](countOf(dims)).map((data) => ({
      type,
      dims,
      data,
    })),
  );

export const anyTypedTensor = fc.constantFrom(...ELEMENT_TYPES).chain((type) => anyTensor(type));

/** What JSON keeps of a tensor: a float that is not finite comes back as NaN, -0 as 0. */
export function asJsonKeeps(tensor: Tensor): Tensor {
  const { type, data } = tensor;
  if (data instanceof Float32Array) return { ...tensor, data: data.map(keptFloat) };
  if (data instanceof Float64Array) return { ...tensor, data: data.map(keptFloat) };
  if (type !== "float16" || !(data instanceof Uint16Array)) return tensor;
  const kept = new Float16Array(data.slice().buffer).map(keptFloat);
  return { ...tensor, data: new Uint16Array(kept.buffer) };
}

const keptFloat = (value: number): number => (Number.isFinite(value) ? value + 0 : Number.NaN);
