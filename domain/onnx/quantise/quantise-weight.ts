import { countOf } from "../../tensors/tensor.ts";
import { OnnxFault } from "../onnx-fault.ts";
import {
  affineOf,
  byteOf,
  byteTensor,
  type Affine,
  type AffineOptions,
  type ByteTensor,
  type ByteType,
} from "./affine.ts";
import type { FloatConstant } from "./constants.ts";

/** A constant as bytes: one affine map for all of it, or one for each index of `axis`. */
export type QuantisedWeight = {
  readonly bytes: ByteTensor;
  readonly axis: number | undefined;
  readonly affines: readonly Affine[];
};

/** What the two ways of quantising are asked for weights. */
export type WeightSettings = {
  weight_type: ByteType;
  /** A scale for each output channel of a weight. */
  per_channel: boolean;
  /** One bit less, for processors whose 8-bit products saturate (x86 before VNNI). */
  reduce_range: boolean;
};

/** What the constants are named after that a weight becomes, quantised along an axis. */
export const weightStem = (name: string, axis: number | undefined): string =>
  axis === undefined ? name : `${name}_axis_${axis}`;

export type WeightOptions = Omit<AffineOptions, "smallestScale"> & {
  type: ByteType;
  /** The axis whose indices (output channels) get scales of their own. */
  axis?: number | undefined;
  /** Lower bounds of the scales, one for each affine map. */
  smallestScales?: readonly number[] | undefined;
};

/** Bytes for a float32 constant; throws `OnnxFault` where an element is not finite. */
export function quantiseWeight(
  name: string,
  { dims, data }: FloatConstant,
  options: WeightOptions,
): QuantisedWeight {
  const { type, axis, smallestScales } = options;
  const channels = axis === undefined ? 1 : (dims[axis] ?? 1);
  const stride = axis === undefined ? data.length : sizeAfter(dims, axis);
  const channelOf = (at: number): number => Math.floor(at / stride) % channels;
  const affines = channelRanges(data, channels, channelOf).map((range, channel) => {
    if (Number.isNaN(range.min)) throw notFinite(name);
    const smallestScale = smallestScales?.[channel] ?? 0;
    return affineOf(range, type, { ...options, smallestScale });
  });
  const bytes = byteTensor(type, dims, (at) => {
    const affine = affines[channelOf(at)];
    return affine ? byteOf(data[at] ?? 0, affine) : 0;
  });
  return { bytes, axis, affines };
}

const sizeAfter = (dims: readonly number[], axis: number): number => countOf(dims.slice(axis + 1));

function channelRanges(data: Float32Array, channels: number, channelOf: (at: number) => number) {
  const ranges = Array.from({ length: channels }, () => ({ min: Infinity, max: -Infinity }));
  for (let at = 0; at < data.length; at += 1) {
    const range = ranges[channelOf(at)];
    if (range === undefined) continue;
    // `Math.min` and `Math.max` hand a NaN on.
    const value = Number.isFinite(data[at]) ? (data[at] ?? 0) : Number.NaN;
    range.min = Math.min(range.min, value);
    range.max = Math.max(range.max, value);
  }
  return data.length === 0 ? ranges.map(() => ({ min: 0, max: 0 })) : ranges;
}

const notFinite = (name: string): OnnxFault =>
  new OnnxFault("invalid", `the weight '${name}' has an element that is not finite`, {
    tensor: name,
  });
