import type { Tensor } from "../../tensors/tensor.ts";
import type { Attribute, Model, Node } from "../model.ts";
import { entryOf, floatOf, intOf } from "../node.ts";
import { floatTensor, intTensor } from "../tensors.ts";
import { byteTensor } from "./affine.ts";
import { Constants, withPlainConstants, type FloatConstant } from "./constants.ts";
import { isEmbedding, writeEmbedding } from "./embedding.ts";
import { isDynamicLstm, withRuntimeOperators, writeLstm } from "./dynamic-lstm.ts";
import { chooser, skipped, type NodeChoice, type SkippedNode } from "./node-choice.ts";
import { NodeWriter } from "./node-writer.ts";
import type { Quantised } from "./quantise-report.ts";
import {
  quantiseWeight,
  weightStem,
  type QuantisedWeight,
  type WeightSettings,
} from "./quantise-weight.ts";

export type DynamicOptions = NodeChoice & Partial<WeightSettings>;

/** In WebAssembly a ConvInteger takes seven times as long with weights of int8 as of uint8. */
export const DYNAMIC_DEFAULTS = {
  weight_type: "uint8",
  per_channel: true,
  reduce_range: false,
} as const satisfies DynamicOptions;

type Work = {
  writer: NodeWriter;
  constants: Constants;
  settings: WeightSettings;
  /** Bytes, scale and zero point of the activations quantised so far. */
  quantised: Map<string, readonly [bytes: string, scale: string, zeroPoint: string]>;
};

/** Writes a node in bytes; answers why not where it cannot. */
type Rule = (node: Node, work: Work) => string | null;

const NO_WEIGHT = "its second operand is not a float32 constant";

const RULES: Readonly<Record<string, Rule>> = {
  MatMul: (node, work) => {
    const [data = "", weight] = node.inputs;
    const [output = ""] = node.outputs;
    if (!work.constants.has(weight) || work.constants.rank(weight) < 2) return NO_WEIGHT;
    writeProduct(work, data, { ...work.constants.get(weight), name: weight }, output);
    return null;
  },
  Gemm: (node, work) => {
    const [, weight] = node.inputs;
    if (!work.constants.has(weight)) return NO_WEIGHT;
    writeGemm(work, node, weight);
    return null;
  },
  Conv: (node, work) => {
    const [, weight] = node.inputs;
    if (!work.constants.has(weight)) return NO_WEIGHT;
    writeConvolution(work, node, weight);
    return null;
  },
  LSTM: (node, { writer, constants, settings }) => {
    const reason = isDynamicLstm(node, constants);
    if (reason === null) writeLstm(writer, node, constants, settings);
    return reason;
  },
  Gather: (node, { writer, constants, settings }) => {
    if (!isEmbedding(node, constants)) return "it does not look up in a float32 constant";
    writeEmbedding(writer, node, constants, settings.weight_type);
    return null;
  },
};

export const DYNAMIC_OPERATORS = Object.keys(RULES);

/**
 * The model with 8-bit weights; activations are quantised when it runs, each tensor by its own
 * range, so that nothing needs calibration. The range is that of a whole batch: a row's result
 * depends a little on the rows beside it. LSTM becomes ONNX Runtime's `DynamicQuantizeLSTM`; the
 * other operators are ONNX's own. Throws `OnnxFault` for an opset below 13 or an option that does
 * not fit the model.
 */
export function quantiseDynamic(given: Model, options: DynamicOptions = {}): Quantised {
  const model = withPlainConstants(given);
  const isChosen = chooser(model, DYNAMIC_OPERATORS, options);
  const writer = new NodeWriter(model);
  const settings = { ...DYNAMIC_DEFAULTS, ...options };
  const work = { writer, constants: new Constants(model), settings, quantised: new Map() };
  const left: SkippedNode[] = [];
  let count = 0;
  for (const node of model.graph.nodes) {
    const rule = isChosen(node) ? entryOf(RULES, node) : undefined;
    const reason = rule?.(node, work);
    if (reason === null) count += 1;
    else writer.keep(node);
    if (typeof reason === "string") left.push(skipped(node, reason));
  }
  return {
    model: withRuntimeOperators(writer.model()),
    report: { quantized_nodes: count, skipped: left },
  };
}

/** The constants of a matrix, named after what they are of. */
type Matrix = FloatConstant & { name: string };

/** output = alpha * data * matrix, in bytes. */
function writeProduct(work: Work, data: string, matrix: Matrix, output: string, alpha = 1): void {
  const axis = work.settings.per_channel && matrix.dims.length === 2 ? 1 : undefined;
  const made = quantisedWeight(work, matrix, axis);
  const scales = made.affines.map(({ scale }) => scale * alpha);
  writeInteger(work, {
    operator: "MatMulInteger",
    attributes: [],
    data,
    stem: weightStem(matrix.name, axis),
    made,
    scales: floatTensor(axis === undefined ? [] : [scales.length], scales),
    output,
  });
}

