import { checkedAxis } from "../axes.ts";
import { intOf, stringOf } from "../node.ts";
import { filled, indexOf, positionOf } from "./array.ts";
import type { InterpreterRule } from "./interpreter-call.ts";
import { elementsIn, indexIn, picked } from "./rearrange.ts";

const gather: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const indices = call.numbers(1);
  const axis = checkedAxis(call, intOf(call.node, "axis", 0), x.dims.length);
  const dims = [...x.dims.slice(0, axis), ...indices.dims, ...x.dims.slice(axis + 1)];
  return picked(x, dims, (position) => {
    const inner = position.slice(axis, axis + indices.dims.length);
    const index = indices.data[indexOf(inner, indices.dims)] ?? 0;
    const rest = position.slice(axis + indices.dims.length);
    const at = indexIn(call, index, x.dims[axis] ?? 0);
    return indexOf([...position.slice(0, axis), at, ...rest], x.dims);
  });
};

const gatherElements: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const indices = call.numbers(1);
  const axis = checkedAxis(call, intOf(call.node, "axis", 0), x.dims.length);
  return picked(x, indices.dims, (position) => {
    const index = indices.data[indexOf(position, indices.dims)] ?? 0;
    return indexOf(position.with(axis, indexIn(call, index, x.dims[axis] ?? 0)), x.dims);
  });
};

const gatherND: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const indices = call.numbers(1);
  const batches = intOf(call.node, "batch_dims", 0);
  const depth = indices.dims.at(-1) ?? 0;
  const outer = indices.dims.slice(0, -1);
  const dims = [...outer, ...x.dims.slice(batches + depth)];
  return picked(x, dims, (position) => {
    const first = indexOf([...position.slice(0, outer.length), 0], indices.dims);
    const index = indices.data
      .slice(first, first + depth)
      .map((at, axis) => indexIn(call, at, x.dims[batches + axis] ?? 0));
    const rest = position.slice(outer.length);
    return indexOf([...position.slice(0, batches), ...index, ...rest], x.dims);
  });
};

const oneHot: InterpreterRule = (call) => {
  const indices = call.numbers(0);
  const [depth = 0] = call.ints(1);
  const values = elementsIn(call, 2);
  const axis = checkedAxis(call, intOf(call.node, "axis", -1), indices.dims.length + 1);
  return picked(values, indices.dims.toSpliced(axis, 0, depth), (position) => {
    const index = indices.data[indexOf(position.toSpliced(axis, 1), indices.dims)] ?? 0;
    return (index < 0 ? index + depth : index) === position[axis] ? 1 : 0;
  });
};

const reverseSequence: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const lengths = call.ints(1);
  const batchAxis = intOf(call.node, "batch_axis", 1);
  const timeAxis = intOf(call.node, "time_axis", 0);
  return picked(x, x.dims, (position) => {
    const length = lengths[position[batchAxis] ?? 0] ?? 0;
    const time = position[timeAxis] ?? 0;
    return indexOf(position.with(timeAxis, time < length ? length - 1 - time : time), x.dims);
  });
};

const trilu: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const [k = 0] = call.optional(1) ? call.ints(1) : [];
  const isUpper = intOf(call.node, "upper", 1) === 1;
  return filled(x.type, x.dims, (index) => {
    const [row = 0, column = 0] = positionOf(index, x.dims).slice(-2);
    const isKept = isUpper ? column - row >= k : column - row <= k;
    return isKept ? (x.data[index] ?? 0) : 0;
  });
};

const depthToSpace: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const block = intOf(call.node, "blocksize", 1);
  const [batch = 0, depth = 0, height = 0, width = 0] = x.dims;
  const channels = depth / block ** 2;
  const inDepth = depthIndex(stringOf(call.node, "mode", "DCR"), block, channels);
  return picked(x, [batch, channels, height * block, width * block], (position) => {
    const [n = 0, channel = 0, y = 0, x0 = 0] = position;
    const from = inDepth(y % block, x0 % block, channel);
    return indexOf([n, from, Math.floor(y / block), Math.floor(x0 / block)], x.dims);
  });
};

const spaceToDepth: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const block = intOf(call.node, "blocksize", 1);
  const [batch = 0, channels = 0, height = 0, width = 0] = x.dims;
  const inDepth = depthIndex(stringOf(call.node, "mode", "DCR"), block, channels);
  const sources = new Map<number, readonly [number, number, number]>();
  for (let y = 0; y < block; y += 1)
    for (let x0 = 0; x0 < block; x0 += 1)
      for (let channel = 0; channel < channels; channel += 1)
        sources.set(inDepth(y, x0, channel), [channel, y, x0]);
  const dims = [batch, channels * block ** 2, height / block, width / block];
  return picked(x, dims, ([n = 0, depth = 0, row = 0, column = 0]) => {
    const [channel, y, x0] = sources.get(depth) ?? [0, 0, 0];
    return indexOf([n, channel, row * block + y, column * block + x0], x.dims);
  });
};

/** Where in the depth a channel of a pixel of the block lies: depth-column-row or column-row-depth. */
const depthIndex =
  (mode: string, block: number, channels: number) =>
  (y: number, x: number, channel: number): number =>
    mode === "CRD" ? (channel * block + y) * block + x : (y * block + x) * channels + channel;

export const GATHERING: Record<string, InterpreterRule> = {
  DepthToSpace: depthToSpace,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherND,
  OneHot: oneHot,
  ReverseSequence: reverseSequence,
  SpaceToDepth: spaceToDepth,
  Trilu: trilu,
};
