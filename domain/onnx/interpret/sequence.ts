import { frontAxis } from "../axes.ts";
import { graphOf, intOf } from "../node.ts";
import { scalar, type Sequence, type Value } from "./array.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";
import { elementsIn, isElements } from "./rearrange.ts";
import { elementAt, joined, sliced, stacked } from "./slices.ts";
import { TEXT } from "./text.ts";

const sequence = (items: readonly Value[]): Sequence => ({ type: "sequence", items });

function itemsAt(call: InterpreterCall, index: number): readonly Value[] {
  const value = call.value(index);
  if (value.type === "sequence") return value.items;
  throw call.fault(`input ${index} is a ${value.type} where a sequence is needed`);
}

/** A position from the front, which is to be one of 0 … `end`. */
function positionAt(call: InterpreterCall, index: number, length: number, end: number): number {
  const given = call.optional(index)?.data[0] ?? end;
  const position = given < 0 ? given + length : given;
  if (position >= 0 && position <= end) return position;
  throw call.fault(`there is no position ${given} in a sequence of ${length}`);
}

const split: InterpreterRule = (call) => {
  const input = elementsIn(call, 0);
  const axis = frontAxis(intOf(call.node, "axis", 0), input.dims.length);
  const whole = input.dims[axis] ?? 0;
  const lengths = call.optional(1);
  if (lengths === undefined && intOf(call.node, "keepdims", 1) === 0)
    return sequence(Array.from({ length: whole }, (_, index) => elementAt(input, axis, index)));
  const parts: Value[] = [];
  for (let start = 0; start < whole;) {
    const isScalar = lengths === undefined || lengths.dims.length === 0;
    const length = lengths?.data[isScalar ? 0 : parts.length] ?? 1;
    if (length < (isScalar ? 1 : 0)) throw call.fault(`a part cannot have the length ${length}`);
    const end = Math.min(whole, start + length);
    parts.push(sliced(input, axis, start, end));
    start = end;
  }
  return sequence(parts);
};

const concat: InterpreterRule = (call) => {
  const parts = itemsAt(call, 0).filter(isElements);
  const [first] = parts;
  if (first === undefined) throw call.fault("its sequence is empty");
  const axis = intOf(call.node, "axis", 0);
  return intOf(call.node, "new_axis", 0) === 1
    ? stacked(parts, frontAxis(axis, first.dims.length + 1))
    : joined(parts, frontAxis(axis, first.dims.length));
};

const map: InterpreterRule = (call) => {
  const body = graphOf(call.node, "body");
  const results = itemsAt(call, 0).map((_, at) =>
    call.run(
      body,
      call.inputs.map((_input, index) => {
        const value = call.value(index);
        return value.type === "sequence" ? itemOf(call, value.items, at) : value;
      }),
    ),
  );
  return body.outputs.map((_, index) =>
    sequence(results.map((outputs) => itemOf(call, outputs, index))),
  );
};

function itemOf(call: InterpreterCall, items: readonly Value[], index: number): Value {
  const item = items[index];
  if (item) return item;
  throw call.fault(`there is no element ${index} in a sequence of ${items.length}`);
}

export const SEQUENCE: Record<string, InterpreterRule> = {
  SequenceConstruct: (call) => sequence(call.inputs.map((_, index) => call.value(index))),
  SequenceEmpty: () => sequence([]),
  SequenceInsert: (call) => {
    const items = itemsAt(call, 0);
    const at = positionAt(call, 2, items.length, items.length);
    return sequence(items.toSpliced(at, 0, call.value(1)));
  },
  SequenceErase: (call) => {
    const items = itemsAt(call, 0);
    return sequence(items.toSpliced(positionAt(call, 1, items.length, items.length - 1), 1));
  },
  SequenceAt: (call) => {
    const items = itemsAt(call, 0);
    return itemOf(call, items, positionAt(call, 1, items.length, items.length - 1));
  },
  SequenceLength: (call) => scalar("int64", itemsAt(call, 0).length),
  SequenceMap: map,
  SplitToSequence: split,
  ConcatFromSequence: concat,
  Optional: (call) => call.inputs[0] ?? { type: "absent" },
  OptionalGetElement: (call) => {
    const value = call.value(0);
    if (value.type === "absent") throw call.fault("its optional value holds nothing");
    return value;
  },
  OptionalHasElement: (call) =>
    scalar("bool", (call.inputs[0]?.type ?? "absent") === "absent" ? 0 : 1),
  ...TEXT,
};
