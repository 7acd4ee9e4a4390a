import { countOf } from "../../tensors/tensor.ts";
import { checkedAxis, range } from "../axes.ts";
import { intOf, stringOf } from "../node.ts";
import { indexOf, isTexts, positionOf } from "./array.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";
import { elementsIn, indexIn, joinedFlat, pickedFlat, type Elements } from "./rearrange.ts";

const REDUCTIONS: Record<string, (old: number, update: number) => number> = {
  add: (old, update) => old + update,
  mul: (old, update) => old * update,
  max: Math.max,
  min: Math.min,
};

/** The data of input 0 with each update, in their order, put at or combined into its flat index. */
function scattered(call: InterpreterCall, updates: Elements, targets: readonly number[]): Elements {
  const x = elementsIn(call, 0);
  const reduction = stringOf(call.node, "reduction", "none");
  if (reduction === "none") {
    const indices = range(x.data.length);
    for (const [update, target] of targets.entries()) indices[target] = x.data.length + update;
    return pickedFlat(joinedFlat(x, [x, updates]), x.dims, indices);
  }
  const combine = REDUCTIONS[reduction];
  if (combine === undefined || isTexts(x) || isTexts(updates))
    throw call.fault(`there is no reduction '${reduction}' of ${x.type}`);
  const data = x.data.slice();
  for (const [update, target] of targets.entries())
    data[target] = combine(data[target] ?? 0, updates.data[update] ?? 0);
  return { ...x, data };
}

const scatterElements: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const indices = call.numbers(1);
  const axis = checkedAxis(call, intOf(call.node, "axis", 0), x.dims.length);
  const targets = [...indices.data].map((index, update) =>
    indexOf(
      positionOf(update, indices.dims).with(axis, indexIn(call, index, x.dims[axis] ?? 0)),
      x.dims,
    ),
  );
  return scattered(call, elementsIn(call, 2), targets);
};

const scatterND: InterpreterRule = (call) => {
  const x = elementsIn(call, 0);
  const indices = call.numbers(1);
  const updates = elementsIn(call, 2);
  const depth = indices.dims.at(-1) ?? 0;
  const slice = countOf(x.dims.slice(depth));
  const targets = range(updates.data.length).map((update) => {
    const first = Math.floor(update / slice) * depth;
    const index = indices.data
      .slice(first, first + depth)
      .map((at, axis) => indexIn(call, at, x.dims[axis] ?? 0));
    return indexOf([...index, ...x.dims.slice(depth).map(() => 0)], x.dims) + (update % slice);
  });
  return scattered(call, updates, targets);
};

const tensorScatter: InterpreterRule = (call) => {
  const { dims } = elementsIn(call, 0);
  const updates = elementsIn(call, 1);
  const axis = checkedAxis(call, intOf(call.node, "axis", -2), dims.length);
  const starts = call.optional(2) ? call.ints(2) : range(dims[0] ?? 0).map(() => 0);
  const isCircular = stringOf(call.node, "mode", "linear") === "circular";
  const size = dims[axis] ?? 0;
  const targets = range(updates.data.length).map((update) => {
    const position = positionOf(update, updates.dims);
    const at = (starts[position[0] ?? 0] ?? 0) + (position[axis] ?? 0);
    return indexOf(position.with(axis, isCircular ? at % size : indexIn(call, at, size)), dims);
  });
  return scattered(call, updates, targets);
};

export const SCATTERING: Record<string, InterpreterRule> = {
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
  TensorScatter: tensorScatter,
};
