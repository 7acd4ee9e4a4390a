import type { Model, Node } from "../model.ts";
import { operatorOf, placeOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";

/** Which nodes a pass may change. */
export type NodeChoice = {
  /** Only nodes of these operators, among those that the pass knows. Absent: all of those. */
  op_types?: readonly string[];
  /** Nodes that stay as they are, by their names, or by their first outputs where they have none. */
  nodes_to_exclude?: readonly string[];
};

/** A node that was left as it was, and why. */
export type SkippedNode = { node: string; operator: string; reason: string };

export const skipped = (node: Node, reason: string): SkippedNode => ({
  node: placeOf(node).node ?? "",
  operator: operatorOf(node),
  reason,
});

/**
 * Whether a node is chosen. Throws `OnnxFault` where the choice names an operator that the pass
 * does not know, or a node that the model does not have.
 */
export function chooser(
  { graph }: Model,
  known: readonly string[],
  { op_types = known, nodes_to_exclude = [] }: NodeChoice,
): (node: Node) => boolean {
  const unknown = op_types.find((operator) => !known.includes(operator));
  if (unknown !== undefined)
    throw new OnnxFault(
      "bad_request",
      `'op_types' names ${unknown}; it can have ${known.join(", ")}`,
    );
  const names = new Set(graph.nodes.map((node) => placeOf(node).node));
  const absent = nodes_to_exclude.find((name) => !names.has(name));
  if (absent !== undefined)
    throw new OnnxFault(
      "bad_request",
      `'nodes_to_exclude' names '${absent}', and the model has no such node`,
      { node: absent },
    );
  const operators = new Set(op_types);
  const excluded = new Set(nodes_to_exclude);
  return (node) => operators.has(operatorOf(node)) && !excluded.has(placeOf(node).node ?? "");
}
