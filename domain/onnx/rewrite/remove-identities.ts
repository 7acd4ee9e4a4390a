import type { Dimension } from "../../tensors/tensor.ts";
import { ONNX_TYPES, type Model, type Node } from "../model.ts";
import { domainOf, entryOf, intOf, intsOf, opsetOf } from "../node.ts";
import { elementsOf } from "../stored-tensor.ts";
import { editGraphs, type GraphEdit } from "./graph-edit.ts";

/**
 * Removes nodes that give back what they get: Identity, Dropout of a model that predicts, a Cast to
 * the type that is there, a Reshape to the same shape, padding of nothing, and the like. An output
 * of the graph keeps its name; one that is a copy of an input or a constant keeps its node.
 */
export const removeIdentities = (model: Model): Model =>
  editGraphs(model, (edit) => {
    for (const node of edit.graph.nodes) if (isIdentity(edit, node)) bypass(edit, node);
  });

function bypass(edit: GraphEdit, node: Node): void {
  const [input = ""] = node.inputs;
  const [output = ""] = node.outputs;
  if (!edit.isOutput(output)) {
    edit.rename(output, input);
    edit.replace(node);
    return;
  }
  const current = edit.nameOf(input);
  const isFree = edit.producerOf(input) !== undefined && !edit.isOutput(current);
  if (!isFree || edit.producerOf(current) === undefined) return;
  edit.rename(current, output);
  edit.replace(node);
}

function isIdentity(edit: GraphEdit, node: Node): boolean {
  const [input = "", ...others] = node.inputs;
  const [, ...more] = node.outputs;
  if (input === "" || domainOf(node) !== "" || more.some((name) => edit.isUsed(name))) return false;
  return entryOf(IDENTITIES, node)?.(edit, node, others) ?? false;
}

type Test = (edit: GraphEdit, node: Node, others: readonly string[]) => boolean;

/** Elements stay in their order under these, so that nothing happens where the shape stays. */
const sameShape: Test = (edit, { inputs: [input = ""], outputs: [output = ""] }) => {
  const before = edit.tensorOf(input)?.shape;
  const after = edit.tensorOf(output)?.shape;
  if (!before || !after || before.length !== after.length) return false;
  return before.every((size, axis) => isSame(size, after[axis]));
};

const isSame = (a: Dimension, b: Dimension | undefined): boolean => a !== null && a === b;

const alone: Test = (_, __, others) => others.length === 0;

const IDENTITIES: Record<string, Test> = {
  Identity: () => true,
  Dropout: (edit, _, [, training = ""]) =>
    training === "" ? opsetOf(edit.model) >= 7 : isAll(edit, training, 0),
  Cast: (edit, node) => {
    const type = edit.tensorOf(node.inputs[0] ?? "")?.type;
    return type !== undefined && type !== "undefined" && ONNX_TYPES[intOf(node, "to", 0)] === type;
  },
  Transpose: (_, node) => intsOf(node, "perm")?.every((from, to) => from === to) ?? false,
  Pad: (edit, node, [pads = ""]) =>
    intsOf(node, "pads")?.every((pad) => pad === 0) ?? isAll(edit, pads, 0),
  Tile: (edit, _, [repeats = ""]) => isAll(edit, repeats, 1),
  Reshape: sameShape,
  Flatten: sameShape,
  Squeeze: sameShape,
  Unsqueeze: sameShape,
  Expand: sameShape,
  Concat: alone,
  Sum: alone,
  Max: alone,
  Min: alone,
  Mean: alone,
};

/** Whether every element of a tensor is known to be `value`. */
function isAll(edit: GraphEdit, name: string, value: number): boolean {
  const known = edit.tensorOf(name)?.elements;
  if (known) return known.every((element) => element === value);
  const stored = edit.constantOf(name);
  if (stored === undefined || stored.type === "string") return false;
  return Array.from<unknown, number>(elementsOf(stored).data, Number).every(
    (element) => element === value,
  );
}
