import type { Fact } from "../../onnx/infer/fact.ts";
import { FLOAT_TYPES } from "../../onnx/gradient/gradient-call.ts";
import type { Node } from "../../onnx/model.ts";
import { readsOf } from "../../onnx/names.ts";
import { operatorOf, placeOf } from "../../onnx/node.ts";
import { ExplainFault } from "../explain-fault.ts";

type Facts = ReadonlyMap<string, Fact>;

/** What is not known may be floats. */
export function mayBeFloats(facts: Facts, tensor: string): boolean {
  const fact = facts.get(tensor);
  if (fact?.kind !== "tensor") return fact === undefined || fact.kind === "unknown";
  return fact.type === "undefined" || FLOAT_TYPES.has(fact.type);
}

/** The tensors that depend on a tensor, with it; `follow` says which of them to go on from. */
export function dependents(
  nodes: readonly Node[],
  source: string,
  follow: (tensor: string) => boolean = () => true,
): Set<string> {
  const found = new Set([source]);
  for (const node of nodes)
    if (readsOf(node).some((name) => found.has(name)))
      for (const output of node.outputs) if (output !== "" && follow(output)) found.add(output);
  return found;
}

/** The tensors that a tensor depends on, with it. */
export function sourcesOf(nodes: readonly Node[], target: string): Set<string> {
  const found = new Set([target]);
  for (const node of nodes.toReversed())
    if (node.outputs.some((name) => name !== "" && found.has(name)))
      for (const name of readsOf(node)) found.add(name);
  return found;
}

/**
 * Throws `ExplainFault` (gradient_missing) where `target` depends on `source`, but only by way of
 * whole numbers, truth values or texts: its gradient would be zeros that say nothing.
 */
export function refuseSteps(
  nodes: readonly Node[],
  facts: Facts,
  source: string,
  target: string,
): void {
  const smooth = dependents(nodes, source, (tensor) => mayBeFloats(facts, tensor));
  if (smooth.has(target) || !dependents(nodes, source).has(target)) return;
  const leading = sourcesOf(nodes, target);
  const step = nodes.find(
    (node) =>
      readsOf(node).some((name) => smooth.has(name)) &&
      node.outputs.some((name) => leading.has(name) && !smooth.has(name)),
  );
  const place = step && `${operatorOf(step)} '${placeOf(step).node ?? ""}' gives steps`;
  throw new ExplainFault(
    "gradient_missing",
    `no gradient leads from '${target}' to '${source}': ${place ?? "what is between them"}, and not floats; explain an output before it, or use a method without gradients`,
    source,
  );
}
