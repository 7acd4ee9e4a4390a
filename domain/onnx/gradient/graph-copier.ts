import type { GraphBuilder } from "../graph-builder.ts";
import type { Attribute, Graph, Node } from "../model.ts";
import { capturedBy } from "../names.ts";
import { elementsOf } from "../stored-tensor.ts";

/**
 * Copies of a sub-graph under names of their own. Its initializers are added to `b` once; the
 * answer adds its nodes to `b`, or to a graph inside it, and gives the names of the outputs. Where
 * `captured` has another name for a tensor that the sub-graph takes from around it, the copy takes that.
 */
export function graphCopier(
  b: GraphBuilder,
  graph: Graph,
): (
  target: GraphBuilder,
  inputs: readonly string[],
  captured?: ReadonlyMap<string, string>,
) => string[] {
  const constants = graph.initializers.map((stored): [string, string] => [
    stored.name ?? "",
    b.constant(elementsOf(stored), b.fresh(stored.name ?? "constant")),
  ]);
  return (target, inputs, captured = new Map()) => {
    const names = new Map([...captured, ...constants]);
    for (const [index, { name }] of graph.inputs.entries()) {
      const value = inputs[index];
      if (value !== undefined) names.set(name, value);
    }
    for (const node of graph.nodes) {
      for (const output of node.outputs)
        if (output !== "") names.set(output, target.fresh(node.opType));
      target.add(renamed(node, names));
    }
    return graph.outputs.map(({ name }) => names.get(name) ?? name);
  };
}

/** The node with other names for its tensors, and for those that its sub-graphs capture. */
export function renamed(node: Node, names: ReadonlyMap<string, string>): Node {
  const of = (name: string): string => names.get(name) ?? name;
  return {
    ...node,
    inputs: node.inputs.map(of),
    outputs: node.outputs.map(of),
    attributes: node.attributes.map((attribute) => renamedIn(attribute, names)),
  };
}

function renamedIn(attribute: Attribute, names: ReadonlyMap<string, string>): Attribute {
  if (attribute.kind === "graph")
    return { ...attribute, value: renamedCaptures(attribute.value, names) };
  if (attribute.kind !== "graphs") return attribute;
  return { ...attribute, value: attribute.value.map((graph) => renamedCaptures(graph, names)) };
}

/** The same graph object where it captures nothing that has another name. */
function renamedCaptures(graph: Graph, names: ReadonlyMap<string, string>): Graph {
  const captured = new Map(
    [...capturedBy(graph)].flatMap((name): [string, string][] => {
      const other = names.get(name);
      return other === undefined ? [] : [[name, other]];
    }),
  );
  if (captured.size === 0) return graph;
  return {
    ...graph,
    nodes: graph.nodes.map((node) => renamed(node, captured)),
    outputs: graph.outputs.map((info) => ({
      ...info,
      name: captured.get(info.name) ?? info.name,
    })),
  };
}
