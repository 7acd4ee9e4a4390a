import { type Attribute, codeOf, type Node } from "../model.ts";
import { attributeOf, floatOf, intOf, intsOf, stringOf } from "../node.ts";
import { newNode } from "../rewrite/new-node.ts";
import { floatTensor, intTensor } from "../tensors.ts";
import type { Adapter } from "./conversion.ts";

/** Nothing changes, though the definition does. */
const keep: Adapter = (node) => [node];

/** The list of ints of an attribute becomes an input; an empty one says no more than none. */
const asInput =
  (name: string, index: number): Adapter =>
  (node, conversion) => {
    const values = intsOf(node, name) ?? [];
    const bare = without(node, name);
    if (values.length === 0) return [bare];
    return [withInput(bare, index, conversion.ints(node, name, values))];
  };

const both =
  (first: Adapter, second: Adapter): Adapter =>
  (node, conversion) =>
    first(node, conversion).flatMap((one) => second(one, conversion));

/** The bounds become inputs of the type of the data. */
const clip: Adapter = (node, conversion) => {
  const input = (name: string): string => {
    const value = attributeOf(node, name, "float");
    return value === undefined ? "" : conversion.scalarLike(node, 0, name, value);
  };
  return [
    {
      ...without(node, "min", "max"),
      inputs: trimmed([...node.inputs, input("min"), input("max")]),
    },
  ];
};

const pad: Adapter = (node, conversion) => {
  const value = floatOf(node, "value", 0);
  const [padded = node] = asInput("pads", 1)(without(node, "value"), conversion);
  return [
    value === 0 ? padded : withInput(padded, 2, conversion.scalarLike(node, 0, "value", value)),
  ];
};

const slice: Adapter = both(both(asInput("starts", 1), asInput("ends", 2)), asInput("axes", 3));

const topK: Adapter = (node, conversion) => [
  withInput(without(node, "k"), 1, conversion.ints(node, "k", [intOf(node, "k", 0)])),
];

