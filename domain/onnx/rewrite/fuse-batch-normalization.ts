import { countOf } from "../../tensors/tensor.ts";
import { floatsOf, isFloatType, storedFloats, type FloatType } from "../float-values.ts";
import type { Model, Node, StoredTensor } from "../model.ts";
import { floatOf, intOf, operatorOf } from "../node.ts";
import { editGraphs, type GraphEdit } from "./graph-edit.ts";
import { newNode } from "./new-node.ts";

/**
 * Folds a BatchNormalization of a model that predicts into the weights of the Conv, ConvTranspose,
 * Gemm or MatMul that nothing else reads: w' = w s and b' = (b - mean) s + shift, where
 * s = scale / sqrt(variance + epsilon), computed in float64 and rounded once.
 */
export const fuseBatchNormalization = (model: Model): Model =>
  editGraphs(model, (edit) => {
    for (const node of edit.graph.nodes)
      if (operatorOf(node) === "BatchNormalization") fuse(edit, node);
  });

/** y = x * factor + offset for each channel. */
type Affine = { factor: Float64Array; offset: Float64Array };

/** A layer that gives `channels` channels along axis 1; `channelOf` the one that a weight leads to. */
type Layer = {
  weight: StoredTensor;
  channels: number;
  channelOf: (flatIndex: number) => number;
  bias: Float64Array;
  rebuilt: (weight: string, bias: string, output: string) => Node;
};

function fuse(edit: GraphEdit, normalisation: Node): void {
  const [input = ""] = normalisation.inputs;
  const [output = "", ...statistics] = normalisation.outputs;
  const producer = edit.producerOf(input);
  if (producer === undefined || edit.soleReader(input) !== normalisation) return;
  if (edit.isReplaced(producer) || statistics.some((name) => edit.isUsed(name))) return;
  const affine = affineOf(edit, normalisation);
  const layer = layerOf(edit, producer);
  if (!affine || !layer || affine.factor.length !== layer.channels) return;
  const { weight, channelOf } = layer;
  if (!isFloatType(weight.type)) return;

  const { factor, offset } = affine;
  const weights = floatsOf(weight).map((value, at) => value * (factor[channelOf(at)] ?? 0));
  const bias = layer.bias.map((value, at) => value * (factor[at] ?? 0) + (offset[at] ?? 0));
  const add = (stem: string, type: FloatType, dims: readonly number[], values: Float64Array) =>
    edit.constant(stem, storedFloats("", type, dims, values));
  const newWeight = add(`${weight.name ?? ""}_fused`, weight.type, weight.dims, weights);
  const newBias = add(`${weight.name ?? ""}_bias`, weight.type, [layer.channels], bias);
  edit.replace(producer);
  edit.replace(normalisation, layer.rebuilt(newWeight, newBias, output));
}

function affineOf(edit: GraphEdit, node: Node): Affine | undefined {
  const [, ...parameters] = node.inputs;
  const constants = parameters.map((name) => edit.constantOf(name));
  const [scale, shift, mean, variance] = constants.map((stored) =>
    stored && isFloatType(stored.type) ? floatsOf(stored) : undefined,
  );
  if (!scale || !shift || !mean || !variance) return undefined;
  if (intOf(node, "training_mode", 0) === 1 || intOf(node, "spatial", 1) === 0) return undefined;
  const epsilon = floatOf(node, "epsilon", 1e-5);
  const factor = scale.map((value, at) => value / Math.sqrt((variance[at] ?? 0) + epsilon));
  return { factor, offset: shift.map((value, at) => value - (mean[at] ?? 0) * (factor[at] ?? 0)) };
}

function layerOf(edit: GraphEdit, node: Node): Layer | undefined {
  const [input = "", second = "", third = ""] = node.inputs;
  const weight = edit.constantOf(second);
  const operator = operatorOf(node);
  if (weight === undefined) return undefined;
  if (operator === "Conv" || operator === "ConvTranspose") {
    const [first = 0, columns = 0, ...kernel] = weight.dims;
    const taps = countOf(kernel);
    const groups = intOf(node, "group", 1);
    const channels = operator === "Conv" ? first : columns * groups;
    const channelOf = (at: number): number =>
      operator === "Conv"
        ? Math.floor(at / (columns * taps))
        : Math.floor(at / (columns * taps) / (first / groups)) * columns +
          (Math.floor(at / taps) % columns);
    const bias = biasOf(edit, third, channels, 1);
    const rebuilt = (w: string, b: string, output: string): Node => ({
      ...node,
      inputs: [input, w, b],
      outputs: [output],
    });
    return bias && { weight, channels, channelOf, bias, rebuilt };
  }
  const isGemm = operator === "Gemm";
  const isMatrices = edit.tensorOf(input)?.shape?.length === 2 && weight.dims.length === 2;
  if (!isMatrices || (!isGemm && operator !== "MatMul")) return undefined;
  const isTransposed = isGemm && intOf(node, "transB", 0) === 1;
  const [rows = 0, columns = 0] = weight.dims;
  const channels = isTransposed ? rows : columns;
  const bias = biasOf(edit, third, channels, isGemm ? floatOf(node, "beta", 1) : 1);
  return (
    bias && {
      weight,
      channels,
      channelOf: (at) => (isTransposed ? Math.floor(at / columns) : at % columns),
      bias,
      rebuilt: (w, b, output) =>
        newNode(
          "Gemm",
          [input, w, b],
          [output],
          {
            alpha: isGemm ? floatOf(node, "alpha", 1) : undefined,
            transA: isGemm ? intOf(node, "transA", 0) : undefined,
            transB: isTransposed ? 1 : undefined,
          },
          node.name,
        ),
    }
  );
}

/** What a layer adds to each channel; undefined where that is not a constant of one row. */
function biasOf(
  edit: GraphEdit,
  name: string,
  channels: number,
  factor: number,
): Float64Array | undefined {
  if (name === "") return new Float64Array(channels);
  const stored = edit.constantOf(name);
  if (stored === undefined || !isFloatType(stored.type)) return undefined;
  const values = floatsOf(stored);
  const isRow = stored.dims.length <= 1 || stored.dims.slice(0, -1).every((size) => size === 1);
  if (!isRow || (values.length !== channels && values.length !== 1)) return undefined;
  return Float64Array.from(
    { length: channels },
    (_, at) => (values[values.length === 1 ? 0 : at] ?? 0) * factor,
  );
}