function writeGemm(work: Work, node: Node, weight: string): void {
  const { writer, constants } = work;
  const [input = "", , bias = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const alpha = floatOf(node, "alpha", 1);
  const beta = floatOf(node, "beta", 1);
  const stored = { ...constants.get(weight), name: weight };
  const matrix = intOf(node, "transB", 0) === 1 ? transposed(stored) : stored;
  const data = intOf(node, "transA", 0) === 1 ? writer.fresh(`${input}_transposed`) : input;
  if (data !== input) writer.write("Transpose", [input], [data], { perm: [1, 0] });
  if (bias === "") return writeProduct(work, data, matrix, output, alpha);
  const product = writer.fresh(`${output}_product`);
  writeProduct(work, data, matrix, product, alpha);
  if (beta === 1) return writer.write("Add", [product, bias], [output]);
  const share = writer.fresh(`${output}_bias`);
  const factor = writer.constant(`${output}_beta`, () => floatTensor([], [beta]));
  writer.write("Mul", [bias, factor], [share]);
  writer.write("Add", [product, share], [output]);
}

function writeConvolution(work: Work, node: Node, weight: string): void {
  const { writer, constants, settings } = work;
  const [data = "", , bias = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const kernel = { ...constants.get(weight), name: weight };
  const ones = kernel.dims.slice(2).map(() => 1);
  const axis = settings.per_channel ? 0 : undefined;
  const made = quantisedWeight(work, kernel, axis);
  const product = bias === "" ? output : writer.fresh(`${output}_product`);
  writeInteger(work, {
    operator: "ConvInteger",
    attributes: node.attributes,
    data,
    stem: weightStem(weight, axis),
    made,
    scales: floatTensor(
      axis === undefined ? [] : [made.affines.length, ...ones],
      made.affines.map(({ scale }) => scale),
    ),
    output: product,
  });
  if (bias === "") return;
  const shape = writer.constant(`channel_shape_${ones.length}`, () => intTensor([-1, ...ones]));
  const column = writer.fresh(`${bias}_column`);
  writer.write("Reshape", [bias, shape], [column]);
  writer.write("Add", [product, column], [output]);
}

type IntegerProduct = {
  operator: "MatMulInteger" | "ConvInteger";
  attributes: readonly Attribute[];
  data: string;
  /** What the bytes of the weight are named after. */
  stem: string;
  made: QuantisedWeight;
  scales: Tensor;
  output: string;
};

/** Product of bytes, to float32, times both scales: the form that ONNX Runtime joins into one kernel. */
function writeInteger({ writer, settings, quantised }: Work, product: IntegerProduct): void {
  const { operator, attributes, data, stem, made, scales, output } = product;
  const [bytes, dataScale, dataZero] = quantisedActivation(writer, quantised, data);
  // Weights are symmetric: every channel has the same zero point.
  const zeroPoint = made.affines[0]?.zeroPoint ?? 0;
  const inputs = [
    bytes,
    writer.constant(`${stem}_quantized`, () => made.bytes),
    dataZero,
    writer.constant("weight_zero_point", () =>
      byteTensor(settings.weight_type, [], () => zeroPoint),
    ),
  ];
  const weightScale = writer.constant(`${output}_weight_scale`, () => scales);
  const integer = writer.fresh(`${output}_integer`);
  const float = writer.fresh(`${output}_unscaled`);
  const scale = writer.fresh(`${output}_scale`);
  writer.keep({ opType: operator, inputs, outputs: [integer], attributes, name: integer });
  writer.write("Cast", [integer], [float], { to: 1 });
  writer.write("Mul", [dataScale, weightScale], [scale]);
  writer.write("Mul", [float, scale], [output]);
}

function quantisedActivation(
  writer: NodeWriter,
  known: Work["quantised"],
  data: string,
): readonly [bytes: string, scale: string, zeroPoint: string] {
  const found = known.get(data);
  if (found) return found;
  const made = [
    writer.fresh(`${data}_quantized`),
    writer.fresh(`${data}_scale`),
    writer.fresh(`${data}_zero_point`),
  ] as const;
  writer.write("DynamicQuantizeLinear", [data], made);
  known.set(data, made);
  return made;
}

const quantisedWeight = ({ settings }: Work, weight: Matrix, axis?: number): QuantisedWeight =>
  quantiseWeight(weight.name, weight, {
    type: settings.weight_type,
    symmetric: true,
    reduceRange: settings.reduce_range,
    axis,
  });

function transposed({ name, dims, data }: Matrix): Matrix {
  const [rows = 0, columns = 0] = dims;
  return {
    name: `${name}_transposed`,
    dims: [columns, rows],
    data: data.map((_, at) => data[(at % rows) * columns + Math.floor(at / rows)] ?? 0),
  };
}