/** Before 13, everything from the axis on was one row: the last axis of the flattened matrix. */
const flattened: Adapter = (node, conversion) => {
  const axis = intOf(node, "axis", 1);
  const [input = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const last: Attribute = { name: "axis", kind: "int", value: -1 };
  const along = { ...node, attributes: [last] };
  const rank = conversion.shapeOf(input)?.length;
  if (axis === -1 || (rank !== undefined && axis === rank - 1)) return [along];
  const [matrix, rows, shape] = ["matrix", "rows", "shape"].map((what) =>
    conversion.fresh(node, what),
  );
  if (matrix === undefined || rows === undefined || shape === undefined) return [];
  return [
    newNode("Flatten", [input], [matrix], { axis }),
    { ...along, inputs: [matrix], outputs: [rows] },
    newNode("Shape", [input], [shape]),
    newNode("Reshape", [rows, shape], [output]),
  ];
};

/** The mask had the type of the data, and is of bool since. */
const dropoutMask: Adapter = (node, conversion) => {
  const [output = "", mask = ""] = node.outputs;
  if (!conversion.isUsed(mask)) return [{ ...node, outputs: [output] }];
  const type = conversion.typeOf(node.inputs[0] ?? "") ?? "float32";
  const bool = conversion.fresh(node, "mask");
  return [
    { ...node, outputs: [output, bool] },
    newNode("Cast", [bool], [mask], { to: codeOf(type) }),
  ];
};

/** The ratio becomes an input; without a third one nothing is dropped, as before. */
const dropoutRatio: Adapter = (node, conversion) => {
  const ratio = conversion.constant(node, "ratio", floatTensor([], [floatOf(node, "ratio", 0.5)]));
  return [withInput(without(node, "ratio"), 1, ratio)];
};

const batchNormalization9: Adapter = (node, conversion) => {
  if (intOf(node, "spatial", 1) === 0)
    throw conversion.refusal(node, "statistics of each activation (spatial = 0) are gone since 9");
  return [without(node, "spatial")];
};

/** Training was asked for by taking more outputs than the first. */
const batchNormalization14: Adapter = (node, conversion) => {
  const [y = "", mean = "", variance = "", ...saved] = node.outputs;
  if (saved.some((name) => conversion.isUsed(name)))
    throw conversion.refusal(node, "the saved statistics, its last outputs, are gone since 14");
  if (node.outputs.length === 1) return [node];
  const training: Attribute = { name: "training_mode", kind: "int", value: 1 };
  return [
    { ...node, outputs: trimmed([y, mean, variance]), attributes: [...node.attributes, training] },
  ];
};

/** Scale and bias were one number for a group, and are one for a channel. */
const groupNormalization: Adapter = (node, conversion) => {
  const [x = "", scale = "", bias = ""] = node.inputs;
  const groups = intOf(node, "num_groups", 1);
  const channels = conversion.shapeOf(x)?.[1];
  if (typeof channels !== "number")
    throw conversion.refusal(node, `the channels of '${x}' are not known`);
  const perGroup = conversion.ints(node, "channels", [groups, channels / groups]);
  const column = conversion.ints(node, "column", [1]);
  const flat = conversion.ints(node, "flat", [-1]);
  const spread = (name: string, what: string): { nodes: Node[]; output: string } => {
    const [single, repeated, output] = ["one", "each", "all"].map((part) =>
      conversion.fresh(node, `${what}_${part}`),
    ) as [string, string, string];
    return {
      output,
      nodes: [
        newNode("Unsqueeze", [name, column], [single]),
        newNode("Expand", [single, perGroup], [repeated]),
        newNode("Reshape", [repeated, flat], [output]),
      ],
    };
  };
  const [scales, biases] = [spread(scale, "scale"), spread(bias, "bias")];
  return [...scales.nodes, ...biases.nodes, { ...node, inputs: [x, scales.output, biases.output] }];
};

/** Enlarging took the element below and shrinking the one above, by the position over the scale. */
const resize11: Adapter = (node, conversion) => {
  const [x = "", scales = ""] = node.inputs;
  const nearest: Attribute[] = [];
  if (isNearest(node) && !node.attributes.some(({ name }) => name === "nearest_mode")) {
    const factors = conversion.numbersOf(scales);
    if (factors === undefined)
      throw conversion.refusal(node, `how it rounds depends on '${scales}', which is no constant`);
    const shrinks = factors.some((factor) => factor < 1);
    if (shrinks && factors.some((factor) => factor > 1))
      throw conversion.refusal(node, "it enlarges one axis and shrinks another");
    nearest.push({ name: "nearest_mode", kind: "string", value: shrinks ? "ceil" : "floor" });
  }
  const roi = conversion.target >= 13 ? "" : conversion.constant(node, "roi", floatTensor([0], []));
  return [
    {
      ...node,
      inputs: [x, roi, scales],
      attributes: [
        ...node.attributes,
        { name: "coordinate_transformation_mode", kind: "string", value: "asymmetric" },
        ...nearest,
      ],
    },
  ];
};

const upsample9: Adapter = (node, conversion) => {
  const scales = attributeOf(node, "scales", "floats") ?? [];
  const input = conversion.constant(node, "scales", floatTensor([scales.length], scales));
  return [withInput(without(node, "scales"), 1, input)];
};

/** It only enlarges, which the step of Resize to 11 has to know. */
const upsample10: Adapter = (node, { target }) => {
  const floor: Attribute = { name: "nearest_mode", kind: "string", value: "floor" };
  const attributes = target > 10 && isNearest(node) ? [...node.attributes, floor] : node.attributes;
  return [{ ...node, opType: "Resize", attributes }];
};

const isNearest = (node: Node): boolean => stringOf(node, "mode", "nearest") === "nearest";

/** Scales beside sizes had to be an empty tensor, and are left out since. */
const resize13: Adapter = (node) => {
  const [x = "", roi = "", , sizes = ""] = node.inputs;
  return [sizes === "" ? node : { ...node, inputs: [x, roi, "", sizes] }];
};

const split18: Adapter = (node) => {
  if ((node.inputs[1] ?? "") !== "") return [node];
  const parts: Attribute = { name: "num_outputs", kind: "int", value: node.outputs.length };
  return [{ ...node, attributes: [...node.attributes, parts] }];
};

/** The scale is to have the type of the data since, and had none but float32. */
const quantizeLinear: Adapter = (node, conversion) => {
  const [x = "", ...rest] = node.inputs;
  if (conversion.typeOf(x) !== "int32") return [node];
  const float = conversion.fresh(node, "float");
  return [
    newNode("Cast", [x], [float], { to: codeOf("float32") }),
    { ...node, inputs: [float, ...rest] },
  ];
};

/** What was not rounded to pixel centres has to say so. */
const roiAlign: Adapter = (node) => [
  {
    ...node,
    attributes: [
      ...node.attributes,
      { name: "coordinate_transformation_mode", kind: "string", value: "output_half_pixel" },
    ],
  },
];

const GRID_MODES: Readonly<Record<string, string>> = { bilinear: "linear", bicubic: "cubic" };

const gridSample: Adapter = (node) => {
  const mode = stringOf(node, "mode", "bilinear");
  const renamed: Attribute = { name: "mode", kind: "string", value: GRID_MODES[mode] ?? mode };
  return [{ ...node, attributes: [...without(node, "mode").attributes, renamed] }];
};

const dft: Adapter = (node, conversion) => {
  const axis = conversion.constant(node, "axis", intTensor([intOf(node, "axis", 1)], []));
  return [withInput(without(node, "axis"), 2, axis)];
};

const scan9: Adapter = (node, conversion) => {
  throw conversion.refusal(node, "version 8 has an axis for the batch that later ones do not have");
};

const reduce18 = { 18: asInput("axes", 1) };
const softmax13 = { 13: flattened };

/**
 * What a version of an operator asks for that the one before did not. Steps that are not listed
 * leave every node as it is: `extendsSchema` says whether they do.
 */
export const ADAPTERS: Readonly<Record<string, Readonly<Record<number, Adapter>>>> = {
  BatchNormalization: { 9: batchNormalization9, 14: batchNormalization14 },
  Clip: { 11: clip },
  DFT: { 20: dft },
  Dropout: { 10: dropoutMask, 12: dropoutRatio },
  Erf: { 13: keep },
  GridSample: { 20: gridSample },
  GroupNormalization: { 21: groupNormalization },
  Hardmax: softmax13,
  LogSoftmax: softmax13,
  Pad: { 11: pad },
  QuantizeLinear: { 19: quantizeLinear },
  ReduceL1: reduce18,
  ReduceL2: reduce18,
  ReduceLogSum: reduce18,
  ReduceLogSumExp: reduce18,
  ReduceMax: reduce18,
  ReduceMean: reduce18,
  ReduceMin: reduce18,
  ReduceProd: reduce18,
  ReduceSum: { 13: asInput("axes", 1) },
  ReduceSumSquare: reduce18,
  Resize: { 11: resize11, 13: resize13 },
  RoiAlign: { 16: roiAlign },
  Scan: { 9: scan9 },
  Scatter: { 11: (node) => [{ ...node, opType: "ScatterElements" }] },
  Slice: { 10: slice },
  Softmax: softmax13,
  Split: { 13: asInput("split", 1), 18: split18 },
  Squeeze: { 13: asInput("axes", 1) },
  TopK: { 10: topK },
  Unsqueeze: { 13: asInput("axes", 1) },
  Upsample: {
    9: upsample9,
    10: upsample10,
  },
};

const without = (node: Node, ...names: readonly string[]): Node => ({
  ...node,
  attributes: node.attributes.filter(({ name }) => !names.includes(name)),
});

/** The node with an input at an index; those before it that are missing are left out. */
function withInput(node: Node, index: number, name: string): Node {
  const inputs = Array.from(
    { length: Math.max(index + 1, node.inputs.length) },
    (_, at) => node.inputs[at] ?? "",
  );
  return { ...node, inputs: inputs.with(index, name) };
}

/** Without what is left out at the end. */
const trimmed = (names: readonly string[]): string[] =>
  names.slice(0, names.findLastIndex((name) => name !== "") + 1);
