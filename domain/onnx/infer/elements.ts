import { countOf, isElementType, type Dimension } from "../../tensors/tensor.ts";
import { range } from "../axes.ts";
import { elementsOf } from "../stored-tensor.ts";
import { float16Value } from "../tensors.ts";
import { MAX_ELEMENTS, staticShape, type TensorFact } from "./fact.ts";

/**
 * One element from one element of each input. A name stands for a size, which is never negative;
 * null for any number.
 */
export type Combine = (...elements: Dimension[]) => Dimension;

/** The elements of a scalar or vector as far as they are known: what was followed, or those of a small constant. */
export function knownElements({
  elements,
  constant,
}: TensorFact): readonly Dimension[] | undefined {
  if (elements !== undefined || constant === undefined) return elements;
  const { type, dims } = constant;
  if (dims.length > 1 || countOf(dims) > MAX_ELEMENTS) return undefined;
  if (type === "string" || !isElementType(type)) return undefined;
  return Array.from<unknown, Dimension>(elementsOf(constant).data, (element) =>
    whole(type === "float16" ? float16Value(Number(element)) : Number(element)),
  );
}

/** The indices that are kept along an axis, and how far apart two neighbours lie among the elements. */
export type KeptAxis = { indices: readonly number[]; stride: number };

/** All of each axis of a tensor whose elements are followed. */
export function axesOf({ shape, elements }: TensorFact): KeptAxis[] | undefined {
  const dims = elements && staticShape(shape);
  if (!dims?.every((size) => size <= MAX_ELEMENTS)) return undefined;
  return dims.map((size, axis) => ({
    indices: range(size),
    stride: countOf(dims.slice(axis + 1)),
  }));
}

/** The elements of a tensor that are kept, row by row. */
export function keptElements(
  { elements }: TensorFact,
  axes: readonly KeptAxis[] | undefined,
): Dimension[] | undefined {
  const offsets = axes?.reduce(
    (found, { indices, stride }) =>
      found.flatMap((offset) => indices.map((at) => offset + at * stride)),
    [0],
  );
  return elements && offsets?.map((offset) => elements[offset] ?? null);
}

/**
 * The elements of a result that broadcasts its inputs, where it is a scalar or a vector and all
 * inputs are known in part.
 */
export function combinedElements(
  inputs: readonly TensorFact[],
  shape: readonly Dimension[] | null,
  combine: Combine,
): Dimension[] | undefined {
  const sizes = staticShape(shape);
  const count = sizes === null ? Infinity : countOf(sizes);
  if (sizes === null || sizes.length > 1 || count > MAX_ELEMENTS) return undefined;
  const all = inputs.map(knownElements).filter((elements) => elements !== undefined);
  if (all.length < inputs.length) return undefined;
  return Array.from({ length: count }, (_, index) =>
    whole(combine(...all.map((elements) => elements[elements.length === 1 ? 0 : index] ?? null))),
  );
}

/** Numbers that are not whole, or too large to be exact, are not followed; -0 is 0. */
function whole(element: Dimension): Dimension {
  if (typeof element !== "number") return element;
  return Number.isSafeInteger(element) ? element + 0 : null;
}

/** Computes with numbers only: any other element makes the result unknown. */
const ofNumbers =
  (compute: (...numbers: number[]) => number): Combine =>
  (...elements) => {
    const known = elements.filter((element) => typeof element === "number");
    return known.length === elements.length ? compute(...known) : null;
  };

/** The lowest that an element may be. */
const least = (element: Dimension): number => {
  if (typeof element === "number") return element;
  return typeof element === "string" ? 0 : -Infinity;
};

const most = (element: Dimension): number => (typeof element === "number" ? element : Infinity);

const isSame = (a: Dimension, b: Dimension): boolean => a !== null && a === b;

const subtract = ofNumbers((a, b) => a - b);
const multiply = ofNumbers((a, b) => a * b);
const add = ofNumbers((a, b) => a + b);
const divide = ofNumbers((a, b) => Math.trunc(a / b));

const smaller: Combine = (a = null, b = null) => {
  if (isSame(a, b) || most(a) <= least(b)) return a;
  return most(b) <= least(a) ? b : null;
};

const larger: Combine = (a = null, b = null) => {
  if (isSame(a, b) || least(a) >= most(b)) return a;
  return least(b) >= most(a) ? b : null;
};

/** A combination of two as one of any number. */
export const fold =
  (combine: Combine): Combine =>
  (...elements) =>
    elements.reduce((result, element) => combine(result, element));

const sum: Combine = (a = null, b = null) => {
  if (a === 0) return b;
  return b === 0 ? a : add(a, b);
};

const product: Combine = (a = null, b = null) => {
  if (a === 0 || b === 0) return 0;
  if (a === 1) return b;
  return b === 1 ? a : multiply(a, b);
};

const isLess: Combine = (a = null, b = null) => {
  if (most(a) < least(b)) return 1;
  return least(a) >= most(b) ? 0 : null;
};

const isEqual: Combine = (a = null, b = null) => {
  if (isSame(a, b)) return 1;
  return most(a) < least(b) || most(b) < least(a) ? 0 : null;
};

const not: Combine = ofNumbers((a) => 1 - a);

/** What operators make of elements that are known in part; the others follow numbers of none. */
export const COMBINATIONS = {
  Add: sum,
  Sub: (a = null, b = null) => {
    if (isSame(a, b)) return 0;
    return b === 0 ? a : subtract(a, b);
  },
  Mul: product,
  /** Of integers; a quotient of floats is followed where it is whole. */
  Div: (a = null, b = null) => {
    if (b === 1) return a;
    return b === 0 ? null : divide(a, b);
  },
  Mod: ofNumbers((a, b) => (b === 0 ? Number.NaN : a - Math.floor(a / b) * b)),
  Neg: ofNumbers((a) => -a),
  Abs: (a = null) => (typeof a === "number" ? Math.abs(a) : a),
  Sign: ofNumbers(Math.sign),
  Min: fold(smaller),
  Max: fold(larger),
  Sum: fold(sum),
  Less: isLess,
  Greater: (a = null, b = null) => isLess(b, a),
  LessOrEqual: (a = null, b = null) => not(isLess(b, a)),
  GreaterOrEqual: (a = null, b = null) => not(isLess(a, b)),
  Equal: isEqual,
  And: product,
  Or: fold(larger),
  Xor: ofNumbers((a, b) => (a === b ? 0 : 1)),
  Not: not,
  Where: (condition = null, a = null, b = null) => {
    if (isSame(a, b)) return a;
    if (typeof condition !== "number") return null;
    return condition === 0 ? b : a;
  },
} satisfies Record<string, Combine>;
