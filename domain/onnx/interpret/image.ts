import { countOf } from "../../tensors/tensor.ts";
import { checkedAxis, range } from "../axes.ts";
import { attributeOf, intOf, intsOf } from "../node.ts";
import { resizeAxes, resizeMethod, resizeRows, type ResizeRow } from "../resize.ts";
import { filled, indexOf, positionOf, type Numbers } from "./array.ts";
import { gridSample } from "./grid-sample.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";
import { elementsIn, picked } from "./rearrange.ts";
import { maxRoiPool, nonMaxSuppression, roiAlign } from "./regions.ts";

/** `Resize` and `Upsample`, an axis after the other. */
const resize: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const method = resizeMethod(call.node, call.opset);
  const axes = resizeAxes(call.node, x.dims, resizeInputs(call));
  return axes.reduce(
    (y, axis, at) =>
      axis.length === axis.size && axis.scale === 1 && method.coordinates !== "tf_crop_and_resize"
        ? y
        : resizedAlong(y, at, resizeRows(axis, method), method.extrapolation),
    x,
  );
};

/** Inputs that are left out or empty are absent; scales are an attribute before opset 9. */
function resizeInputs(call: InterpreterCall): {
  scales?: readonly number[];
  sizes?: readonly number[];
  roi?: readonly number[];
} {
  const isNew = call.node.opType === "Resize" && call.opset >= 11;
  const scales = attributeOf(call.node, "scales", "floats") ?? filledInts(call, isNew ? 2 : 1);
  const sizes = isNew ? filledInts(call, 3) : undefined;
  const roi = isNew ? filledInts(call, 1) : undefined;
  return { ...(scales && { scales }), ...(sizes && { sizes }), ...(roi && { roi }) };
}

function filledInts(call: InterpreterCall, index: number): number[] | undefined {
  const found = call.optional(index) ? call.ints(index) : [];
  return found.length === 0 ? undefined : found;
}

function resizedAlong(
  x: Numbers,
  axis: number,
  rows: readonly ResizeRow[],
  extrapolation: number,
): Numbers {
  const dims = x.dims.with(axis, rows.length);
  return filled(x.type, dims, (index) => {
    const position = positionOf(index, dims);
    const row = rows[position[axis] ?? 0];
    if (!row) return extrapolation;
    return row.reduce(
      (sum, { index: at, weight }) =>
        sum + weight * (x.data[indexOf(position.with(axis, at), x.dims)] ?? 0),
      0,
    );
  });
}

const affineGrid: InterpreterRule = (call) => {
  const theta = call.numbers(0);
  const [batch = 0, , ...sizes] = call.ints(1);
  const isAligned = intOf(call.node, "align_corners", 0) === 1;
  const rank = sizes.length;
  const dims = [batch, ...sizes, rank];
  return filled(theta.type, dims, (index) => {
    const [n = 0, ...rest] = positionOf(index, dims);
    const row = rest.pop() ?? 0;
    // The position as x, y, z: the last axis of the image first.
    const place = rest.map((at, axis) => normalised(at, sizes[axis] ?? 1, isAligned)).toReversed();
    return [...place, 1].reduce(
      (sum, along, column) =>
        sum + along * (theta.data[indexOf([n, row, column], theta.dims)] ?? 0),
      0,
    );
  });
};

/** Where an element lies between -1 and 1, which are the outermost centres or the edges. */
function normalised(at: number, size: number, isAligned: boolean): number {
  if (!isAligned) return (2 * at + 1) / size - 1;
  return size === 1 ? 0 : (2 * at) / (size - 1) - 1;
}

const centerCropPad: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const shape = call.ints(1);
  const axes = (intsOf(call.node, "axes") ?? range(x.dims.length)).map((axis) =>
    checkedAxis(call, axis, x.dims.length),
  );
  const dims = x.dims.map((size, axis) =>
    axes.includes(axis) ? (shape[axes.indexOf(axis)] ?? size) : size,
  );
  return picked(x, dims, (position) => {
    const source = position.map((at, axis) => {
      const [size = 0, length = 0] = [x.dims[axis], dims[axis]];
      return size > length
        ? at + Math.floor((size - length) / 2)
        : at - Math.floor((length - size) / 2);
    });
    const isInside = source.every((at, axis) => at >= 0 && at < (x.dims[axis] ?? 0));
    return isInside ? indexOf(source, x.dims) : -1;
  });
};

const col2Im: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const image = call.ints(1);
  const block = call.ints(2);
  const rank = image.length;
  const strides = intsOf(call.node, "strides") ?? image.map(() => 1);
  const dilations = intsOf(call.node, "dilations") ?? image.map(() => 1);
  const pads = intsOf(call.node, "pads") ?? Array<number>(2 * rank).fill(0);
  const blocks = image.map((size, axis) => {
    const padded = size + (pads[axis] ?? 0) + (pads[axis + rank] ?? 0);
    const reach = (dilations[axis] ?? 1) * ((block[axis] ?? 1) - 1) + 1;
    return Math.floor((padded - reach) / (strides[axis] ?? 1)) + 1;
  });
  const [batch = 0, columns = 0] = x.dims;
  const channels = columns / countOf(block);
  const dims = [batch, channels, ...image];
  const data = new Float64Array(countOf(dims));
  for (const [index, element] of x.data.entries()) {
    const [n = 0, column = 0, at = 0] = positionOf(index, x.dims);
    const [channel = 0, ...inBlock] = positionOf(column, [channels, ...block]);
    const place = positionOf(at, blocks).map(
      (start, axis) =>
        start * (strides[axis] ?? 1) +
        (inBlock[axis] ?? 0) * (dilations[axis] ?? 1) -
        (pads[axis] ?? 0),
    );
    if (!place.every((along, axis) => along >= 0 && along < (image[axis] ?? 0))) continue;
    const target = indexOf([n, channel, ...place], dims);
    data[target] = (data[target] ?? 0) + element;
  }
  return { type: x.type, dims, data };
};

export const IMAGE: Record<string, InterpreterRule> = {
  AffineGrid: affineGrid,
  CenterCropPad: centerCropPad,
  Col2Im: col2Im,
  GridSample: gridSample,
  MaxRoiPool: maxRoiPool,
  NonMaxSuppression: nonMaxSuppression,
  Resize: resize,
  RoiAlign: roiAlign,
  Upsample: resize,
};
