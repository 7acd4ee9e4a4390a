import type { Model, Node, StoredTensor } from "../model.ts";
import { namesIn } from "../names.ts";
import { operatorOf } from "../node.ts";
import { freshName } from "../rewrite/graph-edit.ts";
import { elementsOf } from "../stored-tensor.ts";
import { changingInputs } from "./parameters.ts";

/**
 * The model with a tensor of its own for every weight and running statistic that is one number
 * throughout. Exporters store equal tensors once (PyTorch's behind an `Identity`), so that all the
 * scales of 1 and biases of 0 of a network that was never trained would be trained as one. Equal
 * tensors of different numbers are shared on purpose, and stay so.
 */
export function separateWeights(model: Model): Model {
  const { graph } = model;
  const names = namesIn(graph);
  const stored = new Map(graph.initializers.map((tensor) => [tensor.name ?? "", tensor]));
  const taken = new Set<string>();
  const copied = (name: string): string => {
    const tensor = taken.has(name) ? stored.get(name) : undefined;
    taken.add(name);
    if (tensor === undefined || !isOneNumber(tensor)) return name;
    const copy = freshName(names, name);
    stored.set(copy, { ...tensor, name: copy });
    return copy;
  };

  const nodes = graph.nodes.flatMap((node): Node[] => {
    const [input = ""] = node.inputs;
    const [output = ""] = node.outputs;
    const source = operatorOf(node) === "Identity" ? stored.get(input) : undefined;
    const isOutput = graph.outputs.some(({ name }) => name === output);
    if (source && !isOutput && isOneNumber(source)) {
      stored.set(output, { ...source, name: output });
      return [];
    }
    const positions = changingInputs(node);
    if (positions.length === 0) return [node];
    const inputs = node.inputs.map((name, at) => (positions.includes(at) ? copied(name) : name));
    return inputs.every((name, at) => name === node.inputs[at]) ? [node] : [{ ...node, inputs }];
  });
  return { ...model, graph: { ...graph, nodes, initializers: [...stored.values()] } };
}

/** Scalars are no weights. */
function isOneNumber(tensor: StoredTensor): boolean {
  if (tensor.type !== "float32" || tensor.dims.length === 0) return false;
  const { data } = elementsOf(tensor);
  return data.every((element) => element === data[0]);
}
