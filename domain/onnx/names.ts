import type { Graph, Node } from "./model.ts";
import { graphsOf } from "./node.ts";

/** Every name of a tensor that a graph and the graphs inside it define. */
export function namesIn(graph: Graph, names = new Set<string>()): Set<string> {
  for (const { name = "" } of [...graph.inputs, ...graph.initializers]) names.add(name);
  for (const node of graph.nodes) {
    for (const output of node.outputs) names.add(output);
    for (const inner of graphsOf(node)) namesIn(inner, names);
  }
  return names;
}

/** The tensors that a node reads: its inputs, and what its sub-graphs take from around it. */
export function readsOf(node: Node): string[] {
  const captured = graphsOf(node).flatMap((graph) => [...capturedBy(graph)]);
  return [...node.inputs.filter((name) => name !== ""), ...captured];
}

/** The names that a graph uses and does not define. */
export function capturedBy(graph: Graph): Set<string> {
  const own = new Set([...graph.inputs, ...graph.initializers].map(({ name = "" }) => name));
  const captured = new Set<string>();
  for (const node of graph.nodes) {
    for (const name of readsOf(node)) if (!own.has(name)) captured.add(name);
    for (const name of node.outputs) own.add(name);
  }
  for (const { name } of graph.outputs) if (!own.has(name)) captured.add(name);
  return captured;
}
