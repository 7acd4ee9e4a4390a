import { GraphBuilder } from "../graph-builder.ts";
import type { Model, Node } from "../model.ts";
import { renamed } from "./graph-copier.ts";

/**
 * The model with some nodes of its main graph replaced by others, in their place; tensors keep
 * their names. `replace` adds nodes and answers with what they make for the outputs of the node,
 * or undefined where the node stays.
 */
export function replaceNodes(
  model: Model,
  replace: (b: GraphBuilder, node: Node) => readonly string[] | undefined,
): Model {
  const b = GraphBuilder.extending(model);
  let isChanged = false;
  const nodes = model.graph.nodes.flatMap((node) => {
    const start = b.nodeList.length;
    const outputs = replace(b, node);
    if (outputs === undefined) return [node];
    isChanged = true;
    const names = new Map(
      node.outputs.flatMap((name, index): [string, string][] =>
        name === "" ? [] : [[outputs[index] ?? "", name]],
      ),
    );
    return b.nodeList.slice(start).map((made) => renamed(made, names));
  });
  return isChanged ? { ...b.model(), graph: { ...b.graph(), nodes } } : model;
}
