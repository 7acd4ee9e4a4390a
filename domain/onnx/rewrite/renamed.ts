import type { Attribute, Graph, Node, ValueInfo } from "../model.ts";

type Names = ReadonlyMap<string, string>;

/** The node with every tensor that it reads or makes under its new name, in its sub-graphs too. */
export function renamedNode(node: Node, names: Names): Node {
  if (names.size === 0) return node;
  const inputs = renamedList(node.inputs, names);
  const outputs = renamedList(node.outputs, names);
  const changed = mapGraphs(node, (graph) => renamedAround(graph, names));
  if (inputs === node.inputs && outputs === node.outputs) return changed;
  return { ...changed, inputs, outputs };
}

/** A sub-graph in which the names that it takes from around it are others; its own ones stay. */
function renamedAround(graph: Graph, names: Names): Graph {
  const outer = new Map(names);
  for (const { name = "" } of [...graph.inputs, ...graph.initializers]) outer.delete(name);
  for (const node of graph.nodes) for (const name of node.outputs) outer.delete(name);
  const nodes = mapSame(graph.nodes, (node) => renamedNode(node, outer));
  const outputs = renamedInfos(graph.outputs, outer);
  return nodes === graph.nodes && outputs === graph.outputs ? graph : { ...graph, nodes, outputs };
}

/** The graph with new names for its own tensors too, and for those of the graphs inside it. */
export function renamedGraph(graph: Graph, names: Names): Graph {
  return {
    ...graph,
    nodes: mapSame(graph.nodes, (node) => renamedThroughout(node, names)),
    inputs: renamedInfos(graph.inputs, names),
    outputs: renamedInfos(graph.outputs, names),
    initializers: mapSame(graph.initializers, (stored) => renamed(stored, names)),
    ...(graph.valueInfo ? { valueInfo: renamedInfos(graph.valueInfo, names) } : {}),
  };
}

/** As `renamedNode`, and with new names for what its sub-graphs define. */
export function renamedThroughout(node: Node, names: Names): Node {
  const inputs = renamedList(node.inputs, names);
  const outputs = renamedList(node.outputs, names);
  const changed = mapGraphs(node, (graph) => renamedGraph(graph, names));
  if (inputs === node.inputs && outputs === node.outputs) return changed;
  return { ...changed, inputs, outputs };
}

const renamedList = (list: readonly string[], names: Names): readonly string[] =>
  mapSame(list, (name) => names.get(name) ?? name);

const renamedInfos = (infos: readonly ValueInfo[], names: Names): readonly ValueInfo[] =>
  mapSame(infos, (info) => renamed(info, names));

function renamed<T extends { readonly name?: string }>(value: T, names: Names): T {
  const name = names.get(value.name ?? "");
  return name === undefined ? value : { ...value, name };
}

/** The node with its sub-graphs changed; the same node where none does. */
export function mapGraphs(node: Node, change: (graph: Graph) => Graph): Node {
  const attributes = mapSame(node.attributes, (attribute): Attribute => {
    if (attribute.kind === "graph") {
      const value = change(attribute.value);
      return value === attribute.value ? attribute : { ...attribute, value };
    }
    if (attribute.kind !== "graphs") return attribute;
    const value = mapSame(attribute.value, change);
    return value === attribute.value ? attribute : { ...attribute, value };
  });
  return attributes === node.attributes ? node : { ...node, attributes };
}

/** As `map`, but the same list where every element stays the same. */
export function mapSame<T>(list: readonly T[], change: (element: T) => T): readonly T[] {
  const mapped = list.map(change);
  return mapped.every((element, at) => element === list[at]) ? list : mapped;
}
