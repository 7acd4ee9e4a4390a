import { countOf, isElementType, type Dimension, type Tensor } from "../../tensors/tensor.ts";
import { checkedAxis } from "../axes.ts";
import { ONNX_TYPES } from "../model.ts";
import { attributeOf, intOf, intsOf } from "../node.ts";
import { elementsOf, storedTensor } from "../stored-tensor.ts";
import { floatTensor, intTensor } from "../tensors.ts";
import { broadcast, describeShape } from "./broadcast.ts";
import { axesOf, keptElements } from "./elements.ts";
import { factOfTensor, MAX_ELEMENTS, staticShape, tensorFact, type TensorFact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";
import { axesFrom, boundedRange, intsGiven, productOf, quotientOf, unknowns } from "./sizes.ts";

/** The same elements in another shape: they are followed where it is known. */
const reshaped = ({ type, elements }: TensorFact, shape: readonly Dimension[] | null): TensorFact =>
  tensorFact(type, shape, staticShape(shape) === null ? undefined : elements);

/** The sizes that an int vector holds; null where not even their number is known. */
function sizesGiven(call: InferenceCall, index: number): readonly Dimension[] | null {
  return intsGiven(call, "", index) ?? null;
}

const constant: InferenceRule = (call) => {
  const { node } = call;
  const value = attributeOf(node, "value", "tensor");
  if (value) return factOfTensor(value);
  const tensor = literal(call);
  return tensor ? factOfTensor(storedTensor("", tensor)) : tensorFact("undefined", null);
};

/** The tensor of a `Constant` that gives its value as numbers or texts. */
function literal({ node }: InferenceCall): Tensor | undefined {
  const int = intOf(node, "value_int");
  if (int !== undefined) return intTensor([int], []);
  const ints = intsOf(node, "value_ints");
  if (ints) return intTensor(ints);
  const float = attributeOf(node, "value_float", "float");
  if (float !== undefined) return floatTensor([], [float]);
  const floats = attributeOf(node, "value_floats", "floats");
  if (floats) return floatTensor([floats.length], floats);
  const text = attributeOf(node, "value_string", "string");
  if (text !== undefined) return { type: "string", dims: [], data: [text] };
  const texts = attributeOf(node, "value_strings", "strings");
  return texts && { type: "string", dims: [texts.length], data: [...texts] };
}

const constantOfShape: InferenceRule = (call) => {
  const shape = sizesGiven(call, 0);
  const value = attributeOf(call.node, "value", "tensor");
  const type = value?.type ?? "float32";
  const count = shape && shape.length <= 1 ? productOf(shape) : null;
  if (typeof count !== "number" || count > MAX_ELEMENTS) return tensorFact(type, shape);
  const element = value && factOfTensor({ ...value, dims: [countOf(value.dims)] }).elements?.[0];
  return tensorFact(type, shape, element === undefined ? element : Array(count).fill(element));
};

const eyeLike: InferenceRule = (call) => {
  const to = intOf(call.node, "dtype");
  const type = to === undefined ? call.type(0) : (ONNX_TYPES[to] ?? "undefined");
  return tensorFact(type, call.shape(0));
};

const expand: InferenceRule = (call) => {
  const { type, shape, elements } = call.tensor(0);
  const expanded = broadcast(call, [shape, sizesGiven(call, 1)]);
  const [size = 1] = expanded ?? [];
  const isRepeated = elements?.length === 1 && typeof size === "number" && size <= MAX_ELEMENTS;
  const followed = isRepeated ? boundedRange(size).map(() => elements[0] ?? null) : elements;
  const fits = expanded !== null && expanded.length <= 1 && followed?.length === size;
  return tensorFact(type, expanded, fits ? followed : undefined);
};

const flatten: InferenceRule = (call) => {
  const { type, shape } = call.tensor(0);
  if (shape === null) return tensorFact(type, [null, null]);
  const given = intOf(call.node, "axis", 1);
  const axis = given === shape.length ? given : checkedAxis(call, given, shape.length);
  return tensorFact(type, [productOf(shape.slice(0, axis)), productOf(shape.slice(axis))]);
};

const rangeOfNumbers: InferenceRule = (call) => {
  const type = call.type(0);
  const bounds = [0, 1, 2].map((index) => numberIn(call.tensor(index)));
  const [start, limit, delta] = bounds;
  if (typeof start !== "number" || typeof delta !== "number" || typeof limit !== "number") {
    const counts = start === 0 && delta === 1 && typeof limit === "string";
    return tensorFact(type, [counts ? limit : null]);
  }
  if (delta === 0) throw call.fault("the step is 0");
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  const isFollowed = (type === "int64" || type === "int32") && count <= MAX_ELEMENTS;
  const elements = isFollowed ? boundedRange(count).map((at) => start + at * delta) : undefined;
  return tensorFact(type, [count], elements);
};

/** A scalar as far as it is known. */
function numberIn({ elements, constant: stored }: TensorFact): Dimension {
  if (elements) return elements[0] ?? null;
  if (stored === undefined || !isElementType(stored.type) || stored.type === "float16") return null;
  return Number(elementsOf(stored).data[0]);
}

const reshape: InferenceRule = (call) => {
  const x = call.tensor(0);
  const given = sizesGiven(call, 1);
  if (given === null) return tensorFact(x.type, null);
  const copies = intOf(call.node, "allowzero", 0) === 0;
  const isCopied = given.map((size) => copies && size === 0);
  const sizes = given.map((size, axis) => (isCopied[axis] ? (x.shape?.[axis] ?? null) : size));
  if (x.shape === null)
    return reshaped(
      x,
      sizes.map((size) => (size === -1 ? null : size)),
    );
  const open = sizes.flatMap((size, axis) =>
    size === -1 || (size === null && !isCopied[axis]) ? [axis] : [],
  );
  const rest = quotientOf(
    x.shape.filter((_, axis) => !isCopied[axis]),
    sizes.filter((_, axis) => !isCopied[axis] && !open.includes(axis)),
  );
  const isWrong =
    typeof rest === "number" && (open.length === 0 ? rest !== 1 : !Number.isInteger(rest));
  if (isWrong)
    throw call.fault(
      `${describeShape(x.shape)} cannot be reshaped to ${describeShape(given)}: the numbers of elements differ`,
    );
  const found = open.length === 1 ? rest : null;
  return reshaped(
    x,
    sizes.map((size, axis) => (open.includes(axis) ? found : size)),
  );
};

const shapeOf: InferenceRule = (call) => {
  const shape = call.shape(0);
  if (shape === null) return tensorFact("int64", [null]);
  const sizes = shape.slice(intOf(call.node, "start", 0), intOf(call.node, "end", shape.length));
  return tensorFact("int64", [sizes.length], sizes);
};

const size: InferenceRule = (call) => {
  const shape = call.shape(0);
  return tensorFact("int64", [], [shape === null ? null : productOf(shape)]);
};

const squeeze: InferenceRule = (call) => {
  const x = call.tensor(0);
  const { shape } = x;
  const given = intsGiven(call, "axes", 1);
  if (shape === null) return tensorFact(x.type, null);
  if (given === undefined) {
    const isKnown = shape.every((size) => typeof size === "number");
    return reshaped(x, isKnown ? shape.filter((size) => size !== 1) : null);
  }
  const axes = axesFrom(call, given, shape.length);
  if (axes === null)
    return tensorFact(x.type, given === null ? null : unknowns(shape.length - given.length));
  for (const axis of axes) {
    const size = shape[axis];
    if (typeof size === "number" && size !== 1)
      throw call.fault(`axis ${axis} of ${describeShape(shape)} is to be squeezed, and is not 1`);
  }
  return reshaped(
    x,
    shape.filter((_, axis) => !axes.includes(axis)),
  );
};

const transpose: InferenceRule = (call) => {
  const x = call.tensor(0);
  const permutation = intsOf(call.node, "perm");
  const { shape } = x;
  if (shape === null) return tensorFact(x.type, permutation ? unknowns(permutation.length) : null);
  const order = permutation ?? boundedRange(shape.length).toReversed();
  if (order.toSorted((a, b) => a - b).join() !== boundedRange(shape.length).join())
    throw call.fault(`perm [${order.join(", ")}] does not order ${describeShape(shape)}`);
  const axes = axesOf(x);
  const turned = axes && order.flatMap((axis) => axes[axis] ?? []);
  return tensorFact(
    x.type,
    order.map((axis) => shape[axis] ?? null),
    keptElements(x, turned),
  );
};

const unsqueeze: InferenceRule = (call) => {
  const x = call.tensor(0);
  const given = intsGiven(call, "axes", 1) ?? null;
  if (x.shape === null || given === null) return tensorFact(x.type, null);
  const rank = x.shape.length + given.length;
  const axes = axesFrom(call, given, rank);
  if (axes === null) return tensorFact(x.type, unknowns(rank));
  if (new Set(axes).size < axes.length) throw call.fault("an axis is there twice");
  const rest = x.shape.values();
  return reshaped(
    x,
    boundedRange(rank).map((axis) => (axes.includes(axis) ? 1 : (rest.next().value ?? null))),
  );
};

export const SHAPE: Record<string, InferenceRule> = {
  Constant: constant,
  ConstantOfShape: constantOfShape,
  EyeLike: eyeLike,
  Expand: expand,
  Flatten: flatten,
  Range: rangeOfNumbers,
  Reshape: reshape,
  Shape: shapeOf,
  Size: size,
  Squeeze: squeeze,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
};
