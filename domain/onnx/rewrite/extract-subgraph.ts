import { inferModel } from "../infer/infer.ts";
import type { Model } from "../model.ts";
import { namesIn, readsOf } from "../names.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { declared } from "./add-outputs.ts";
import { freshName, withConstantInitializers } from "./graph-edit.ts";
import { removeDead } from "./remove-dead.ts";

/**
 * The part of a model between some of its tensors, as a model: what computes `outputs` from
 * `inputs`, in the order given. Throws where an output depends on an input of the model that is
 * not among `inputs`, naming it.
 */
export function extractSubgraph(
  model: Model,
  inputs: readonly string[],
  outputs: readonly string[],
): Model {
  const started = withConstantInitializers(model);
  const { graph } = started;
  const facts = inferModel(started);
  const names = namesIn(graph);
  const given = new Set(inputs);
  // A node that makes a given tensor may be needed for another of its outputs.
  const nodes = graph.nodes.map((node) =>
    node.outputs.some((name) => given.has(name))
      ? {
          ...node,
          outputs: node.outputs.map((name) => (given.has(name) ? freshName(names, name) : name)),
        }
      : node,
  );
  const extracted = removeDead({
    ...started,
    graph: {
      ...graph,
      nodes,
      inputs: inputs.map((name) => declared(facts, name)),
      outputs: outputs.map((name) => declared(facts, name)),
      initializers: graph.initializers.filter(({ name = "" }) => !given.has(name)),
    },
  });
  const reads = new Set([...extracted.graph.nodes.flatMap(readsOf), ...outputs]);
  const initialized = new Set(graph.initializers.map(({ name }) => name));
  for (const { name } of graph.inputs)
    if (reads.has(name) && !given.has(name) && !initialized.has(name))
      throw new OnnxFault(
        "bad_request",
        `the outputs depend on '${name}' too: name it among the inputs`,
        { tensor: name },
      );
  return extracted;
}
