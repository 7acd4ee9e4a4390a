import { ELEMENT_ARRAYS, type NumericType } from "../../tensors/element-arrays.ts";
import { countOf, type Tensor } from "../../tensors/tensor.ts";
import { OnnxFault } from "../onnx-fault.ts";
import type { OnnxType } from "../model.ts";
import { float16Bits, float16Value } from "../tensors.ts";

/**
 * A tensor of the interpreter: row-major, every number a float64 whatever its type is called, a
 * bool 0 or 1. Integers are exact to 2^53.
 */
export type Numbers = {
  type: Exclude<OnnxType, "string">;
  dims: readonly number[];
  data: Float64Array;
};
export type Texts = { type: "string"; dims: readonly number[]; data: readonly string[] };
export type Value = Numbers | Texts | Sequence | Absent;
export type Sequence = { type: "sequence"; items: readonly Value[] };
/** An optional value that holds nothing. */
export type Absent = { type: "absent" };

export const isTexts = (value: Value): value is Texts => value.type === "string";
export const isNumbers = (value: Value): value is Numbers =>
  value.type !== "string" && value.type !== "sequence" && value.type !== "absent";

export const numbers = (
  type: Numbers["type"],
  dims: readonly number[],
  data: ArrayLike<number> & Iterable<number>,
): Numbers => ({ type, dims, data: new Float64Array(data) });

export const scalar = (type: Numbers["type"], value: number): Numbers => numbers(type, [], [value]);

/** The elements by their flat index. */
export function filled(
  type: Numbers["type"],
  dims: readonly number[],
  at: (index: number) => number,
): Numbers {
  const data = new Float64Array(countOf(dims));
  for (let index = 0; index < data.length; index += 1) data[index] = at(index);
  return { type, dims, data };
}

/** The index along each axis of the element at a flat index. */
export function positionOf(index: number, dims: readonly number[]): number[] {
  const position = [...dims];
  let rest = index;
  for (let axis = dims.length - 1; axis >= 0; axis -= 1) {
    const size = dims[axis] ?? 1;
    position[axis] = rest % size;
    rest = Math.floor(rest / size);
  }
  return position;
}

/** The flat index of a position. */
export const indexOf = (position: readonly number[], dims: readonly number[]): number =>
  dims.reduce((index, size, axis) => index * size + (position[axis] ?? 0), 0);

export function fromTensor(tensor: Tensor): Numbers | Texts {
  const { type, dims, data } = tensor;
  if (type === "string") return { type, dims, data: data as string[] };
  if (type === "float16")
    return numbers(
      type,
      dims,
      Array.from<unknown, number>(data, (bits) => float16Value(Number(bits))),
    );
  return numbers(type, dims, Array.from<unknown, number>(data, Number));
}

export function toTensor(value: Value): Tensor {
  if (isTexts(value)) return { type: "string", dims: [...value.dims], data: [...value.data] };
  if (!isNumbers(value) || !(value.type in ELEMENT_ARRAYS))
    throw new OnnxFault("unsupported", `a ${value.type} is no tensor that JavaScript carries`);
  const type = value.type as NumericType;
  const dims = [...value.dims];
  if (type === "float16")
    return { type, dims, data: Uint16Array.from(value.data, (element) => float16Bits(element)) };
  if (type === "int64") return { type, dims, data: BigInt64Array.from(value.data, toBigInt) };
  if (type === "uint64") return { type, dims, data: BigUint64Array.from(value.data, toBigInt) };
  const data = new ELEMENT_ARRAYS[type](value.data.length);
  for (const [index, element] of value.data.entries()) data[index] = element;
  return { type, dims, data };
}

const toBigInt = (value: number): bigint => BigInt(Math.trunc(value));
