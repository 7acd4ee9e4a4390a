import type { Model, Node } from "../model.ts";
import { readsOf } from "../names.ts";
import { operatorOf } from "../node.ts";
import type { Expansion } from "./expand.ts";
import type { Profile } from "./gradient-call.ts";
import { expandRecurrent } from "./recurrent-layer.ts";
import { replaceNodes } from "./replace-nodes.ts";
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
  const expanded = new Set(nodes);
  return replaceNodes(model, (b, node) =>
    expanded.has(node) ? EXPANSIONS.get(operatorOf(node))?.(b, node, profile) : undefined,
  );
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
