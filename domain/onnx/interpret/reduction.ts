import { countOf } from "../../tensors/tensor.ts";
import { checkedAxis, frontAxis, range } from "../axes.ts";
import { intOf, intsOf } from "../node.ts";
import { indexOf, numbers, positionOf, type Numbers } from "./array.ts";
import { fit, rangeOf } from "./element-types.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";

/** Where the elements lie that differ along `axes` only: a group for each position of the rest. */
export function groupsAlong(dims: readonly number[], axes: readonly number[]): number[][] {
  const rest = dims.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const groups = Array.from({ length: countOf(rest) }, (): number[] => []);
  for (let index = 0; index < countOf(dims); index += 1) {
    const position = positionOf(index, dims).map((at, axis) => (axes.includes(axis) ? 0 : at));
    groups[indexOf(position, rest)]?.push(index);
  }
  return groups;
}

/** The axes are an attribute before opset 18, of ReduceSum before 13; none are all, unless the node says none. */
function axesOf(call: InterpreterCall, rank: number): number[] {
  const areInput = call.opset >= (call.node.opType === "ReduceSum" ? 13 : 18);
  const given = areInput ? call.optional(1)?.data : intsOf(call.node, "axes");
  if (given !== undefined && given.length > 0)
    return Array.from(given, (axis) => checkedAxis(call, axis, rank));
  return intOf(call.node, "noop_with_empty_axes", 0) === 1 ? [] : range(rank);
}

const reducedDims = (
  dims: readonly number[],
  axes: readonly number[],
  keepdims: boolean,
): number[] =>
  dims.flatMap((size, axis) => {
    if (!axes.includes(axis)) return [size];
    return keepdims ? [1] : [];
  });

/** One element of each group along some axes. */
function reduced(
  call: InterpreterCall,
  type: Numbers["type"],
  axes: readonly number[],
  compute: (elements: readonly number[]) => number,
): Numbers {
  const { dims, data } = call.numbers(0);
  const groups = groupsAlong(dims, axes).map((group) => group.map((index) => data[index] ?? 0));
  const keepdims = intOf(call.node, "keepdims", 1) === 1;
  return numbers(type, reducedDims(dims, axes, keepdims), groups.map(compute));
}

const reduction =
  (compute: (elements: readonly number[], type: Numbers["type"]) => number): InterpreterRule =>
  (call) => {
    const { type, dims } = call.numbers(0);
    return reduced(call, type, axesOf(call, dims.length), (elements) =>
      fit(type, compute(elements, type)),
    );
  };

const extremeIndex =
  (isBetter: (a: number, b: number) => boolean): InterpreterRule =>
  (call) => {
    const { dims } = call.numbers(0);
    const axis = checkedAxis(call, intOf(call.node, "axis", 0), dims.length);
    const isLast = intOf(call.node, "select_last_index", 0) === 1;
    return reduced(call, "int64", [axis], (elements) =>
      elements.reduce((best, element, index) => {
        const current = elements[best] ?? 0;
        return isBetter(element, current) || (isLast && element === current) ? index : best;
      }, 0),
    );
  };

/** The elements, each line along some axes replaced by what is computed of it. */
export function alongAxes(
  { type, dims, data }: Numbers,
  axes: readonly number[],
  compute: (line: readonly number[]) => readonly number[],
): Numbers {
  const result = new Float64Array(data.length);
  for (const group of groupsAlong(dims, axes)) {
    const line = compute(group.map((index) => data[index] ?? 0));
    for (const [at, index] of group.entries()) result[index] = line[at] ?? 0;
  }
  return { type, dims, data: result };
}

/** Along one axis; before opset 13 over all axes from `axis` on together. */
const normalising =
  (compute: (line: readonly number[]) => readonly number[]): InterpreterRule =>
  (call) => {
    const x = call.numbers(0);
    const rank = x.dims.length;
    if (call.opset >= 13)
      return alongAxes(
        x,
        [checkedAxis(call, intOf(call.node, "axis", -1), Math.max(1, rank))],
        compute,
      );
    const given = intOf(call.node, "axis", 1);
    const first = frontAxis(given, rank);
    const axes = range(rank).filter((axis) => axis >= first);
    return alongAxes(x, axes, compute);
  };

export function softmax(line: readonly number[]): number[] {
  const exponentials = line.map((x) => Math.exp(x - Math.max(...line)));
  return exponentials.map((e) => e / sum(exponentials));
}

export function logSoftmax(line: readonly number[]): number[] {
  const total = logSumExp(line);
  return line.map((x) => x - total);
}

const sum = (elements: readonly number[]): number => elements.reduce((a, b) => a + b, 0);
const product = (elements: readonly number[]): number => elements.reduce((a, b) => a * b, 1);

function logSumExp(elements: readonly number[]): number {
  const largest = Math.max(...elements);
  if (!Number.isFinite(largest)) return largest;
  return largest + Math.log(sum(elements.map((x) => Math.exp(x - largest))));
}

/** Each element together with those before it, or after it where `reverse`; itself left out where `exclusive`. */
const cumulative =
  (combine: (elements: readonly number[]) => number): InterpreterRule =>
  (call) => {
    const x = call.numbers(0);
    const axis = checkedAxis(call, call.numbers(1).data[0] ?? 0, x.dims.length);
    const skipped = intOf(call.node, "exclusive", 0);
    const isReverse = intOf(call.node, "reverse", 0) === 1;
    return alongAxes(x, [axis], (line) =>
      line.map((_, at) => {
        const taken = isReverse ? line.slice(at + skipped) : line.slice(0, at + 1 - skipped);
        return fit(x.type, combine(taken));
      }),
    );
  };

export const REDUCTION: Record<string, InterpreterRule> = {
  ReduceSum: reduction(sum),
  ReduceMean: reduction((elements) => sum(elements) / elements.length),
  ReduceProd: reduction(product),
  ReduceMax: reduction((elements, type) => Math.max(rangeOf(type)[0], ...elements)),
  ReduceMin: reduction((elements, type) => Math.min(rangeOf(type)[1], ...elements)),
  ReduceL1: reduction((elements) => sum(elements.map(Math.abs))),
  ReduceL2: reduction((elements) => Math.sqrt(sum(elements.map((x) => x * x)))),
  ReduceLogSum: reduction((elements) => Math.log(sum(elements))),
  ReduceLogSumExp: reduction(logSumExp),
  ReduceSumSquare: reduction((elements) => sum(elements.map((x) => x * x))),
  ArgMax: extremeIndex((a, b) => a > b),
  ArgMin: extremeIndex((a, b) => a < b),
  CumSum: cumulative(sum),
  CumProd: cumulative(product),
  Softmax: normalising(softmax),
  LogSoftmax: normalising(logSoftmax),
  Hardmax: normalising((line) => {
    const first = line.indexOf(Math.max(...line));
    return line.map((_, at) => (at === first ? 1 : 0));
  }),
};
