import { countOf } from "../../tensors/tensor.ts";
import { checkedAxis, range } from "../axes.ts";
import { intOf } from "../node.ts";
import { indexOf, numbers, positionOf, type Numbers } from "./array.ts";
import type { InterpreterRule } from "./interpreter-call.ts";
import { elementsIn, picked, withDims, type Elements } from "./rearrange.ts";

const compress: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const kept = call.ints(1).flatMap((condition, at) => (condition === 0 ? [] : [at]));
  const given = intOf(call.node, "axis");
  if (given === undefined) return picked(x, [kept.length], ([at = 0]) => kept[at] ?? 0);
  return along(x, checkedAxis(call, given, x.dims.length), kept);
};

/** What lies at some indices of an axis. */
const along = (x: Elements, axis: number, kept: readonly number[]): Elements =>
  picked(x, x.dims.with(axis, kept.length), (position) =>
    indexOf(position.with(axis, kept[position[axis] ?? 0] ?? 0), x.dims),
  );

const nonZero: InterpreterRule = (call) => {
  const { dims, data } = call.numbers(0);
  const positions = [...data].flatMap((element, index) =>
    element === 0 ? [] : [positionOf(index, dims)],
  );
  const rows = dims.map((_, axis) => positions.map((position) => position[axis] ?? 0));
  return numbers("int64", [dims.length, positions.length], rows.flat());
};

/** Sorted whether asked for or not; of equal elements the one with the lower index comes first. */
const topK: InterpreterRule = (call) => {
  const x = call.numbers(0);
  const count = call.optional(1) ? (call.ints(1)[0] ?? 0) : intOf(call.node, "k", 0);
  const axis = checkedAxis(call, intOf(call.node, "axis", -1), x.dims.length);
  const sign = intOf(call.node, "largest", 1) === 1 ? -1 : 1;
  const dims = x.dims.with(axis, count);
  const elementAt = (position: readonly number[], at: number): number =>
    x.data[indexOf(position.with(axis, at), x.dims)] ?? 0;
  const indices: Numbers = numbers(
    "int64",
    dims,
    range(countOf(dims)).map((flat) => {
      const position = positionOf(flat, dims);
      const order = range(x.dims[axis] ?? 0).toSorted(
        (a, b) => sign * (elementAt(position, a) - elementAt(position, b)) || a - b,
      );
      return order[position[axis] ?? 0] ?? 0;
    }),
  );
  const values = picked(x, dims, (position) => {
    const at = indices.data[indexOf(position, dims)] ?? 0;
    return indexOf(position.with(axis, at), x.dims);
  });
  return [values, indices];
};

const unique: InterpreterRule = (call) => {
  const input = elementsIn(call, 0);
  const given = intOf(call.node, "axis");
  const x = given === undefined ? withDims(input, [input.data.length]) : input;
  const axis = checkedAxis(call, given ?? 0, x.dims.length);
  const slices = range(x.dims[axis] ?? 0).map((at) => [...along(x, axis, [at]).data]);
  const firsts = range(slices.length).filter(
    (at) => slices.findIndex((other) => compared(other, slices[at] ?? []) === 0) === at,
  );
  const order =
    intOf(call.node, "sorted", 1) === 1
      ? firsts.toSorted((a, b) => compared(slices[a] ?? [], slices[b] ?? []))
      : firsts;
  const inverse = slices.map((slice) =>
    order.findIndex((first) => compared(slices[first] ?? [], slice) === 0),
  );
  const counts = range(order.length).map((group) => inverse.filter((at) => at === group).length);
  return [along(x, axis, order), vector(order), vector(inverse), vector(counts)];
};

const vector = (values: readonly number[]): Numbers => numbers("int64", [values.length], values);

/** Below, at or above zero as one row of elements comes before, equals or comes after another. */
function compared(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  const at = a.findIndex((element, index) => element !== b[index]);
  if (at === -1) return 0;
  return (a[at] ?? 0) < (b[at] ?? 0) ? -1 : 1;
}

export const SELECTING: Record<string, InterpreterRule> = {
  Compress: compress,
  NonZero: nonZero,
  TopK: topK,
  Unique: unique,
};
