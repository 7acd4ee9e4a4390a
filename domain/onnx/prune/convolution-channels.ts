import { intOf } from "../node.ts";
import type { ChannelCall, ChannelRule } from "./channel-call.ts";
import type { Axis } from "./channels.ts";

/** Weights are [outputs, inputs of a group, …taps]. */
export const conv: ChannelRule = (call) => {
  const [[rows, inputs], [filters, columns], [bias]] = [
    call.input(0),
    call.input(1),
    call.input(2),
  ];
  const [rowsAfter, outputs] = call.output();
  call.tie(rows, rowsAfter);
  call.tie(filters, outputs);
  if (bias) call.tie(bias, filters);
  if (!inputs || !filters || !columns) return;
  const groups = intOf(call.node, "group", 1);
  if (groups > 1 && columns.size === 1) return tieDepthwise(call, inputs, filters);
  tieAcross(call, filters, filters.size / groups, filters);
  tieAcross(call, inputs, columns.size, columns);
};

/** Weights are [inputs, outputs of a group, …taps]. */
export const convTranspose: ChannelRule = (call) => {
  const [[rows, inputs], [filters, columns], [bias]] = [
    call.input(0),
    call.input(1),
    call.input(2),
  ];
  const [rowsAfter, outputs] = call.output();
  call.tie(rows, rowsAfter);
  call.tie(inputs, filters);
  if (bias) call.tie(bias, outputs);
  if (!filters || !columns || !outputs) return;
  const groups = intOf(call.node, "group", 1);
  if (groups > 1 && groups === filters.size) {
    call.freeze(columns, "has a group for each channel");
    return tieDepthwise(call, filters, outputs);
  }
  tieAcross(call, filters, filters.size / groups, filters);
  tieAcross(call, outputs, columns.size, columns);
};

/** Ties an axis to the `width` slices that each of its groups has in common: all groups shrink alike. */
function tieAcross(call: ChannelCall, axis: Axis, width: number, common: Axis): void {
  if (!Number.isInteger(width) || width === 0 || width > common.size) return;
  for (let at = 0; at < axis.size; at += 1) call.tieSlices(axis, at, common, at % width);
}

/** A group for each channel: with the channel go the group and the outputs that it makes. */
function tieDepthwise(call: ChannelCall, channels: Axis, outputs: Axis): void {
  const width = outputs.size / channels.size;
  if (!Number.isInteger(width)) return;
  for (let at = 0; at < outputs.size; at += 1)
    call.tieSlices(outputs, at, channels, Math.floor(at / width));
}
