import { countOf } from "../../tensors/tensor.ts";
import {
  isNumbers,
  isTexts,
  numbers,
  positionOf,
  type Numbers,
  type Texts,
  type Value,
} from "./array.ts";
import type { InterpreterCall } from "./interpreter-call.ts";

/** A tensor whose elements are only moved: numbers or texts. */
export type Elements = Numbers | Texts;

/** An input that has to be a tensor. */
export function elementsIn(call: InterpreterCall, index: number): Elements {
  const value = call.value(index);
  if (isElements(value)) return value;
  throw call.fault(`input ${index} is a ${value.type} where a tensor is needed`);
}

export const isElements = (value: Value): value is Elements => isNumbers(value) || isTexts(value);

/**
 * The tensor whose element at each position is the one of `x` at the flat index that `from` names,
 * or zero (an empty text) where that is -1.
 */
export function picked(
  x: Elements,
  dims: readonly number[],
  from: (position: readonly number[]) => number,
): Elements {
  const indices = Array.from({ length: countOf(dims) }, (_, index) =>
    from(positionOf(index, dims)),
  );
  return pickedFlat(x, dims, indices);
}

/** The elements of `x` at flat indices, row by row; -1 stands for zero or an empty text. */
export function pickedFlat(
  x: Elements,
  dims: readonly number[],
  indices: readonly number[],
): Elements {
  if (x.type === "string")
    return { type: "string", dims, data: indices.map((index) => x.data[index] ?? "") };
  const { type, data } = x;
  const at = (index: number): number => (index === -1 ? 0 : (data[index] ?? Number.NaN));
  return { type, dims, data: Float64Array.from(indices, at) };
}

/** The elements of the parts, one part after the other. */
export function joinedFlat(like: Elements, parts: readonly Elements[]): Elements {
  if (isTexts(like)) {
    const data = parts.flatMap((part) => (isTexts(part) ? [...part.data] : []));
    return { type: "string", dims: [data.length], data };
  }
  const data = parts.flatMap((part) => (isTexts(part) ? [] : [...part.data]));
  return numbers(like.type, [data.length], data);
}

/** The same elements, row by row, in another shape. */
export const withDims = (x: Elements, dims: readonly number[]): Elements => ({ ...x, dims });

/** An index along an axis of `size` elements, counted from the front. */
export function indexIn(call: InterpreterCall, index: number, size: number): number {
  if (index >= -size && index < size) return index < 0 ? index + size : index;
  throw call.fault(`the index ${index} is outside an axis of ${size}`);
}
