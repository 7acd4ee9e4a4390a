import { countOf } from "../../tensors/tensor.ts";
import { checkedAxis, frontAxis, range } from "../axes.ts";
import { ONNX_TYPES } from "../model.ts";
import { attributeOf, intOf, intsOf, tensorOf } from "../node.ts";
import { filled, fromTensor, indexOf, numbers, positionOf, scalar, type Numbers } from "./array.ts";
import { broadcastDims } from "./broadcast.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";
import { elementsIn, picked, withDims } from "./rearrange.ts";

const constant: InterpreterRule = (call) => {
  const { node } = call;
  const value = tensorOf(node, "value");
  if (value) return fromTensor(value);
  const int = intOf(node, "value_int");
  if (int !== undefined) return scalar("int64", int);
  const ints = intsOf(node, "value_ints");
  if (ints) return numbers("int64", [ints.length], ints);
  const float = attributeOf(node, "value_float", "float");
  if (float !== undefined) return scalar("float32", float);
  const floats = attributeOf(node, "value_floats", "floats");
  if (floats) return numbers("float32", [floats.length], floats);
  const text = attributeOf(node, "value_string", "string");
  if (text !== undefined) return { type: "string", dims: [], data: [text] };
  const texts = attributeOf(node, "value_strings", "strings");
  if (texts) return { type: "string", dims: [texts.length], data: texts };
  throw call.fault("it has no value that is read here");
};

const constantOfShape: InterpreterRule = (call) => {
  const value = tensorOf(call.node, "value");
  const element = value ? fromTensor(value) : scalar("float32", 0);
  return picked(element, call.ints(0), () => 0);
};

const eyeLike: InterpreterRule = (call) => {
  const { type, dims } = call.numbers(0);
  const to = intOf(call.node, "dtype");
  const offset = intOf(call.node, "k", 0);
  return filled(to === undefined ? type : typeOfCode(call, to), dims, (index) => {
    const [row = 0, column = 0] = positionOf(index, dims);
    return column - row === offset ? 1 : 0;
  });
};

function typeOfCode(call: InterpreterCall, code: number): Numbers["type"] {
  const type = ONNX_TYPES[code];
  if (type === undefined || type === "string") throw call.fault(`${code} is no type of numbers`);
  return type;
}

const expand: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const dims = broadcastDims(call, [x.dims, call.ints(1)]);
  return picked(x, dims, (position) => {
    const own = position
      .slice(dims.length - x.dims.length)
      .map((at, axis) => (x.dims[axis] === 1 ? 0 : at));
    return indexOf(own, x.dims);
  });
};

const flatten: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const axis = frontAxis(intOf(call.node, "axis", 1), x.dims.length);
  return withDims(x, [countOf(x.dims.slice(0, axis)), countOf(x.dims.slice(axis))]);
};

const rangeOfNumbers: InterpreterRule = (call) => {
  const { type } = call.numbers(0);
  const [start = 0, limit = 0, delta = 1] = [0, 1, 2].map((index) => call.ints(index)[0] ?? 0);
  const count = Math.max(0, Math.ceil((limit - start) / delta));
  return filled(type, [count], (index) => start + index * delta);
};

const reshape: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const copies = intOf(call.node, "allowzero", 0) === 0;
  const sizes = call
    .ints(1)
    .map((size, axis) => (size === 0 && copies ? (x.dims[axis] ?? 0) : size));
  const others = countOf(sizes.filter((size) => size !== -1));
  const dims = sizes.map((size) => (size === -1 ? countOf(x.dims) / others : size));
  if (countOf(dims) !== countOf(x.dims))
    throw call.fault(`[${x.dims.join(", ")}] cannot be reshaped to [${sizes.join(", ")}]`);
  return withDims(x, dims);
};

const shapeOf: InterpreterRule = (call) => {
  const { dims } = elementsIn(call, 0);
  const sizes = dims.slice(intOf(call.node, "start", 0), intOf(call.node, "end", dims.length));
  return numbers("int64", [sizes.length], sizes);
};

const size: InterpreterRule = (call) => scalar("int64", countOf(elementsIn(call, 0).dims));

const squeeze: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const axes = axesGiven(call)?.map((axis) => checkedAxis(call, axis, x.dims.length));
  return withDims(
    x,
    x.dims.filter((length, axis) => (axes ? !axes.includes(axis) : length !== 1)),
  );
};

const transpose: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const order = intsOf(call.node, "perm") ?? range(x.dims.length).toReversed();
  return picked(
    x,
    order.map((axis) => x.dims[axis] ?? 0),
    (position) => {
      const source = range(order.length).map((axis) => position[order.indexOf(axis)] ?? 0);
      return indexOf(source, x.dims);
    },
  );
};

const unsqueeze: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const given = axesGiven(call) ?? [];
  const rank = x.dims.length + given.length;
  const axes = given.map((axis) => checkedAxis(call, axis, rank));
  const rest = [...x.dims];
  return withDims(
    x,
    range(rank).map((axis) => (axes.includes(axis) ? 1 : (rest.shift() ?? 1))),
  );
};

/** The axes of `Squeeze` and `Unsqueeze`: an attribute before opset 13. */
const axesGiven = (call: InterpreterCall): readonly number[] | undefined =>
  intsOf(call.node, "axes") ?? (call.optional(1) ? call.ints(1) : undefined);

export const SHAPE: Record<string, InterpreterRule> = {
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
