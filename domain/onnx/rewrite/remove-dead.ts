import type { Graph, Model } from "../model.ts";
import { readsOf } from "../names.ts";
import { mapGraphs, mapSame } from "./renamed.ts";
import { withConstantInitializers } from "./graph-edit.ts";

/**
 * Removes what no output depends on: nodes, initializers and declarations of inner tensors, in
 * sub-graphs too. Inputs stay, since they are what a caller gives.
 */
export function removeDead(model: Model): Model {
  const started = withConstantInitializers(model);
  const graph = livingGraph(started.graph);
  return graph === started.graph ? started : { ...started, graph };
}

function livingGraph(graph: Graph): Graph {
  const nodes = mapSame(graph.nodes, (node) => mapGraphs(node, livingGraph));
  const needed = new Set([...graph.outputs, ...graph.inputs].map(({ name }) => name));
  const inner = new Set<string>();
  const living = nodes
    .toReversed()
    .filter((node) => {
      if (!node.outputs.some((name) => needed.has(name))) return false;
      for (const name of readsOf(node)) needed.add(name);
      for (const name of node.outputs) inner.add(name);
      return true;
    })
    .toReversed();
  const initializers = graph.initializers.filter(({ name = "" }) => needed.has(name));
  const valueInfo = graph.valueInfo?.filter(({ name }) => inner.has(name));
  if (
    nodes === graph.nodes &&
    living.length === nodes.length &&
    initializers.length === graph.initializers.length &&
    valueInfo?.length === graph.valueInfo?.length
  )
    return graph;
  return { ...graph, nodes: living, initializers, ...(valueInfo ? { valueInfo } : {}) };
}
