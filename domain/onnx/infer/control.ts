import type { Dimension } from "../../tensors/tensor.ts";
import { frontAxis } from "../axes.ts";
import { graphOf, intOf, intsOf } from "../node.ts";
import { attempt } from "../onnx-fault.ts";
import { elementsOf } from "../stored-tensor.ts";
import { commonFact, sameFact, typeOnly, withoutElements } from "./common-fact.ts";
import { tensorFact, UNKNOWN, type Fact, type TensorFact } from "./fact.ts";
import type { InferenceCall, InferenceRule } from "./inference-call.ts";

/** Where the condition is known, its branch; the other may well contradict the shapes that led to it. */
const branches: InferenceRule = (call) => {
  const branch = (side: string): Fact[] => call.outputsOf(graphOf(call.node, side));
  const condition = flagOf(call.optional(0));
  if (condition !== undefined) {
    attempt(() => branch(condition ? "else_branch" : "then_branch"));
    return branch(condition ? "then_branch" : "else_branch");
  }
  const yes = branch("then_branch");
  const no = branch("else_branch");
  if (yes.length !== no.length)
    throw call.fault(`then_branch has ${yes.length} outputs, else_branch has ${no.length}`);
  return yes.map((fact, index) => commonFact(fact, no[index] ?? UNKNOWN));
};

/** The value of a bool as far as it is known. */
function flagOf(fact: TensorFact | undefined): boolean | undefined {
  const [element = null] = fact?.elements ?? [];
  if (element !== null) return element === 1;
  const [stored] = fact?.constant ? elementsOf(fact.constant).data : [];
  return stored === undefined ? undefined : Number(stored) === 1;
}

/**
 * A carried value keeps its shape if the body keeps it; else only its type is sure, and the body is
 * looked at again with no more than that. An output is what was carried in (no iteration) or out.
 */
const loop: InferenceRule = (call) => {
  const body = graphOf(call.node, "body");
  const first = call.inputs.slice(2).map((fact) => withoutElements(fact ?? UNKNOWN));
  // The body is entered only where the condition is true.
  const control = [tensorFact("int64", []), tensorFact("bool", [], [1])];
  const carriedOf = (outputs: readonly Fact[]): Fact[] =>
    first.map((fact, index) => withoutElements(commonFact(fact, outputs[index + 1] ?? UNKNOWN)));
  let carried = first;
  let outputs = call.outputsOf(body, [...control, ...carried]);
  if (!carriedOf(outputs).every((fact, index) => sameFact(fact, first[index] ?? UNKNOWN))) {
    carried = first.map(typeOnly);
    outputs = call.outputsOf(body, [...control, ...carried]);
  }
  const scanned = outputs.slice(1 + first.length);
  return [
    ...carriedOf(outputs),
    ...scanned.map((fact) => stacked(fact, tripCount(call, outputs[0]), 0)),
  ];
};

/** Known where nothing but the trip count ends the loop: the condition starts true and stays so. */
function tripCount(call: InferenceCall, condition: Fact | undefined): Dimension {
  const starts = call.inputs[1] === undefined || flagOf(call.optional(1)) === true;
  const stays = condition?.kind === "tensor" && flagOf(condition) === true;
  if (!starts || !stays) return null;
  const count = call.optional(0)?.elements?.[0] ?? null;
  return typeof count === "number" ? Math.max(0, count) : count;
}

const scan: InferenceRule = (call) => {
  if (call.opset < 9) return batchedScan(call);
  const { node } = call;
  const count = scanCount(call, call.inputs.length);
  const states = call.inputs
    .slice(0, call.inputs.length - count)
    .map((fact) => withoutElements(fact ?? UNKNOWN));
  const inputAxes = intsOf(node, "scan_input_axes") ?? [];
  const outputAxes = intsOf(node, "scan_output_axes") ?? [];
  let steps: Dimension = null;
  const elements = Array.from({ length: count }, (_, index) => {
    const scanned = call.tensor(states.length + index);
    const [element, size] = elementOf(call, scanned, inputAxes[index] ?? 0);
    if (typeof steps === "number" && typeof size === "number" && steps !== size)
      throw call.fault(`its scan inputs have ${steps} and ${size} steps`);
    if (steps === null || typeof size === "number") steps = size;
    return element;
  });
  const outputs = call.outputsOf(graphOf(node, "body"), [...states, ...elements]);
  return [
    ...states.map((fact, index) => withoutElements(commonFact(fact, outputs[index] ?? UNKNOWN))),
    ...outputs
      .slice(states.length)
      .map((fact, index) => stacked(fact, steps, outputAxes[index] ?? 0)),
  ];
};

/** Version 8: the batch is the first axis and the steps the second, of states and scan inputs alike. */
function batchedScan(call: InferenceCall): Fact[] {
  const count = scanCount(call, call.inputs.length - 1);
  const states = call.inputs.length - 1 - count;
  let batch: Dimension = null;
  let steps: Dimension = null;
  const inner = Array.from({ length: states + count }, (_, index) => {
    const [sample, size] = elementOf(call, call.tensor(1 + index), 0);
    batch ??= size;
    if (index < states) return sample;
    const [element, length] = elementOf(call, sample, 0);
    steps ??= length;
    return element;
  });
  const outputs = call.outputsOf(graphOf(call.node, "body"), inner);
  return outputs.map((fact, index) =>
    stacked(index < states ? fact : stacked(fact, steps, 0), batch, 0),
  );
}

/** How many of the last inputs are scanned. */
function scanCount(call: InferenceCall, most: number): number {
  const count = intOf(call.node, "num_scan_inputs", 0);
  if (count >= 0 && count <= most) return count;
  throw call.fault(`num_scan_inputs is ${count}, and it has ${most} inputs`);
}

/** A tensor without one of its axes, and the size along it. */
function elementOf(call: InferenceCall, fact: TensorFact, axis: number): [TensorFact, Dimension] {
  const { type, shape } = fact;
  if (shape === null) return [tensorFact(type, null), null];
  const at = frontAxis(axis, shape.length);
  const size = shape[at];
  if (size === undefined)
    throw call.fault(`it scans along axis ${axis} of an input with ${shape.length} axes`);
  return [tensorFact(type, shape.toSpliced(at, 1)), size];
}

/** The tensor of as many such tensors side by side. */
function stacked(fact: Fact, count: Dimension, axis: number): Fact {
  if (fact.kind !== "tensor") return UNKNOWN;
  const { type, shape } = fact;
  if (shape === null) return tensorFact(type, null);
  return tensorFact(type, shape.toSpliced(frontAxis(axis, shape.length + 1), 0, count));
}

export const CONTROL: Record<string, InferenceRule> = { If: branches, Loop: loop, Scan: scan };
