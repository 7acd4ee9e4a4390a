import type { Node } from "../../onnx/model.ts";
import { intOf, operatorOf } from "../../onnx/node.ts";
import { countOf } from "../../tensors/tensor.ts";
import type { GraphView } from "./graph-view.ts";
import { unsupported } from "./read-ensemble.ts";

/** Operators that leave the elements of a row in their order, whatever shape they have. */
const SAME_ORDER = new Set(["Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze"]);

/**
 * For a node that only moves elements of its first input: which element of the row of that input
 * each element of the row of `output` is. Undefined for other nodes; throws where it cannot be told.
 */
export function pickedElements(view: GraphView, node: Node, output: string): number[] | undefined {
  const operator = operatorOf(node);
  const [input = ""] = node.inputs;
  if (SAME_ORDER.has(operator)) {
    const width = widthOf(view, input);
    if (width !== widthOf(view, output))
      throw unsupported(
        `${operator} '${output}' mixes rows, so that no row has columns of its own`,
      );
    return range(0, width);
  }
  if (operator === "ai.onnx.ml.ArrayFeatureExtractor") {
    const width = columnsOf(view, node, 1);
    return chosen(integersOf(view, node, 1), width);
  }
  if (operator === "Gather") {
    const width = columnsOf(view, node, intOf(node, "axis", 0));
    return chosen(integersOf(view, node, 1), width);
  }
  if (operator === "Split") {
    const width = columnsOf(view, node, intOf(node, "axis", 0));
    const before = node.outputs.slice(0, node.outputs.indexOf(output));
    const from = before.reduce((sum, name) => sum + widthOf(view, name), 0);
    return range(from, Math.min(width, from + widthOf(view, output)));
  }
  return operator === "Slice" ? sliced(view, node) : undefined;
}

/** How many numbers a row of a tensor has. */
export const widthOf = (view: GraphView, name: string): number => countOf(view.rowShapeOf(name));

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, at) => from + at);

const chosen = (indices: readonly number[], width: number): number[] =>
  indices.map((index) => {
    const at = index < 0 ? index + width : index;
    if (at >= 0 && at < width) return at;
    throw unsupported(`a column ${index} is picked of ${width}`);
  });

/** The columns of the first input, which is to be a matrix that the node cuts along `axis` of columns. */
function columnsOf(view: GraphView, node: Node, axis: number): number {
  const [input = ""] = node.inputs;
  const shape = view.rowShapeOf(input);
  const [columns = 0] = shape;
  if (shape.length === 1 && (axis === 1 || axis === -1)) return columns;
  throw unsupported(`${operatorOf(node)} of '${input}' does not pick columns of a matrix`);
}

function integersOf(view: GraphView, node: Node, at: number): number[] {
  const found = view.constantOf(node.inputs[at] ?? "");
  if (found) return [...found.data];
  throw unsupported(`${operatorOf(node)} picks columns that are computed`);
}

function sliced(view: GraphView, node: Node): number[] {
  const [start = 0, ...more] = integersOf(view, node, 1);
  const [end = 0] = integersOf(view, node, 2);
  const axis = node.inputs[3] ? integersOf(view, node, 3)[0] : 0;
  const step = node.inputs[4] ? (integersOf(view, node, 4)[0] ?? 1) : 1;
  const width = columnsOf(view, node, axis ?? 0);
  if (more.length > 0 || step === 0) throw unsupported("Slice cuts several axes at once");
  const clamped = (at: number): number =>
    Math.max(step > 0 ? 0 : -1, Math.min(step > 0 ? width : width - 1, at < 0 ? at + width : at));
  const to = clamped(end);
  const found: number[] = [];
  for (let at = clamped(start); step > 0 ? at < to : at > to; at += step) found.push(at);
  return found;
}
