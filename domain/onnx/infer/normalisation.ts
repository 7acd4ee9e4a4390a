import type { Dimension } from "../../tensors/tensor.ts";
import { checkedAxis } from "../axes.ts";
import { ONNX_TYPES } from "../model.ts";
import { intOf } from "../node.ts";
import { broadcast, describeShape } from "./broadcast.ts";
import { tensorFact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";

/** Refuses a parameter that is not a vector of `count` elements. */
function expectVector(call: InferenceCall, index: number, count: Dimension): void {
  const shape = call.shape(index);
  if (shape === null) return;
  const [size = null] = shape;
  const differs = typeof size === "number" && typeof count === "number" && size !== count;
  if (shape.length === 1 && !differs) return;
  throw call.fault(
    `input ${index} is to be a vector of ${count ?? "?"} elements, and has the shape ${describeShape(shape)}`,
  );
}

/** Refuses a parameter that does not broadcast to the first input without widening it. */
function expectBroadcasting(call: InferenceCall, index: number): void {
  const [x, shape] = [call.shape(0), call.optional(index)?.shape ?? null];
  if (x === null || shape === null) return;
  broadcast(call, [x, shape]);
  const added = x.length - shape.length;
  const widens = shape.some(
    (size, axis) => x[axis + added] === 1 && typeof size === "number" && size > 1,
  );
  if (added < 0 || widens)
    throw call.fault(
      `input ${index} ${describeShape(shape)} does not broadcast to ${describeShape(x)}`,
    );
}

/** The statistics keep the type of what the node has of them. Before opset 9, `spatial` = 0 has one for each activation. */
const batchNormalization: InferenceRule = (call) => {
  const shape = call.shape(0);
  const isSpatial = call.opset >= 9 || intOf(call.node, "spatial", 1) === 1;
  if (shape !== null && isSpatial) {
    const channels = shape.length === 1 ? 1 : (shape[1] ?? null);
    for (const index of [1, 2, 3, 4]) expectVector(call, index, channels);
  }
  const statistics = tensorFact(call.type(3), call.shape(3));
  return [tensorFact(call.type(0), shape), statistics, statistics, statistics, statistics];
};

const channelled = (call: InferenceCall): readonly Dimension[] | null => {
  const shape = call.shape(0);
  if (shape === null || shape.length >= 2) return shape;
  throw call.fault(`the input ${describeShape(shape)} has no axis of channels`);
};

const instanceNormalization: InferenceRule = (call) => {
  const shape = channelled(call);
  for (const index of [1, 2]) expectVector(call, index, shape?.[1] ?? null);
  return tensorFact(call.type(0), shape);
};

/** Version 18 has a scale and a bias for each group, later ones for each channel. */
const groupNormalization: InferenceRule = (call) => {
  const shape = channelled(call);
  const channels = shape?.[1] ?? null;
  const groups = intOf(call.node, "num_groups");
  if (groups === undefined) throw call.fault("'num_groups' is missing");
  if (typeof channels === "number" && channels % groups !== 0)
    throw call.fault(`${channels} channels do not divide into ${groups} groups`);
  for (const index of [1, 2]) expectVector(call, index, call.opset < 21 ? groups : channels);
  return tensorFact(call.type(0), shape);
};

/** The mean and the inverse deviation keep the axes before `axis`. */
const layerNormalization: InferenceRule = (call) => {
  const shape = call.shape(0);
  for (const index of [1, 2]) expectBroadcasting(call, index);
  const stash = ONNX_TYPES[intOf(call.node, "stash_type", 1)] ?? "float32";
  const axis = shape === null ? 0 : checkedAxis(call, intOf(call.node, "axis", -1), shape.length);
  const kept = shape?.map((size, at) => (at < axis ? size : 1)) ?? null;
  return [tensorFact(call.type(0), shape), tensorFact(stash, kept), tensorFact(stash, kept)];
};

/** Type and shape of the first input, which has the axis that the node names. */
const alongAxis: InferenceRule = (call) => {
  const shape = call.shape(0);
  if (shape !== null) checkedAxis(call, intOf(call.node, "axis", -1), shape.length);
  return tensorFact(call.type(0), shape);
};

export const NORMALISATION: Record<string, InferenceRule> = {
  BatchNormalization: batchNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
  LayerNormalization: layerNormalization,
  RMSNormalization: (call) => {
    alongAxis(call);
    expectBroadcasting(call, 1);
    return tensorFact(call.type(1), call.shape(0));
  },
  LpNormalization: alongAxis,
  MeanVarianceNormalization: (call) => tensorFact(call.type(0), call.shape(0)),
  LRN: (call) => {
    if (intOf(call.node, "size", 0) < 1)
      throw call.fault("'size' is to be the number of channels to sum over");
    return tensorFact(call.type(0), channelled(call));
  },
};
