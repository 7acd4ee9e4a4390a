import { intOf, operatorOf } from "../node.ts";
import type { ChannelCall, ChannelRule } from "./channel-call.ts";
import type { Axis } from "./channels.ts";

const GATES: Readonly<Record<string, number>> = { GRU: 3, LSTM: 4, RNN: 1 };

/**
 * A hidden unit goes with its row of every gate in W, R and B, its column of R, and what it gives;
 * both directions lose the same ones.
 */
export const recurrent: ChannelRule = (call) => {
  const [[, inRows, inColumns], [, rows, columns]] = [call.input(1), call.input(2)];
  const gates = GATES[operatorOf(call.node)] ?? 1;
  if (!inRows || !inColumns || !rows || !columns || rows.size !== gates * columns.size) return;
  call.tie(call.input(0)[2], inColumns);
  call.free(columns);
  const units = (axis: Axis | undefined): void => {
    if (!axis || axis.size % columns.size > 0) return;
    for (let at = 0; at < axis.size; at += 1) call.tieSlices(axis, at, columns, at % columns.size);
  };
  for (const axis of [inRows, rows, call.input(3)[1], call.input(7)[1]]) units(axis);
  for (const state of [call.input(5), call.input(6), call.output(1), call.output(2)])
    units(state[2]);
  units(call.output()[3]);
  keepRows(call);
};

/** Batches are tied through the layer, so that a fixed one is kept as the input has it. */
function keepRows(call: ChannelCall): void {
  const isBatchFirst = intOf(call.node, "layout", 0) === 1;
  const [time, batch] = isBatchFirst ? [1, 0] : [0, 1];
  call.tie(call.input(0)[time], call.output()[time]);
  call.tie(call.input(0)[batch], call.output()[isBatchFirst ? 0 : 2]);
}
