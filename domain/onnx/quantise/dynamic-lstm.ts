import type { Model, Node } from "../model.ts";
import { intOf } from "../node.ts";
import { floatTensor } from "../tensors.ts";
import { byteTensor } from "./affine.ts";
import type { Constants, FloatConstant } from "./constants.ts";
import type { NodeWriter } from "./node-writer.ts";
import { quantiseWeight, type WeightSettings } from "./quantise-weight.ts";

/** Operators that only ONNX Runtime has. */
const RUNTIME_DOMAIN = "com.microsoft";

/** Null where an LSTM can be written in bytes, else why not. */
export function isDynamicLstm(node: Node, constants: Constants): string | null {
  const [, weight, recurrence] = node.inputs;
  if (!constants.has(weight) || !constants.has(recurrence))
    return "its weights are not float32 constants";
  return intOf(node, "layout", 0) === 0 ? null : "its batch is the leading axis (layout 1)";
}

/** An LSTM whose two products are of bytes; its gates and states stay float32. */
export function writeLstm(
  writer: NodeWriter,
  node: Node,
  constants: Constants,
  settings: WeightSettings,
): void {
  const [data = "", weight = "", recurrence = ""] = node.inputs;
  const others = [3, 4, 5, 6, 7].map((index) => node.inputs[index] ?? "");
  const [bytes, ...affine] = writeWeight(writer, weight, constants.get(weight), settings);
  const [recurrentBytes, ...recurrentAffine] = writeWeight(
    writer,
    recurrence,
    constants.get(recurrence),
    settings,
  );
  writer.keep({
    ...node,
    opType: "DynamicQuantizeLSTM",
    domain: RUNTIME_DOMAIN,
    inputs: [data, bytes, recurrentBytes, ...others, ...affine, ...recurrentAffine],
    attributes: node.attributes.filter(({ name }) => name !== "layout"),
  });
}

/** [directions, gates, inputs] as bytes of [directions, inputs, gates], with scales of a gate's row or of a direction. */
function writeWeight(
  writer: NodeWriter,
  name: string,
  { dims, data }: FloatConstant,
  settings: WeightSettings,
): [bytes: string, scale: string, zeroPoint: string] {
  const [directions = 0, gates = 0, inputs = 0] = dims;
  const maps = settings.per_channel ? directions * gates : directions;
  const rows = { dims: [maps, data.length / maps], data };
  const { bytes, affines } = quantiseWeight(name, rows, {
    type: settings.weight_type,
    symmetric: true,
    reduceRange: settings.reduce_range,
    axis: 0,
  });
  const mapDims = settings.per_channel ? [directions, gates] : [directions];
  const turned = (at: number): number => {
    const gate = at % gates;
    const input = Math.floor(at / gates) % inputs;
    const direction = Math.floor(at / (gates * inputs));
    return bytes.data[(direction * gates + gate) * inputs + input] ?? 0;
  };
  return [
    writer.constant(`${name}_lstm_quantized`, () =>
      byteTensor(settings.weight_type, [directions, inputs, gates], turned),
    ),
    writer.constant(`${name}_lstm_scale`, () =>
      floatTensor(
        mapDims,
        affines.map(({ scale }) => scale),
      ),
    ),
    writer.constant(`${name}_lstm_zero_point`, () =>
      byteTensor(settings.weight_type, mapDims, (map) => affines[map]?.zeroPoint ?? 0),
    ),
  ];
}

/** The model with the version of ONNX Runtime's own operators, where it has one of them. */
export function withRuntimeOperators(model: Model): Model {
  const isOwn = ({ domain }: { domain?: string }): boolean => domain === RUNTIME_DOMAIN;
  if (!model.graph.nodes.some(isOwn) || model.opsets.some(isOwn)) return model;
  return { ...model, opsets: [...model.opsets, { domain: RUNTIME_DOMAIN, version: 1 }] };
}
