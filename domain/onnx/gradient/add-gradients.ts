import type { GraphBuilder } from "../graph-builder.ts";
import { readsOf } from "../names.ts";
import type { Node } from "../model.ts";
import { operatorOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import {
  blockedBy,
  FLOAT_TYPES,
  GradientCall,
  type Backpropagate,
  type GradientRule,
  type Profile,
} from "./gradient-call.ts";
import { onesLike, zerosLike } from "./emit.ts";
import { GRADIENT_RULES } from "./rules.ts";

export type GradientsOptions = {
  of: string;
  with_respect_to: readonly string[];
  profile: Profile;
  /** The gradient of `of`; ones where it is left out. */
  seed?: string;
  /** What an operator hands back, by `operatorOf`; its derivative where they are left out. */
  rules?: ReadonlyMap<string, GradientRule>;
};

/**
 * Adds the backward pass to a graph that holds the forward pass, and answers with the gradient of
 * each tensor asked for: zeros for one that `of` does not depend on.
 */
export function addGradients(b: GraphBuilder, options: GradientsOptions): string[] {
  const { of, with_respect_to, profile, rules = GRADIENT_RULES } = options;
  for (const tensor of [of, ...with_respect_to])
    if (!isFloat(b, tensor))
      throw new OnnxFault("bad_request", `'${tensor}' is no tensor of floats`, { tensor });
  const gradients = backpropagation(rules)(b, {
    nodes: [...b.nodeList],
    seeds: [[of, options.seed ?? onesLike(b, of)]],
    with_respect_to,
    profile,
  });
  return with_respect_to.map((tensor, index) => gradients[index] ?? zerosLike(b, tensor));
}

function backpropagation(rules: ReadonlyMap<string, GradientRule>): Backpropagate {
  const backpropagate: Backpropagate = (b, { nodes, seeds, with_respect_to, profile }) => {
    const wanted = dependentOn(b, nodes, new Set(with_respect_to));
    const partials = new Map<string, string[]>();
    const give = (tensor: string, gradient: string): void => {
      partials.set(tensor, [...(partials.get(tensor) ?? []), gradient]);
    };
    for (const [tensor, gradient] of seeds) give(tensor, gradient);
    /** Gradients of a value come from the nodes after it; when its own node is due, all are there. */
    const summed = (tensor: string): string | undefined => {
      const [first, ...others] = partials.get(tensor) ?? [];
      if (first === undefined) return undefined;
      const sum = others.reduce((total, gradient) => b.node("Add", [total, gradient]), first);
      partials.set(tensor, [sum]);
      return sum;
    };

    for (const node of nodes.toReversed()) {
      if (!node.outputs.some((name) => wanted.has(name) && partials.has(name))) continue;
      if (!readsOf(node).some((name) => wanted.has(name))) continue;
      const upstream = node.outputs.map((name) => (name === "" ? undefined : summed(name)));
      const rule = rules.get(operatorOf(node));
      if (rule === undefined) throw blockedBy(node, wanted, "the operator has no gradient rule");
      rule(new GradientCall(b, node, profile, upstream, wanted, give, backpropagate));
    }
    return with_respect_to.map(summed);
  };
  return backpropagate;
}

/** The tensors of floats that depend on the given ones, with these. */
function dependentOn(
  b: GraphBuilder,
  nodes: readonly Node[],
  tensors: ReadonlySet<string>,
): Set<string> {
  const dependent = new Set(tensors);
  for (const node of nodes)
    if (readsOf(node).some((name) => dependent.has(name)))
      for (const output of node.outputs)
        if (output !== "" && isFloat(b, output)) dependent.add(output);
  return dependent;
}

/** A value of which nothing is known may be one. */
function isFloat(b: GraphBuilder, tensor: string): boolean {
  const fact = b.factOf(tensor);
  if (fact.kind !== "tensor") return fact.kind === "unknown";
  return fact.type === "undefined" || FLOAT_TYPES.has(fact.type);
}
