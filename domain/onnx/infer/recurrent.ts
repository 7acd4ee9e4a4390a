import type { Dimension } from "../../tensors/tensor.ts";
import { intOf, stringOf } from "../node.ts";
import { tensorFact, type Fact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";

/**
 * Y [steps, directions, batch, hidden], then the last states [directions, batch, hidden]; with
 * `layout` 1 the batch is the first axis of each.
 */
const recurrent =
  (gates: number, states: number): InferenceRule =>
  (call) => {
    const { node } = call;
    const isBatchFirst = intOf(node, "layout", 0) === 1;
    const [first, second] = sizesOf(call, 0, 3);
    const [steps, batch] = isBatchFirst ? [second, first] : [first, second];
    const directions = stringOf(node, "direction", "forward") === "bidirectional" ? 2 : 1;
    const hidden = hiddenSize(call, gates);
    const type = call.type(0);
    const last = tensorFact(
      type,
      isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden],
    );
    const all = tensorFact(
      type,
      isBatchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden],
    );
    return [all, ...Array<Fact>(states).fill(last)];
  };

/** `hidden_size`, which must agree with the recurrent weights [directions, gates * hidden, hidden]. */
function hiddenSize(call: InferenceCall, gates: number): Dimension {
  const declared = intOf(call.node, "hidden_size");
  const [, rows, columns] = sizesOf(call, 2, 3);
  const size = declared ?? columns;
  if (typeof size === "number") {
    if (typeof columns === "number" && columns !== size)
      throw call.fault(`hidden_size is ${size}, and the recurrent weights have ${columns} columns`);
    if (typeof rows === "number" && rows !== gates * size)
      throw call.fault(
        `the recurrent weights have ${rows} rows where ${gates} gates of ${size} need ${gates * size}`,
      );
  }
  return size;
}

function sizesOf(
  call: InferenceCall,
  index: number,
  rank: number,
): [Dimension, Dimension, Dimension] {
  const shape = call.shape(index);
  if (shape !== null && shape.length !== rank)
    throw call.fault(`input ${index} has ${shape.length} axes where ${rank} are needed`);
  return [shape?.[0] ?? null, shape?.[1] ?? null, shape?.[2] ?? null];
}

export const RECURRENT: Record<string, InferenceRule> = {
  RNN: recurrent(1, 1),
  GRU: recurrent(3, 1),
  LSTM: recurrent(4, 2),
};
