import { GraphBuilder } from "../graph-builder.ts";
import type { Model, Node } from "../model.ts";
import { readsOf } from "../names.ts";
import { operatorOf } from "../node.ts";
import type { Expansion } from "./expand.ts";
import type { Profile } from "./gradient-call.ts";
import { renamed } from "./graph-copier.ts";
import { expandRecurrent } from "./recurrent-layer.ts";
import { expandScan, isExposed } from "./scan-gradient.ts";

/** The operators whose gradient needs more of the forward pass than they give. */
const EXPANSIONS: ReadonlyMap<string, Expansion> = new Map([
  ["RNN", expandRecurrent],
  ["GRU", expandRecurrent],
  ["LSTM", expandRecurrent],
  ["Scan", expandScan],
]);

/**
 * The same model with every node between `with_respect_to` and `of` whose gradient needs what it
 * keeps to itself (the gates of an LSTM, the states of a Scan) in a form that shows it, so that
 * `addGradients` need not compute the forward pass a second time. The names of tensors stay.
 */
export function prepareForGradient(
  model: Model,
  {
    of,
    with_respect_to,
    profile,
  }: { of: string; with_respect_to: readonly string[]; profile: Profile },
): Model {
  const nodes = onPath(model.graph.nodes, of, with_respect_to).filter(
    (node) =>
      EXPANSIONS.has(operatorOf(node)) &&
      (profile === "webgpu" || operatorOf(node) !== "Scan" || !isExposed(node)),
  );
  if (nodes.length === 0) return model;
  const b = GraphBuilder.extending(model);
  const replaced = new Map<Node, readonly Node[]>();
  for (const node of nodes) {
    const start = b.nodeList.length;
    const outputs = EXPANSIONS.get(operatorOf(node))?.(b, node, profile) ?? [];
    const names = new Map(
      node.outputs.flatMap((name, index): [string, string][] =>
        name === "" ? [] : [[outputs[index] ?? "", name]],
      ),
    );
    replaced.set(
      node,
      b.nodeList.slice(start).map((made) => renamed(made, names)),
    );
  }
  const graph = {
    ...b.graph(),
    nodes: model.graph.nodes.flatMap((node) => replaced.get(node) ?? [node]),
  };
  return { ...b.model(), graph };
}

/** The nodes that depend on the sources and that `of` depends on. */
function onPath(nodes: readonly Node[], of: string, sources: readonly string[]): Node[] {
  const dependent = new Set(sources);
  for (const node of nodes)
    if (readsOf(node).some((name) => dependent.has(name)))
      for (const output of node.outputs) dependent.add(output);
  const leading = new Set([of]);
  return nodes
    .toReversed()
    .filter((node) => {
      const leads = node.outputs.some((name) => name !== "" && leading.has(name));
      if (leads) for (const name of readsOf(node)) leading.add(name);
      return leads && readsOf(node).some((name) => dependent.has(name));
    })
    .toReversed();
}
