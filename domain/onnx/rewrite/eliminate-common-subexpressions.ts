import { isElementType } from "../../tensors/tensor.ts";
import type { Attribute, Model, Node, StoredTensor } from "../model.ts";
import { graphsOf, operatorOf } from "../node.ts";
import { byteSizeOf, elementsOf } from "../stored-tensor.ts";
import { editGraphs, type GraphEdit } from "./graph-edit.ts";
import { RANDOM_OPERATORS } from "./random-operators.ts";

/** Constants up to this size are compared by their elements. */
const MAX_COMPARED_BYTES = 4096;

/**
 * Computes once what a graph computes twice: of nodes with the same operator, attributes and
 * inputs the first stays, and so does the first of equal small initializers. A node that gives an
 * output of the graph stays.
 */
export const eliminateCommonSubexpressions = (model: Model): Model =>
  editGraphs(model, (edit) => {
    const constants = new Map<string, string>();
    for (const stored of edit.graph.initializers) mergeConstant(edit, stored, constants);
    const nodes = new Map<string, Node>();
    for (const node of edit.graph.nodes) mergeNode(edit, node, nodes);
  });

function mergeConstant(edit: GraphEdit, stored: StoredTensor, seen: Map<string, string>): void {
  const { name = "" } = stored;
  if (edit.constantOf(name) !== stored || byteSizeOf(stored) > MAX_COMPARED_BYTES) return;
  const key = keyOfTensor(stored);
  const first = seen.get(key);
  if (first === undefined) seen.set(key, name);
  else if (!edit.isOutput(name)) edit.rename(name, first);
}

function mergeNode(edit: GraphEdit, node: Node, seen: Map<string, Node>): void {
  if (RANDOM_OPERATORS.has(operatorOf(node)) || graphsOf(node).length > 0) return;
  const key = JSON.stringify([
    operatorOf(node),
    node.overload,
    node.inputs.map((name) => edit.nameOf(name)),
    node.outputs.map((name) => name !== ""),
    [...node.attributes].sort((a, b) => (a.name < b.name ? -1 : 1)).map(keyOfAttribute),
  ]);
  const first = seen.get(key);
  if (first === undefined) seen.set(key, node);
  else if (!node.outputs.some((name) => edit.isOutput(name))) {
    for (const [at, name] of node.outputs.entries())
      if (name !== "") edit.rename(name, first.outputs[at] ?? "");
    edit.replace(node);
  }
}

/** JSON has no -0, NaN or infinity, which are other numbers all the same. */
const keyOfAttribute = (attribute: Attribute): unknown => {
  const { name, kind, value } = attribute;
  if (kind === "tensor") return [name, keyOfTensor(value)];
  if (kind === "float") return [name, kind, textOf(value)];
  return kind === "floats" ? [name, kind, value.map(textOf)] : [name, kind, value];
};

const textOf = (value: number): string => (Object.is(value, -0) ? "-0" : String(value));

function keyOfTensor(stored: StoredTensor): string {
  const { type, dims } = stored;
  const bytes = stored.payload && "bytes" in stored.payload ? stored.payload.bytes : undefined;
  // The bits, so that 0 and -0 and the NaNs stay apart.
  const { data } = isElementType(type) ? elementsOf(stored) : { data: bytes ?? [] };
  const elements = ArrayBuffer.isView(data)
    ? [...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]
    : data;
  return JSON.stringify([type, dims, elements]);
}
