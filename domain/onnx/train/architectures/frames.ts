import { OnnxFault } from "../../onnx-fault.ts";
import type { Layers } from "./layers.ts";

/** A signal on its way into a network: [batch, channels, length]. */
export type Signal = { value: string; channels: number; length: number };

/** A signal as steps of `frame` samples of every channel: [batch, length / frame, channels * frame]. */
export function stepsOf(
  layers: Layers,
  { value, channels, length }: Signal,
  frame: number,
): { value: string; steps: number; size: number } {
  if (length % frame !== 0)
    throw new OnnxFault(
      "bad_request",
      `architecture.frame ${frame} does not divide input.length ${length}`,
    );
  const steps = length / frame;
  const size = channels * frame;
  const split = layers.reshape(value, [0, channels, steps, frame]);
  const ordered = layers.b.node("Transpose", [split], { perm: [0, 2, 1, 3] });
  return { value: layers.reshape(ordered, [0, steps, size]), steps, size };
}
