import { checkedAxis, range } from "../axes.ts";
import { intOf, intsOf, floatOf, stringOf } from "../node.ts";
import { indexOf, isTexts, numbers } from "./array.ts";
import { GATHERING } from "./gathering.ts";
import { SCATTERING } from "./scattering.ts";
import { SELECTING } from "./selecting.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";
import { elementsIn, joinedFlat, picked, type Elements } from "./rearrange.ts";

const concat: InterpreterRule = (call) => {
  const parts = call.inputs.map((_, index) => elementsIn(call, index));
  const first = elementsIn(call, 0);
  const axis = checkedAxis(call, intOf(call.node, "axis", 1), first.dims.length);
  const sizes = parts.map(({ dims }) => dims[axis] ?? 0);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const joined = joinedFlat(first, parts);
  return picked(joined, first.dims.with(axis, total), (position) => {
    let part = 0;
    let before = 0;
    let at = position[axis] ?? 0;
    while (at >= (sizes[part] ?? Infinity)) {
      at -= sizes[part] ?? 0;
      before += parts[part]?.data.length ?? 0;
      part += 1;
    }
    return before + indexOf(position.with(axis, at), parts[part]?.dims ?? []);
  });
};

const slice: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const starts = given(call, "starts", 1) ?? [];
  const ends = given(call, "ends", 2) ?? [];
  const axes = given(call, "axes", 3) ?? range(starts.length);
  const steps = given(call, "steps", 4) ?? starts.map(() => 1);
  const kept = x.dims.map(range);
  for (const [at, axis] of axes.entries()) {
    const along = checkedAxis(call, axis, x.dims.length);
    kept[along] = sliced(x.dims[along] ?? 0, starts[at] ?? 0, ends[at] ?? 0, steps[at] ?? 1);
  }
  return picked(
    x,
    kept.map(({ length }) => length),
    (position) =>
      indexOf(
        position.map((at, axis) => kept[axis]?.[at] ?? 0),
        x.dims,
      ),
  );
};

/** The indices from `start` to before `end`, which count from the back where negative; backward, the first is at least 0. */
function sliced(size: number, start: number, end: number, step: number): number[] {
  const fromFront = (at: number): number => (at < 0 ? at + size : at);
  const highest = step > 0 ? size : size - 1;
  const first = Math.min(highest, Math.max(0, fromFront(start)));
  const last = Math.min(highest, Math.max(step > 0 ? 0 : -1, fromFront(end)));
  const indices: number[] = [];
  for (let at = first; step > 0 ? at < last : at > last; at += step) indices.push(at);
  return indices;
}

/** Whole numbers: an attribute in old versions, an input in newer ones. */
const given = (
  call: InterpreterCall,
  attribute: string,
  index: number,
): readonly number[] | undefined =>
  intsOf(call.node, attribute) ?? (call.optional(index) ? call.ints(index) : undefined);

const split: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const axis = checkedAxis(call, intOf(call.node, "axis", 0), x.dims.length);
  const count = call.node.outputs.length;
  const part = Math.ceil((x.dims[axis] ?? 0) / count);
  const sizes =
    given(call, "split", 1) ??
    range(count).map((at) => Math.min(part, Math.max(0, (x.dims[axis] ?? 0) - at * part)));
  let start = 0;
  return sizes.map((size) => {
    const from = start;
    start += size;
    return picked(x, x.dims.with(axis, size), (position) =>
      indexOf(position.with(axis, (position[axis] ?? 0) + from), x.dims),
    );
  });
};

const pad: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const rank = x.dims.length;
  const pads = given(call, "pads", 1) ?? [];
  const axes = (given(call, "axes", 3) ?? range(rank)).map((axis) => checkedAxis(call, axis, rank));
  const before = range(rank).map((axis) => pads[axes.indexOf(axis)] ?? 0);
  const after = range(rank).map((axis) =>
    axes.includes(axis) ? (pads[axes.indexOf(axis) + axes.length] ?? 0) : 0,
  );
  const dims = x.dims.map((size, axis) => size + (before[axis] ?? 0) + (after[axis] ?? 0));
  const mode = stringOf(call.node, "mode", "constant");
  const filling = call.inputs[2] ? elementsIn(call, 2) : undefined;
  const joined = joinedFlat(x, filling ? [x, filling] : [x, padValue(call, x)]);
  return picked(joined, dims, (position) => {
    const source = position.map((at, axis) =>
      paddedFrom(mode, at - (before[axis] ?? 0), x.dims[axis] ?? 0),
    );
    return source.includes(-1) ? x.data.length : indexOf(source, x.dims);
  });
};

/** What constant mode fills with when no input says so: an attribute before opset 11. */
function padValue(call: InterpreterCall, x: Elements): Elements {
  if (isTexts(x)) return { type: "string", dims: [1], data: [""] };
  return numbers(x.type, [1], [floatOf(call.node, "value", 0)]);
}

/** Where along an axis the element that stands at `at` comes from; -1 for the constant. */
function paddedFrom(mode: string, at: number, size: number): number {
  if (at >= 0 && at < size) return at;
  if (mode === "edge") return at < 0 ? 0 : size - 1;
  if (mode === "wrap") return ((at % size) + size) % size;
  if (mode !== "reflect") return -1;
  const period = Math.max(1, 2 * (size - 1));
  const along = ((at % period) + period) % period;
  return Math.min(along, period - along);
}

const tile: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const repeats = call.ints(1);
  return picked(
    x,
    x.dims.map((size, axis) => size * (repeats[axis] ?? 1)),
    (position) =>
      indexOf(
        position.map((at, axis) => at % (x.dims[axis] ?? 1)),
        x.dims,
      ),
  );
};

export const INDEXING: Record<string, InterpreterRule> = {
  ...GATHERING,
  ...SCATTERING,
  ...SELECTING,
  Concat: concat,
  Pad: pad,
  Slice: slice,
  Split: split,
  Tile: tile,
};
