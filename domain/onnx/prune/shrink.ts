import { countOf } from "../../tensors/tensor.ts";
import { frontAxis, range } from "../axes.ts";
import type { Attribute, Model, Node, StoredTensor } from "../model.ts";
import { inferModel } from "../infer/infer.ts";
import { namesIn } from "../names.ts";
import { intOf, intsOf, operatorOf, opsetOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { freshName } from "../rewrite/graph-edit.ts";
import { removeDead } from "../rewrite/remove-dead.ts";
import { elementsOf, storedTensor } from "../stored-tensor.ts";
import { intTensor } from "../tensors.ts";
import type { Axis, Channels } from "./channels.ts";

/** The model without the slices of the removed classes. */
export function shrink(model: Model, channels: Channels, removed: ReadonlySet<number>): Model {
  const keptOf = (axis: Axis): number[] =>
    range(axis.size).filter((at) => !removed.has(channels.classOf(axis.first + at)));
  const sizeOf: SizeOf = (tensor, axis) => {
    const found = channels.axesOf(tensor)[axis];
    return found ? keptOf(found).length : 0;
  };
  const names = namesIn(model.graph);
  const added: StoredTensor[] = [];
  const constant = (stem: string, sizes: readonly number[]): string => {
    const stored = storedTensor(freshName(names, stem), intTensor(sizes));
    added.push(stored);
    return stored.name ?? "";
  };
  const stored = new Map(model.graph.initializers.map((own) => [own.name ?? "", own]));
  const { valueInfo: _, ...graph } = model.graph;
  const nodes = graph.nodes.map((node) =>
    fitted(node, { model, channels, stored, sizeOf, constant }),
  );
  const initializers = graph.initializers.map((own) =>
    channels
      .axesOf(own.name ?? "")
      .reduce((cut, axis) => picked(cut, axis.axis, keptOf(axis)), own),
  );
  const pruned = removeDead({
    ...model,
    graph: { ...graph, nodes, initializers: [...initializers, ...added] },
  });
  refuseMisfit(pruned, channels, sizeOf);
  return pruned;
}

type SizeOf = (tensor: string, axis: number) => number;

/** A tensor with some of its slices along an axis; the same tensor where it has all of them. */
function picked(stored: StoredTensor, axis: number, kept: readonly number[]): StoredTensor {
  const size = stored.dims[axis] ?? 0;
  if (kept.length === size) return stored;
  const { data } = elementsOf(stored);
  if (Array.isArray(data))
    throw new OnnxFault("unsupported", `'${stored.name ?? ""}' holds texts, which are not cut`);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const block = data.BYTES_PER_ELEMENT * countOf(stored.dims.slice(axis + 1));
  const blocks = countOf(stored.dims.slice(0, axis));
  const cut = new Uint8Array(blocks * kept.length * block);
  for (let at = 0; at < blocks; at += 1)
    for (const [to, from] of kept.entries()) {
      const start = (at * size + from) * block;
      cut.set(bytes.subarray(start, start + block), (at * kept.length + to) * block);
    }
  const dims = stored.dims.with(axis, kept.length);
  return { ...stored, dims, payload: { field: "raw_data", bytes: cut } };
}

type Fitting = {
  model: Model;
  channels: Channels;
  stored: ReadonlyMap<string, StoredTensor>;
  sizeOf: SizeOf;
  constant: (stem: string, sizes: readonly number[]) => string;
};

/** The node with sizes in its attributes and constants that are as its tensors now are. */
function fitted(node: Node, fitting: Fitting): Node {
  const { sizeOf, stored } = fitting;
  const [, second = "", third = ""] = node.inputs;
  const weight = stored.get(second)?.dims ?? [];
  const [filters = 0] = weight;
  switch (operatorOf(node)) {
    case "Conv":
      return weight[1] === 1 ? fittedDepthwise(node, filters, sizeOf(second, 0)) : node;
    case "ConvTranspose":
      return filters === intOf(node, "group", 1)
        ? fittedDepthwise(node, filters, sizeOf(second, 0))
        : node;
    case "GRU":
    case "LSTM":
    case "RNN":
      return withInt(node, "hidden_size", sizeOf(third, 2));
    case "GroupNormalization":
      return fittedGroups(node, fitting);
    case "Reshape":
      return fittedReshape(node, fitting);
    case "Split":
      return fittedSplit(node, fitting);
    default:
      return node;
  }
}

/** Groups of one channel each, fewer in proportion to the filters. */
function fittedDepthwise(node: Node, before: number, after: number): Node {
  const groups = intOf(node, "group", 1);
  return groups === 1 || before === 0 ? node : withInt(node, "group", (groups * after) / before);
}

/** Whole groups were removed, so that each is as wide as before. */
function fittedGroups(node: Node, { channels, sizeOf }: Fitting): Node {
  const [input = ""] = node.inputs;
  const before = channels.axesOf(input)[1]?.size ?? 0;
  const groups = intOf(node, "num_groups", 1);
  return before === 0 ? node : withInt(node, "num_groups", (groups * sizeOf(input, 1)) / before);
}

function fittedReshape(node: Node, { sizeOf, stored, constant }: Fitting): Node {
  const [input = "", target = ""] = node.inputs;
  const [output = ""] = node.outputs;
  const constantTarget = stored.get(target);
  if (constantTarget === undefined) return node;
  const sizes = Array.from<unknown, number>(elementsOf(constantTarget).data, Number);
  const fit = sizes.map((size, axis) => (size > 0 ? sizeOf(output, axis) : size));
  if (fit.every((size, axis) => size === sizes[axis])) return node;
  return { ...node, inputs: [input, constant(`${output}_shape`, fit)] };
}

/** Parts that are named, and parts that are no longer equal, are named by what is left of them. */
function fittedSplit(node: Node, { model, channels, sizeOf, constant }: Fitting): Node {
  const [input = "", named = ""] = node.inputs;
  const given = intOf(node, "axis", 0);
  const axis = frontAxis(given, channels.axesOf(input).length);
  const sizes = node.outputs.map((name) => sizeOf(name, axis));
  const before = node.outputs.map((name) => channels.axesOf(name)[axis]?.size);
  const isNamed = named !== "" || intsOf(node, "split") !== undefined;
  const isEqual = sizes.every((size) => size === sizes[0]);
  if (sizes.every((size, at) => size === before[at]) || (!isNamed && isEqual)) return node;
  const attributes = node.attributes.filter(
    ({ name }) => name !== "split" && name !== "num_outputs",
  );
  if (opsetOf(model) < 13)
    return { ...node, attributes: [...attributes, { name: "split", kind: "ints", value: sizes }] };
  const split = constant(`${node.outputs[0] ?? ""}_split`, sizes);
  return { ...node, inputs: [input, split], attributes };
}

function withInt(node: Node, name: string, value: number): Node {
  if (intOf(node, name) === value) return node;
  const others = node.attributes.filter((attribute) => attribute.name !== name);
  const attribute: Attribute = { name, kind: "int", value };
  return { ...node, attributes: [...others, attribute] };
}

/** What the removal came to is held against inference. */
function refuseMisfit(pruned: Model, channels: Channels, sizeOf: SizeOf): void {
  for (const [name, fact] of inferModel(pruned)) {
    const shape = fact.kind === "tensor" ? (fact.shape ?? []) : [];
    for (const [axis, size] of shape.entries()) {
      const expected = channels.axesOf(name)[axis]?.size ? sizeOf(name, axis) : size;
      if (typeof size === "number" && size !== expected)
        throw new OnnxFault(
          "unsupported",
          `'${name}' has ${size} slices along axis ${axis} where ${expected} are left`,
          { tensor: name },
        );
    }
  }
}
