import type { Dimension } from "../../tensors/tensor.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import type { Graph } from "../model.ts";
import { OnnxFault } from "../onnx-fault.ts";
import type { Profile } from "./gradient-call.ts";

/** A tensor that is read, or written, a slice a step along an axis; `isReverse`: from the end. */
export type Track = { axis: number; isReverse: boolean };

/** A computation that goes step by step, carrying states: what `Scan` does, whatever runs it. */
export type Steps = {
  /** The states before the first step. */
  states: readonly string[];
  inputs: readonly (Track & { value: string })[];
  outputs: readonly Track[];
  /** Adds one step to a graph: from states and slices to the next states and slices of the outputs. */
  body: (b: GraphBuilder, states: string[], slices: string[]) => Step;
};

export type Step = { states: string[]; outputs: string[] };

/** The states after the last step and the whole outputs; a `Scan` where there is one for the profile. */
export const emitSteps = (b: GraphBuilder, profile: Profile, steps: Steps): Step =>
  profile === "webgpu" ? emitUnrolled(b, steps) : emitScan(b, steps).step;

export function emitScan(b: GraphBuilder, steps: Steps): { step: Step; body: Graph } {
  const { states, inputs, outputs } = steps;
  const body = b.subgraph("steps", (inner) => {
    const carried = states.map((state) => inputLike(inner, "state", state));
    const slices = inputs.map(({ value, axis }) => inputLike(inner, "slice", value, axis));
    const made = steps.body(inner, carried, slices);
    return ownOutputs(inner, [...made.states, ...made.outputs]);
  });
  const found = b.nodes(
    "Scan",
    [...states, ...inputs.map(({ value }) => value)],
    states.length + outputs.length,
    {
      body,
      num_scan_inputs: inputs.length,
      scan_input_axes: inputs.map(({ axis }) => axis),
      scan_input_directions: inputs.map(({ isReverse }) => Number(isReverse)),
      ...(outputs.length === 0
        ? {}
        : {
            scan_output_axes: outputs.map(({ axis }) => axis),
            scan_output_directions: outputs.map(({ isReverse }) => Number(isReverse)),
          }),
    },
  );
  return {
    step: { states: found.slice(0, states.length), outputs: found.slice(states.length) },
    body,
  };
}

/** Steps that are unrolled one after the other. */
const MOST_STEPS = 4096;
/** Nodes of a graph in which more steps are unrolled, which may lie inside other steps. */
const MOST_NODES = 200_000;

/** Every step by itself: the number of steps has to be known. */
function emitUnrolled(b: GraphBuilder, { states, inputs, outputs, body }: Steps): Step {
  const [first] = inputs;
  const count = first === undefined ? null : (b.shapeOf(first.value).at(first.axis) ?? null);
  if (typeof count !== "number" || count === 0)
    throw new OnnxFault(
      "unsupported",
      `webgpu has no Scan, and without the number of steps along axis ${first?.axis ?? 0} of '${first?.value ?? ""}' it cannot be unrolled: declare that size`,
    );
  if (count > MOST_STEPS)
    throw new OnnxFault(
      "too_large",
      `webgpu has no Scan, and the ${count} steps along axis ${first?.axis ?? 0} of '${first?.value ?? ""}' are over ${MOST_STEPS}, which is as many as are unrolled`,
    );
  const slices = inputs.map(({ value, axis, isReverse }) => {
    const parts = slicesOf(b, value, axis, count);
    return isReverse ? parts.toReversed() : parts;
  });
  let current: Step = { states: [...states], outputs: [] };
  const written: string[][] = outputs.map(() => []);
  for (let step = 0; step < count; step += 1) {
    if (b.nodeList.length > MOST_NODES)
      throw new OnnxFault("too_large", `its unrolled steps are over ${MOST_NODES} nodes`);
    current = body(
      b,
      current.states,
      slices.flatMap((parts) => parts.slice(step, step + 1)),
    );
    for (const [index, parts] of written.entries())
      parts.push(...current.outputs.slice(index, index + 1));
  }
  return {
    states: current.states,
    outputs: outputs.map(({ axis, isReverse }, index) => {
      const parts = written[index] ?? [];
      return stack(b, isReverse ? parts.toReversed() : parts, axis);
    }),
  };
}

function slicesOf(b: GraphBuilder, value: string, axis: number, count: number): string[] {
  if (count === 1) return [b.node("Squeeze", [value, b.ints([axis])])];
  const sizes = b.ints(Array<number>(count).fill(1));
  return b
    .nodes("Split", [value, sizes], count, { axis })
    .map((part) => b.node("Squeeze", [part, b.ints([axis])]));
}

/** Tensors of one shape side by side along a new axis. */
function stack(b: GraphBuilder, parts: readonly string[], axis: number): string {
  const wide = parts.map((part) => b.node("Unsqueeze", [part, b.ints([axis])]));
  return wide.length === 1 ? (wide[0] ?? "") : b.node("Concat", wide, { axis });
}

/** An input of a sub-graph: like a value around it, or like its slices along an axis. */
function inputLike(inner: GraphBuilder, stem: string, value: string, axis?: number): string {
  const { type } = inner.tensorOf(value);
  const shape: readonly Dimension[] = inner.shapeOf(value);
  return inner.input(
    inner.fresh(stem),
    type,
    axis === undefined ? shape : shape.toSpliced(axis, 1),
  );
}

/** What a sub-graph answers with has to be made in it, and to be named once. */
export function ownOutputs(inner: GraphBuilder, outputs: readonly string[]): string[] {
  const free = new Set(inner.nodeList.flatMap((node) => node.outputs));
  return outputs.map((output) => {
    if (free.delete(output)) return output;
    return inner.node("Identity", [output]);
  });
}
