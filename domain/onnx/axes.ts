import type { OnnxFault } from "./onnx-fault.ts";

/** 0, 1 … count - 1 */
export const range = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

/** An axis counted from the front; a negative one counts from behind the last. */
export const frontAxis = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

/** The same for an axis that has to be there: throws the fault of the node where the rank lacks it. */
export function checkedAxis(
  call: { fault: (message: string) => OnnxFault },
  axis: number,
  rank: number,
): number {
  if (axis >= -rank && axis < rank) return frontAxis(axis, rank);
  throw call.fault(`the axis ${axis} is outside a tensor of rank ${rank}`);
}
