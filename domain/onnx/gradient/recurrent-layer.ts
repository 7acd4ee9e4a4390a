import type { GraphBuilder } from "../graph-builder.ts";
import type { Graph, Node } from "../model.ts";
import { floatOf, intOf, operatorOf, placeOf, stringOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import type { Expansion } from "./expand.ts";
import { scalarLike } from "./emit.ts";
import type { GradientRule, Profile } from "./gradient-call.ts";
import { activationsOf, hasDefaultActivations, type Activate } from "./recurrent-activations.ts";
import { RECURRENT_OPERATORS, type RecurrentOperator } from "./recurrent-cells.ts";
import { emitScan, emitSteps, type Step, type Steps } from "./steps.ts";

/**
 * The gradient of a `Scan` whose body was made here, by that very body: a graph is never changed, so
 * a pass that changes what the body computes makes another object, for which the general rule of
 * `Scan` holds.
 */
export const CLOSED_FORMS = new WeakMap<Graph, { backward: GradientRule; states: number }>();

/**
 * RNN, GRU or LSTM as one product of all inputs with the input weights and, for each direction, a
 * `Scan` over what is truly recurrent. Operators with a gradient, which the node itself has none of.
 */
export const expandRecurrent: Expansion = (b, node, profile) => {
  const layer = layerOf(b, node, profile);
  const directions = Array.from({ length: layer.directions }, (_, index) =>
    emitDirection(layer, index),
  );
  const [y, ...last] = node.outputs;
  const isBatchFirst = intOf(node, "layout", 0) === 1;
  const wanted = (name: string | undefined): boolean => name !== undefined && name !== "";
  const join = (parts: readonly string[], axis: number, perm: readonly number[]): string => {
    const wide = parts.map((part) => b.node("Unsqueeze", [part, b.ints([axis])]));
    const joined = wide.length === 1 ? (wide[0] ?? "") : b.node("Concat", wide, { axis });
    return isBatchFirst ? b.node("Transpose", [joined], { perm }) : joined;
  };
  return [
    wanted(y)
      ? join(
          directions.map(({ outputs }) => outputs[0] ?? ""),
          1,
          [2, 0, 1, 3],
        )
      : "",
    ...last.map((name, index) =>
      wanted(name)
        ? join(
            directions.map(({ states }) => states[index] ?? ""),
            0,
            [1, 0, 2],
          )
        : "",
    ),
  ];
};

type Layer = {
  b: GraphBuilder;
  node: Node;
  profile: Profile;
  operator: RecurrentOperator;
  hidden: number;
  directions: number;
  activations: readonly Activate[];
  /** [steps, batch, input], and the same with steps and batch in one. */
  x: string;
  rows: string;
  /** [steps, batch, 1]: 1 where the sequence goes on, 0 beyond its end. */
  mask: string | undefined;
};

function layerOf(b: GraphBuilder, node: Node, profile: Profile): Layer {
  const operator = RECURRENT_OPERATORS[node.opType];
  const hidden = b.shapeOf(node.inputs[2] ?? "")[2];
  const width = b.shapeOf(node.inputs[1] ?? "")[2];
  const directions = stringOf(node, "direction", "forward") === "bidirectional" ? 2 : 1;
  if (operator === undefined || typeof hidden !== "number" || typeof width !== "number")
    throw unsupported(node, "the sizes of its weights have to be known");
  const defaults = Array<readonly string[]>(directions).fill(operator.activations).flat();
  const activations = activationsOf(node, defaults);
  if (activations === undefined) throw unsupported(node, "one of its activations is unknown");
  const x = timeFirst(b, node, 0);
  return {
    b,
    node,
    profile,
    operator,
    hidden,
    directions,
    activations,
    x,
    rows: b.node("Reshape", [x, b.ints([-1, width])]),
    mask: has(node, 4) ? maskOf(b, x, node.inputs[4] ?? "") : undefined,
  };
}

/** The steps of one direction: the last states, and the hidden state of every step first of the outputs. */
function emitDirection(layer: Layer, index: number): Step {
  const { b, node, operator, hidden, mask, profile } = layer;
  const isReverse = index === 1 || stringOf(node, "direction", "forward") === "reverse";
  const part = (input: number): string | undefined =>
    has(node, input) ? ofDirection(layer, node.inputs[input] ?? "", index) : undefined;
  const bias = part(3);
  const [inputBias, recurrentBias] =
    bias === undefined ? [] : halves(b, bias, operator.gates * hidden);
  const count = operator.activations.length;
  const peepholes = part(7);
  const cell = operator.cell(b, node, {
    hidden,
    isReverse,
    recurrent: b.node("Transpose", [part(2) ?? ""], { perm: [1, 0] }),
    ...(recurrentBias === undefined ? {} : { recurrentBias }),
    ...(peepholes === undefined ? {} : { peepholes }),
    activations: layer.activations.slice(index * count, (index + 1) * count),
    clip: floatOf(node, "clip", 0),
  });
  const track = { axis: 0, isReverse };
  const projected = project(layer, part(1) ?? "", addedBias(layer, inputBias, recurrentBias));
  const initial = operator.initial.map((input) => initialState(layer, input, index));
  // Only a Scan goes back step by step: unrolled steps are differentiated one by one.
  const keeps = profile !== "webgpu";
  const isPlain = keeps && isPlainLayer(layer);
  const body: Steps["body"] = (inner, states, [input = "", goesOn]) => {
    const made = cell.step(inner, input, states);
    const next = made.states.map((state, at) =>
      goesOn === undefined ? state : moved(inner, states[at] ?? "", state, goesOn),
    );
    const [h = ""] = next;
    const shown = goesOn === undefined ? h : inner.node("Mul", [made.states[0] ?? "", goesOn]);
    return {
      states: next,
      outputs: [shown, ...(keeps ? states : []), ...(isPlain ? made.kept : [])],
    };
  };
  const kept = isPlain ? cell.kept : 0;
  const steps: Steps = {
    states: initial,
    inputs: [projected, ...(mask === undefined ? [] : [mask])].map((value) => ({
      value,
      ...track,
    })),
    outputs: Array.from({ length: 1 + (keeps ? initial.length : 0) + kept }, () => track),
    body,
  };
  if (!isPlain) return emitSteps(b, profile, steps);
  const { step, body: graph } = emitScan(b, steps);
  CLOSED_FORMS.set(graph, { backward: cell.backward, states: initial.length });
  return step;
}

/** Whether the cell's `backward` holds: no more than the plain equations. */
const isPlainLayer = ({ node, operator, mask, directions }: Layer): boolean =>
  mask === undefined &&
  !has(node, 7) &&
  intOf(node, "input_forget", 0) === 0 &&
  floatOf(node, "clip", 0) <= 0 &&
  hasDefaultActivations(
    node,
    Array<readonly string[]>(directions).fill(operator.activations).flat(),
  );

/** What the input adds to the gates of every step, in one product: [steps, batch, gates hidden]. */
function project(
  { b, operator, hidden, x, rows }: Layer,
  weights: string,
  bias: string | undefined,
): string {
  const gates = operator.gates * hidden;
  const product = b.node("Gemm", [rows, weights, ...(bias === undefined ? [] : [bias])], {
    transB: 1,
  });
  const [steps, batch] = b.shapeOf(x);
  if (typeof steps === "number" && typeof batch === "number")
    return b.node("Reshape", [product, b.ints([steps, batch, gates])]);
  const sizes = b.node("Shape", [x], { start: 0, end: 2 });
  return b.node("Reshape", [product, b.node("Concat", [sizes, b.ints([gates])], { axis: 0 })]);
}

/** The bias that needs no state: that of the input, and of the recurrent weights what is added to it. */
function addedBias(
  { b, node, operator, hidden }: Layer,
  input: string | undefined,
  recurrent: string | undefined,
): string | undefined {
  if (input === undefined || recurrent === undefined) return undefined;
  const hoisted = operator.hoisted(node);
  if (hoisted === operator.gates) return b.node("Add", [input, recurrent]);
  const [first = ""] = b.nodes(
    "Split",
    [recurrent, b.ints([hoisted * hidden, (operator.gates - hoisted) * hidden])],
    2,
    { axis: 0 },
  );
  const zeros = b.node("Expand", [
    scalarLike(b, recurrent, 0),
    b.ints([(operator.gates - hoisted) * hidden]),
  ]);
  return b.node("Add", [input, b.node("Concat", [first, zeros], { axis: 0 })]);
}

/** [batch, hidden]; zeros where the node has none. */
function initialState(layer: Layer, input: number, index: number): string {
  const { b, node, x, hidden } = layer;
  if (has(node, input)) return ofDirection(layer, timeFirst(b, node, input), index);
  const batch = b.shapeOf(x)[1];
  const shape =
    typeof batch === "number"
      ? b.ints([batch, hidden])
      : b.node("Concat", [b.node("Shape", [x], { start: 1, end: 2 }), b.ints([hidden])], {
          axis: 0,
        });
  return b.node("Expand", [scalarLike(b, x, 0), shape]);
}

/** An input whose first axes are steps or directions, and batch, whatever the node's layout is. */
const timeFirst = (b: GraphBuilder, node: Node, input: number): string => {
  const value = node.inputs[input] ?? "";
  return intOf(node, "layout", 0) === 1 ? b.node("Transpose", [value], { perm: [1, 0, 2] }) : value;
};

/** The part of one direction of a tensor whose first axis they are. */
function ofDirection({ b, directions }: Layer, value: string, index: number): string {
  const parts =
    directions === 1 ? [value] : b.nodes("Split", [value, b.ints([1, 1])], directions, { axis: 0 });
  return b.node("Squeeze", [parts[index] ?? "", b.ints([0])]);
}

const halves = (b: GraphBuilder, value: string, size: number): string[] =>
  b.nodes("Split", [value, b.ints([size, size])], 2, { axis: 0 });

/** The state moves on where the sequence does, and stays where it has ended. */
const moved = (b: GraphBuilder, state: string, next: string, goesOn: string): string =>
  b.node("Add", [state, b.node("Mul", [goesOn, b.node("Sub", [next, state])])]);

function maskOf(b: GraphBuilder, x: string, lengths: string): string {
  const [steps] = b.shapeOf(x);
  const count =
    typeof steps === "number"
      ? b.scalar(steps, "int64")
      : b.node("Squeeze", [b.node("Shape", [x], { start: 0, end: 1 }), b.ints([0])]);
  const times = b.node("Range", [b.scalar(0, "int64"), count, b.scalar(1, "int64")]);
  const goesOn = b.node("Less", [
    b.node("Unsqueeze", [times, b.ints([1])]),
    b.node("Cast", [lengths], { to: 7 }),
  ]);
  const mask = b.node("CastLike", [goesOn, x]);
  return b.node("Unsqueeze", [mask, b.ints([2])]);
}

const has = (node: Node, input: number): boolean => (node.inputs[input] ?? "") !== "";

const unsupported = (node: Node, reason: string): OnnxFault =>
  new OnnxFault(
    "unsupported",
    `no gradient through ${operatorOf(node)} '${placeOf(node).node ?? ""}': ${reason}`,
    placeOf(node),
  );
