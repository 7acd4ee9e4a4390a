import { stringOf } from "../node.ts";
import { zerosLike } from "./emit.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";
import { axisOf, scatterElements as emitScatter } from "./scatter.ts";

/**
 * What was replaced has no gradient; what was added to keeps it. Where two updates replace one
 * element, ONNX leaves open which of them stays, and both get its gradient.
 */
const scatterElements: GradientRule = (call) => {
  const { b, dy } = call;
  const axis = axisOf(call, 0);
  const indices = call.input(1);
  const cleared = (): string =>
    emitScatter(call, dy, indices, zerosLike(b, call.input(2)), axis, "none");
  give(call, cleared, () => b.node("GatherElements", [dy, indices], { axis }));
};

const scatterND: GradientRule = (call) => {
  const { b, dy } = call;
  const indices = call.input(1);
  const cleared = (): string => b.node("ScatterND", [dy, indices, zerosLike(b, call.input(2))]);
  give(call, cleared, () => b.node("GatherND", [dy, indices]));
};

function give(call: GradientCall, cleared: () => string, gathered: () => string): void {
  const reduction = stringOf(call.node, "reduction", "none");
  if (reduction !== "none" && reduction !== "add")
    throw call.blocked(`the reduction '${reduction}' has no gradient rule; 'none' and 'add' have`);
  if (call.wants(0)) call.give(0, reduction === "add" ? call.dy : cleared());
  if (call.wants(2)) call.give(2, gathered());
}

export const SCATTERING: Record<string, GradientRule> = {
  Scatter: scatterElements,
  ScatterElements: scatterElements,
  ScatterND: scatterND,
};
