import type { Dimension } from "../../tensors/tensor.ts";
import { checkedAxis } from "../axes.ts";
import { ONNX_TYPES } from "../model.ts";
import { intOf } from "../node.ts";
import { describeShape } from "./broadcast.ts";
import { tensorFact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";

/** The value of a scalar of whole numbers; undefined where it is left out, null where it is not known. */
function scalarOf(call: InferenceCall, index: number): Dimension | undefined {
  const fact = call.optional(index);
  return fact && (fact.elements?.[0] ?? null);
}

const namedType = (call: InferenceCall) =>
  ONNX_TYPES[intOf(call.node, "output_datatype", 1)] ?? "float32";

/** The frequencies of a real signal that its others mirror. */
const halfOf = (length: Dimension): Dimension =>
  typeof length === "number" ? Math.floor(length / 2) + 1 : null;

const window: InferenceRule = (call) => tensorFact(namedType(call), [scalarOf(call, 0) ?? null]);

/** The axis is an attribute before opset 20, and the first after the batch unless said otherwise. */
function axisOf(call: InferenceCall, rank: number): number | null {
  if (call.opset < 20) return checkedAxis(call, intOf(call.node, "axis", 1), rank);
  const given = scalarOf(call, 2);
  if (given === undefined) return checkedAxis(call, -2, rank);
  return typeof given === "number" ? checkedAxis(call, given, rank) : null;
}

const dft: InferenceRule = (call) => {
  const shape = call.shape(0);
  const type = call.type(0);
  if (shape === null) return tensorFact(type, null);
  const isOneSided = intOf(call.node, "onesided", 0) === 1;
  const isToReal = isOneSided && intOf(call.node, "inverse", 0) === 1;
  const last = isToReal ? 1 : 2;
  const axis = axisOf(call, shape.length);
  if (axis === null) return tensorFact(type, [...shape.slice(0, -1).map(() => null), last]);
  if (axis === shape.length - 1)
    throw call.fault("the last axis holds the real and imaginary parts and is not transformed");
  const size = shape[axis] ?? null;
  const mirrored = typeof size === "number" ? 2 * (size - 1) : null;
  const length = scalarOf(call, 1) ?? (call.optional(1) ? null : isToReal ? mirrored : size);
  const bins = isOneSided && !isToReal ? halfOf(length) : length;
  return tensorFact(type, [...shape.with(axis, bins).slice(0, -1), last]);
};

const stft: InferenceRule = (call) => {
  const shape = call.shape(0);
  if (shape !== null && shape.length !== 3)
    throw call.fault(`the signal is to be [batch, length, 1 or 2], and is ${describeShape(shape)}`);
  const [batch = null, length = null] = shape ?? [];
  const step = scalarOf(call, 1);
  const frame =
    scalarOf(call, 3) ?? (call.optional(3) ? null : (call.optional(2)?.shape?.[0] ?? null));
  const frames =
    typeof length === "number" && typeof frame === "number" && typeof step === "number" && step > 0
      ? Math.floor((length - frame) / step) + 1
      : null;
  const bins = intOf(call.node, "onesided", 1) === 1 ? halfOf(frame) : frame;
  return tensorFact(call.type(0), [batch, frames, bins, 2]);
};

export const SIGNAL: Record<string, InferenceRule> = {
  HannWindow: window,
  HammingWindow: window,
  BlackmanWindow: window,
  MelWeightMatrix: (call) =>
    tensorFact(namedType(call), [halfOf(scalarOf(call, 1) ?? null), scalarOf(call, 0) ?? null]),
  DFT: dft,
  STFT: stft,
};
