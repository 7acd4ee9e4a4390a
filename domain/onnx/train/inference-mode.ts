import type { Model, Node } from "../model.ts";
import { readsOf } from "../names.ts";
import { operatorOf } from "../node.ts";

/**
 * The model as it predicts, where it was exported as it trains: `Dropout` leaves out nothing, and
 * `BatchNormalization` takes its running statistics. One whose statistics of the batch are read
 * stays as it is.
 */
export function inferenceMode(model: Model): Model {
  const { graph } = model;
  const read = new Set([...graph.nodes.flatMap(readsOf), ...graph.outputs.map(({ name }) => name)]);
  const nodes = graph.nodes.map((node) => predicting(node, read));
  return { ...model, graph: { ...graph, nodes } };
}

function predicting(node: Node, read: ReadonlySet<string>): Node {
  const isAlone = !node.outputs.slice(1).some((name) => read.has(name));
  const outputs = isAlone ? node.outputs.slice(0, 1) : node.outputs;
  switch (operatorOf(node)) {
    case "BatchNormalization": {
      if (!isAlone) return node;
      const attributes = node.attributes.filter(({ name }) => name !== "training_mode");
      return { ...node, outputs, attributes };
    }
    case "Dropout":
      return { ...node, inputs: node.inputs.slice(0, 2), outputs };
    default:
      return node;
  }
}
