import { frontAxis } from "../axes.ts";
import type { GraphBuilder } from "../graph-builder.ts";
import type { Graph, Node } from "../model.ts";
import { graphOf, intOf, intsOf } from "../node.ts";
import { capturedBy } from "../names.ts";
import { zerosLike } from "./emit.ts";
import type { Expansion } from "./expand.ts";
import { FLOAT_TYPES, type GradientCall } from "./gradient-call.ts";
import { graphCopier } from "./graph-copier.ts";
import { emitScan, emitSteps, type Steps, type Track } from "./steps.ts";

/** A `Scan` node read: how many states it carries, and how it walks its inputs and outputs. */
type Reading = { body: Graph; states: number; inputs: Track[]; outputs: Track[] };

function readingOf(b: GraphBuilder, node: Node): Reading {
  const body = graphOf(node, "body");
  const count = intOf(node, "num_scan_inputs", 0);
  const states = node.inputs.length - count;
  const tracks = (kind: "input" | "output", values: readonly string[]): Track[] => {
    const axes = intsOf(node, `scan_${kind}_axes`) ?? [];
    const directions = intsOf(node, `scan_${kind}_directions`) ?? [];
    return values.map((value, index) => {
      const axis = axes[index] ?? 0;
      return {
        axis: frontAxis(axis, b.shapeOf(value).length),
        isReverse: directions[index] === 1,
      };
    });
  };
  return {
    body,
    states,
    inputs: tracks("input", node.inputs.slice(states)),
    outputs: tracks("output", node.outputs.slice(states)),
  };
}

/** The same `Scan` with the states before each step as further outputs; unrolled where there is no Scan. */
export const expandScan: Expansion = (b, node, profile) =>
  profile === "webgpu" ? allOf(emitSteps(b, profile, stepsOf(b, node, false))) : exposed(b, node);

function exposed(b: GraphBuilder, node: Node): string[] {
  return allOf(emitScan(b, stepsOf(b, node, true)).step);
}

const allOf = ({ states, outputs }: { states: string[]; outputs: string[] }): string[] => [
  ...states,
  ...outputs,
];

/** What a `Scan` node does, and if asked for, the states before each step after its own outputs. */
function stepsOf(b: GraphBuilder, node: Node, exposes: boolean): Steps {
  const { body, states, inputs, outputs } = readingOf(b, node);
  const copy = graphCopier(b, body);
  const before: Track[] = exposes
    ? Array.from({ length: states }, () => ({ axis: 0, isReverse: false }))
    : [];
  return {
    states: node.inputs.slice(0, states),
    inputs: inputs.map((track, index) => ({ ...track, value: node.inputs[states + index] ?? "" })),
    outputs: [...outputs, ...before],
    body: (inner, carried, slices) => {
      const made = copy(inner, [...carried, ...slices]);
      return {
        states: made.slice(0, states),
        outputs: [...made.slice(states), ...(exposes ? carried : [])],
      };
    },
  };
}

/** Which outputs of a `Scan` hold the states before each step, in the order of the states. */
function tapeOutputs(node: Node): (number | undefined)[] {
  const body = graphOf(node, "body");
  const states = node.inputs.length - intOf(node, "num_scan_inputs", 0);
  return body.inputs.slice(0, states).map(({ name }) => {
    const copies = body.nodes.filter(
      ({ opType, inputs }) => opType === "Identity" && inputs[0] === name,
    );
    const names = new Set(copies.flatMap(({ outputs }) => outputs));
    const at = body.outputs.findIndex(
      (output, index) =>
        index >= states && names.has(output.name) && (node.outputs[index] ?? "") !== "",
    );
    return at < 0 ? undefined : at;
  });
}

/** Whether a `Scan` already gives the states before each step. */
export const isExposed = (node: Node): boolean => tapeOutputs(node).every((at) => at !== undefined);

/** The states before each step, found among the outputs or computed once more. */
function tapesOf(b: GraphBuilder, node: Node): (Track & { value: string })[] {
  const { states, outputs } = readingOf(b, node);
  if (isExposed(node))
    return tapeOutputs(node).map((at = 0) => ({
      ...(outputs[at - states] ?? { axis: 0, isReverse: false }),
      value: node.outputs[at] ?? "",
    }));
  return exposed(b, node)
    .slice(-states)
    .map((value) => ({ value, axis: 0, isReverse: false }));
}

/** A second pass beside the one that is gone back through, whose tensors the rules look at too. */
export type Beside = {
  /** The tensor of the second pass; the same where both passes share it. */
  of: (tensor: string) => string;
  pair: (tensor: string, other: string) => void;
};

