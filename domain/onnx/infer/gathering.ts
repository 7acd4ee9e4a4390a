import type { Dimension } from "../../tensors/tensor.ts";
import { checkedAxis } from "../axes.ts";
import { intOf } from "../node.ts";
import { tensorFact, type TensorFact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";
import { sameSize, unknowns } from "./sizes.ts";

/** Type and shape of the first input. */
export const same: InferenceRule = (call) => tensorFact(call.type(0), call.shape(0));

const gather: InferenceRule = (call) => {
  const { type, shape, elements } = call.tensor(0);
  const indices = call.tensor(1);
  if (shape === null || indices.shape === null) return tensorFact(type, null);
  const axis = checkedAxis(call, intOf(call.node, "axis", 0), shape.length);
  const gathered = [...shape.slice(0, axis), ...indices.shape, ...shape.slice(axis + 1)];
  const found =
    elements && shape.length === 1 && gathered.length <= 1
      ? indices.elements?.map((at) => (typeof at === "number" ? (elements.at(at) ?? null) : null))
      : undefined;
  return tensorFact(type, gathered, found);
};

const gatherElements: InferenceRule = (call) => {
  const shape = call.shape(1);
  checkAxis(call, shape?.length);
  return tensorFact(call.type(0), shape);
};

const gatherND: InferenceRule = (call) => {
  const { type, shape } = call.tensor(0);
  const indices = call.shape(1);
  const depth = indices?.at(-1);
  if (shape === null || indices === null || typeof depth !== "number")
    return tensorFact(type, null);
  const inner = shape.slice(intOf(call.node, "batch_dims", 0) + depth);
  return tensorFact(type, [...indices.slice(0, -1), ...inner]);
};

const scatterElements: InferenceRule = (call) => {
  const [indices, updates] = [call.shape(1), call.shape(2)];
  checkAxis(call, call.shape(0)?.length);
  if (indices && updates) sameShapes(call, indices, updates);
  return same(call);
};

const scatterND: InferenceRule = (call) => {
  const [data, indices, updates] = [call.shape(0), call.shape(1), call.shape(2)];
  const depth = indices?.at(-1);
  if (data && indices && updates && typeof depth === "number")
    sameShapes(call, [...indices.slice(0, -1), ...data.slice(depth)], updates);
  return same(call);
};

function checkAxis(call: InferenceCall, rank: number | undefined): void {
  if (rank !== undefined) checkedAxis(call, intOf(call.node, "axis", 0), rank);
}

function sameShapes(
  call: InferenceCall,
  expected: readonly Dimension[],
  found: readonly Dimension[],
): void {
  if (expected.length !== found.length)
    throw call.fault(`the updates have rank ${found.length} where ${expected.length} is expected`);
  for (const [axis, size] of expected.entries()) sameSize(call, size, found[axis] ?? null);
}

const oneHot: InferenceRule = (call) => {
  const indices = call.shape(0);
  const type = call.type(2);
  if (indices === null) return tensorFact(type, null);
  const axis = checkedAxis(call, intOf(call.node, "axis", -1), indices.length + 1);
  return tensorFact(type, indices.toSpliced(axis, 0, scalarIn(call.tensor(1))));
};

/** The whole number that a scalar or a vector of one holds. */
export const scalarIn = ({ elements }: TensorFact): Dimension => elements?.[0] ?? null;

const topK: InferenceRule = (call) => {
  const { type, shape } = call.tensor(0);
  const count = call.inputs.length > 1 ? scalarIn(call.tensor(1)) : intOf(call.node, "k", 0);
  if (shape === null) return [tensorFact(type, null), tensorFact("int64", null)];
  const axis = checkedAxis(call, intOf(call.node, "axis", -1), shape.length);
  const [size] = [shape[axis]];
  if (typeof size === "number" && typeof count === "number" && count > size)
    throw call.fault(`the largest ${count} of ${size} elements are asked for`);
  const kept = shape.with(axis, count);
  return [tensorFact(type, kept), tensorFact("int64", kept)];
};

const compress: InferenceRule = (call) => {
  const { type, shape } = call.tensor(0);
  const given = intOf(call.node, "axis");
  if (given === undefined) return tensorFact(type, [null]);
  if (shape === null) return tensorFact(type, null);
  return tensorFact(type, shape.with(checkedAxis(call, given, shape.length), null));
};

const nonZero: InferenceRule = (call) => tensorFact("int64", [call.shape(0)?.length ?? null, null]);

const unique: InferenceRule = (call) => {
  const { type, shape } = call.tensor(0);
  const given = intOf(call.node, "axis");
  const vector = tensorFact("int64", [null]);
  if (given === undefined) return [tensorFact(type, [null]), vector, vector, vector];
  const axis = shape && checkedAxis(call, given, shape.length);
  const kept = shape === null || axis === null ? null : shape.with(axis, null);
  const inverse = tensorFact("int64", [axis === null ? null : (shape?.[axis] ?? null)]);
  return [tensorFact(type, kept), vector, inverse, vector];
};

const trilu: InferenceRule = (call) => {
  const { shape } = call.tensor(0);
  if (shape !== null && shape.length < 2) throw call.fault("a matrix is expected");
  return same(call);
};

const reverseSequence: InferenceRule = (call) => {
  const { shape } = call.tensor(0);
  if (shape !== null && shape.length < 2)
    throw call.fault("a tensor with a time axis and a batch axis is expected");
  return same(call);
};

const tensorScatter: InferenceRule = (call) => {
  const rank = call.shape(0)?.length;
  if (rank !== undefined && checkedAxis(call, intOf(call.node, "axis", -2), rank) === 0)
    throw call.fault("the sequence axis cannot be the first, which is the batch");
  return same(call);
};

const depthToSpace: InferenceRule = (call) =>
  inBlocks(call, (block, size, axis) => {
    if (axis !== 1) return size * block;
    if (size % block ** 2 === 0) return size / block ** 2;
    throw call.fault(`${size} channels do not make blocks of ${block} by ${block}`);
  });

const spaceToDepth: InferenceRule = (call) =>
  inBlocks(call, (block, size, axis) => {
    if (axis === 1) return size * block ** 2;
    if (size % block === 0) return size / block;
    throw call.fault(`a side of ${size} is not made of blocks of ${block}`);
  });

/** The batch stays; each of channel, height and width that is known becomes what `of` says. */
function inBlocks(
  call: InferenceCall,
  of: (block: number, size: number, axis: number) => number,
): TensorFact {
  const block = intOf(call.node, "blocksize", 0);
  if (block < 1) throw call.fault("blocksize has to be at least 1");
  const { type, shape } = call.tensor(0);
  if (shape === null) return tensorFact(type, unknowns(4));
  if (shape.length !== 4) throw call.fault("an input of rank 4 is expected");
  const resize = (size: Dimension, axis: number): Dimension => {
    if (axis === 0 || block === 1) return size;
    return typeof size === "number" ? of(block, size, axis) : null;
  };
  return tensorFact(type, shape.map(resize));
}

export const GATHERING: Record<string, InferenceRule> = {
  Compress: compress,
  DepthToSpace: depthToSpace,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  NonZero: nonZero,
  OneHot: oneHot,
  ReverseSequence: reverseSequence,
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  SpaceToDepth: spaceToDepth,
  TensorScatter: tensorScatter,
  TopK: topK,
  Trilu: trilu,
  Unique: unique,
};
