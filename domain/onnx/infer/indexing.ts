import type { Dimension } from "../../tensors/tensor.ts";
import { checkedAxis } from "../axes.ts";
import { intOf } from "../node.ts";
import { describeShape } from "./broadcast.ts";
import { MAX_ELEMENTS, tensorFact, type TensorFact } from "./fact.ts";
import { GATHERING } from "./gathering.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";
import {
  axesFrom,
  boundedRange,
  intsGiven,
  productOf,
  sameSize,
  sumOf,
  unknowns,
} from "./sizes.ts";
import { slice } from "./slicing.ts";

const concat: InferenceRule = (call) => {
  const parts = call.inputs.map((_, index) => call.tensor(index));
  const type = call.type(0);
  const shapes = parts.map(({ shape }) => shape).filter((shape) => shape !== null);
  const [first] = shapes;
  if (first === undefined) return tensorFact(type, null);
  if (shapes.some(({ length }) => length !== first.length))
    throw call.fault(`${shapes.map(describeShape).join(" and ")} have different ranks`);
  const axis = checkedAxis(call, intOf(call.node, "axis", 1), first.length);
  const sizes = first.map((_, at) => {
    const along = shapes.map((shape) => shape[at] ?? null);
    if (at === axis) return shapes.length < parts.length ? null : sumOf(along);
    return along.reduce((size, other) => sameSize(call, size, other));
  });
  const [size] = sizes;
  const isShort = sizes.length === 1 && typeof size === "number" && size <= MAX_ELEMENTS;
  const isFollowed = isShort && isWhole(type);
  return tensorFact(type, sizes, isFollowed ? parts.flatMap(elementsIn) : undefined);
};

const isWhole = (type: string): boolean => type === "int64" || type === "int32";

const elementsIn = ({ elements, shape }: TensorFact): readonly Dimension[] =>
  elements ?? unknowns(Number(shape?.[0] ?? 0));

const split: InferenceRule = (call) => {
  const { type, shape, elements } = call.tensor(0);
  const count = call.node.outputs.length;
  if (shape === null) return boundedRange(count).map(() => tensorFact(type, null));
  const axis = checkedAxis(call, intOf(call.node, "axis", 0), shape.length);
  const given = intsGiven(call, "split", 1);
  const sizes =
    given === undefined ? evenParts(call, shape[axis] ?? null, count) : (given ?? unknowns(count));
  if (sizes.length !== count) throw call.fault(`${sizes.length} sizes for ${count} outputs`);
  const total = sumOf(sizes);
  sameSize(call, shape[axis] ?? null, typeof total === "number" ? total : null);
  let start: Dimension = 0;
  return sizes.map((size) => {
    const from = start;
    const to = sumOf([from, size]);
    start = to;
    const isFollowed = shape.length === 1 && typeof from === "number" && typeof to === "number";
    return tensorFact(
      type,
      shape.with(axis, size),
      isFollowed ? elements?.slice(from, to) : undefined,
    );
  });
};

/** All parts have the same size; from opset 18 on the last ones may have less. */
function evenParts(call: InferenceCall, size: Dimension, count: number): readonly Dimension[] {
  if (typeof size !== "number") return count === 1 ? [size] : unknowns(count);
  const part = Math.ceil(size / count);
  if (call.opset < 18 && part * count !== size)
    throw call.fault(`${size} elements cannot be split evenly in ${count}`);
  return boundedRange(count).map((at) => Math.min(part, Math.max(0, size - at * part)));
}

const pad: InferenceRule = (call) => {
  const { type, shape } = call.tensor(0);
  if (shape === null) return tensorFact(type, null);
  const pads = intsGiven(call, "pads", 1);
  const given = intsGiven(call, "axes", 3);
  const axes =
    given === undefined ? boundedRange(shape.length) : axesFrom(call, given, shape.length);
  if (axes === null || pads === null || pads === undefined)
    return tensorFact(type, unknowns(shape.length));
  if (pads.length !== axes.length * 2)
    throw call.fault(`${pads.length} pads are given for ${axes.length} axes; each has two`);
  const sizes = [...shape];
  for (const [at, axis] of axes.entries())
    sizes[axis] = sumOf([shape[axis] ?? null, pads[at] ?? null, pads[at + axes.length] ?? null]);
  if (sizes.some((size) => typeof size === "number" && size < 0))
    throw call.fault(`the pads take more away than ${describeShape(shape)} has`);
  return tensorFact(type, sizes);
};

const tile: InferenceRule = (call) => {
  const { type, shape } = call.tensor(0);
  const repeats = intsGiven(call, "repeats", 1) ?? null;
  if (shape === null) return tensorFact(type, repeats && unknowns(repeats.length));
  if (repeats !== null && repeats.length !== shape.length)
    throw call.fault(`${repeats.length} repeats are given for ${describeShape(shape)}`);
  return tensorFact(
    type,
    shape.map((size, axis) => productOf([size, repeats?.[axis] ?? null])),
  );
};

export const INDEXING: Record<string, InferenceRule> = {
  ...GATHERING,
  Concat: concat,
  Pad: pad,
  Slice: slice,
  Split: split,
  Tile: tile,
};