/**
 * A `Scan` back over the steps, whose body is the gradient of the body. It carries the gradients of
 * the states, and the sums so far of those of the tensors that the body takes from around it. With
 * a second pass, whose node is a `Scan` of the same body, the steps of both run side by side.
 */
export function scanGradient(call: GradientCall, beside?: Beside): void {
  const { b, node } = call;
  const { body, states, inputs, outputs } = readingOf(b, node);
  const isFloat = (name: string): boolean => {
    const fact = b.factOf(name);
    return fact.kind === "tensor" && FLOAT_TYPES.has(fact.type);
  };
  const carried = node.inputs.slice(0, states).map((name, index) => ({ name, index }));
  const moving = carried.filter(({ name }) => isFloat(name));
  const scanned = inputs.map((track, index) => ({
    ...track,
    value: node.inputs[states + index] ?? "",
    index: states + index,
  }));
  const wanted = scanned.filter(({ index }) => call.wants(index));
  const captured = [...capturedBy(body)].filter((name) => call.wantsTensor(name));
  const upstream = outputs.flatMap((track, index) => {
    const value = call.upstream(states + index);
    return value === undefined ? [] : [{ ...track, value, index }];
  });
  const back = ({ axis, isReverse }: Track): Track => ({ axis, isReverse: !isReverse });
  const copy = graphCopier(b, body);
  const tapes = states === 0 ? [] : tapesOf(b, node);
  const own = [...tapes, ...scanned];
  const others = beside ? own.map((track) => ({ ...track, value: beside.of(track.value) })) : [];
  const read = [...own, ...others, ...upstream];
  const { step } = emitScan(b, {
    states: [
      ...moving.map(({ index, name }) => call.upstream(index) ?? zerosLike(b, name)),
      ...captured.map((name) => zerosLike(b, name)),
    ],
    inputs: read.map((track) => ({ value: track.value, ...back(track) })),
    outputs: wanted.map(back),
    body: (inner, gradients, slices) => {
      const given = slices.slice(0, own.length);
      const start = inner.nodeList.length;
      const made = copy(inner, given);
      const nodes = inner.nodeList.slice(start);
      if (beside) copyBeside(inner, body, beside, { copy, nodes, given, slices });
      const sources = [
        ...moving.map(({ index }) => given[index] ?? ""),
        ...captured,
        ...wanted.map(({ index }) => given[index] ?? ""),
      ];
      const found = call.backpropagate(inner, {
        nodes,
        seeds: [
          ...moving.map(({ index }, at): [string, string] => [
            made[index] ?? "",
            gradients[at] ?? "",
          ]),
          ...upstream.map(({ index }, at): [string, string] => [
            made[states + index] ?? "",
            slices[own.length + others.length + at] ?? "",
          ]),
        ],
        with_respect_to: sources,
        profile: call.profile,
      });
      const ofStates = moving.map((_, at) => found[at] ?? zerosLike(inner, sources[at] ?? ""));
      const sums = captured.map((_, at) => {
        const sum = gradients[moving.length + at] ?? "";
        const more = found[moving.length + at];
        return more === undefined ? sum : inner.node("Add", [sum, more]);
      });
      const slicesOut = wanted.map((_, at) => {
        const index = moving.length + captured.length + at;
        return found[index] ?? zerosLike(inner, sources[index] ?? "");
      });
      return { states: [...ofStates, ...sums], outputs: slicesOut };
    },
  });
  for (const [at, { index }] of moving.entries()) call.give(index, step.states[at] ?? "");
  for (const [at, name] of captured.entries())
    call.giveTensor(name, step.states[moving.length + at] ?? "");
  for (const [at, { index }] of wanted.entries()) call.give(index, step.outputs[at] ?? "");
}

/** Copies a body for the second pass and pairs each of its tensors with that of the first copy. */
function copyBeside(
  inner: GraphBuilder,
  body: Graph,
  beside: Beside,
  first: {
    copy: ReturnType<typeof graphCopier>;
    nodes: readonly Node[];
    given: readonly string[];
    slices: readonly string[];
  },
): void {
  const { copy, nodes, given, slices } = first;
  const captured = new Map([...capturedBy(body)].map((name) => [name, beside.of(name)]));
  const others = slices.slice(given.length, 2 * given.length);
  const start = inner.nodeList.length;
  copy(inner, others, captured);
  for (const [at, name] of given.entries()) beside.pair(name, others[at] ?? name);
  for (const [at, node] of inner.nodeList.slice(start).entries())
    for (const [index, other] of node.outputs.entries())
      beside.pair(nodes[at]?.outputs[index] ?? "", other);
}
