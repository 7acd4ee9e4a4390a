import type { GraphBuilder } from "../graph-builder.ts";
import type { Node } from "../model.ts";
import { readsOf } from "../names.ts";
import type { GradientRule, Profile } from "./gradient-call.ts";

/** Adds nodes that compute what a node does, and answers with the values of its outputs ("" for one that is left out). */
export type Expansion = (b: GraphBuilder, node: Node, profile: Profile) => string[];

/** The gradient of an operator through the nodes that it expands to, which are added for it. */
export const throughExpansion =
  (expand: Expansion): GradientRule =>
  (call) => {
    const { b, node, profile } = call;
    const start = b.nodeList.length;
    const outputs = expand(b, node, profile);
    const with_respect_to = [...new Set(readsOf(node))].filter((name) => call.wantsTensor(name));
    const gradients = call.backpropagate(b, {
      nodes: b.nodeList.slice(start),
      seeds: outputs.flatMap((output, index): [string, string][] => {
        const gradient = call.upstream(index);
        return gradient === undefined ? [] : [[output, gradient]];
      }),
      with_respect_to,
      profile,
    });
    for (const [index, tensor] of with_respect_to.entries()) {
      const gradient = gradients[index];
      if (gradient !== undefined) call.giveTensor(tensor, gradient);
    }
  };
