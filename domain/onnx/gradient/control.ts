import type { GraphBuilder } from "../graph-builder.ts";
import type { Graph } from "../model.ts";
import { graphOf } from "../node.ts";
import { capturedBy } from "../names.ts";
import { zerosLike } from "./emit.ts";
import { throughExpansion } from "./expand.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";
import { graphCopier } from "./graph-copier.ts";
import { CLOSED_FORMS } from "./recurrent-layer.ts";
import { expandScan, scanGradient } from "./scan-gradient.ts";
import { ownOutputs } from "./steps.ts";

/** An `If` whose branches compute the gradients of what the branches of the node take from around them. */
const branches: GradientRule = (call) => {
  const { b, node } = call;
  const sides = [graphOf(node, "then_branch"), graphOf(node, "else_branch")] as const;
  const captured = [...new Set(sides.flatMap((side) => [...capturedBy(side)]))].filter((name) =>
    call.wantsTensor(name),
  );
  const [then_branch, else_branch] = sides.map((side) => branchGradient(call, side, captured));
  const gradients = b.nodes("If", [call.input(0)], captured.length, { then_branch, else_branch });
  for (const [index, tensor] of captured.entries()) {
    const gradient = gradients[index] ?? "";
    b.declare(gradient, { ...b.tensorOf(tensor) });
    call.giveTensor(tensor, gradient);
  }
};

function branchGradient(call: GradientCall, branch: Graph, captured: readonly string[]): Graph {
  return call.b.subgraph("gradient", (inner: GraphBuilder) => {
    const outputs = graphCopier(inner, branch)(inner, []);
    const found = call.backpropagate(inner, {
      nodes: [...inner.nodeList],
      seeds: outputs.flatMap((output, index): [string, string][] => {
        const gradient = call.upstream(index);
        return gradient === undefined ? [] : [[output, gradient]];
      }),
      with_respect_to: captured,
      profile: call.profile,
    });
    return ownOutputs(
      inner,
      captured.map((tensor, index) => found[index] ?? zerosLike(inner, tensor)),
    );
  });
}

const scan: GradientRule = (call) => {
  if (call.profile === "webgpu") {
    throughExpansion(expandScan)(call);
    return;
  }
  const known = CLOSED_FORMS.get(graphOf(call.node, "body"));
  const isCovered = call.node.outputs.every(
    (_, index) => index <= (known?.states ?? 0) || call.upstream(index) === undefined,
  );
  if (known !== undefined && isCovered) known.backward(call);
  else scanGradient(call);
};

export const CONTROL: Record<string, GradientRule> = {
  If: branches,
  Scan: scan,
  Loop: (call) => {
    throw call.blocked(
      "how often a Loop runs is not known before it does; a Scan, whose steps are counted, has a gradient",
    );
  },
};
