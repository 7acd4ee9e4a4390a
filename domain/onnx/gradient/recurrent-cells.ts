import type { GraphBuilder } from "../graph-builder.ts";
import type { Node } from "../model.ts";
import { intOf } from "../node.ts";
import { scalarLike } from "./emit.ts";
import type { GradientRule } from "./gradient-call.ts";
import type { Activate } from "./recurrent-activations.ts";
import {
  gruBackward,
  gruLinearFirstBackward,
  lstmBackward,
  rnnBackward,
} from "./recurrent-backward.ts";

/** What one direction of a layer computes with; H is the hidden size, G the gates of the operator. */
export type Direction = {
  hidden: number;
  isReverse: boolean;
  /** [H, G H]: the recurrent weights, transposed. */
  recurrent: string;
  /** [G H]. */
  recurrentBias?: string;
  /** [3 H]: input, output, forget. */
  peepholes?: string;
  activations: readonly Activate[];
  /** The limit of the sums that the gates are activations of; 0 for none. */
  clip: number;
};

export type Cell = {
  /**
   * One step: from what the input adds to the gates, [batch, G H], and the states, [batch, H] each,
   * to the next states, and whatever `backward` needs of the step.
   */
  step: (
    b: GraphBuilder,
    projected: string,
    states: readonly string[],
  ) => { states: string[]; kept: string[] };
  /** How many values `step` keeps. */
  kept: number;
  /** The gradient of the `Scan` over `step`, for default activations and none of the extras. */
  backward: GradientRule;
};

export type RecurrentOperator = {
  gates: number;
  /** Inputs with the initial states. */
  initial: readonly number[];
  activations: readonly string[];
  /** The blocks of the recurrent bias that are added with the input's: the cell adds the others itself. */
  hoisted: (node: Node) => number;
  /** `b` is the graph around the steps. */
  cell: (b: GraphBuilder, node: Node, direction: Direction) => Cell;
};

const activate = (direction: Direction, index: number, b: GraphBuilder, x: string): string =>
  direction.activations[index]?.(b, x) ?? x;

/** An activation of a limited sum. */
function gate(direction: Direction, index: number, b: GraphBuilder, sum: string): string {
  const { clip } = direction;
  if (clip <= 0) return activate(direction, index, b, sum);
  const limits = [scalarLike(b, sum, -clip), scalarLike(b, sum, clip)];
  return activate(direction, index, b, b.node("Clip", [sum, ...limits]));
}

const blocks = (b: GraphBuilder, value: string, count: number, axis: number): string[] => {
  const size = b.shapeOf(value).at(axis);
  const part = typeof size === "number" ? size / count : 0;
  return b.nodes("Split", [value, b.ints(Array<number>(count).fill(part))], count, { axis });
};

const add = (b: GraphBuilder, x: string, y: string): string => b.node("Add", [x, y]);
const multiply = (b: GraphBuilder, x: string, y: string): string => b.node("Mul", [x, y]);
const times = (b: GraphBuilder, x: string, weights: string): string =>
  b.node("MatMul", [x, weights]);

const RNN: RecurrentOperator = {
  gates: 1,
  initial: [5],
  activations: ["Tanh"],
  hoisted: () => 1,
  cell: (_, _node, direction) => ({
    step: (b, projected, [h = ""]) => {
      const next = gate(direction, 0, b, add(b, projected, times(b, h, direction.recurrent)));
      return { states: [next], kept: [] };
    },
    kept: 0,
    backward: rnnBackward(direction),
  }),
};

/** Blocks z (update), r (reset), h (candidate). */
const GRU: RecurrentOperator = {
  gates: 3,
  initial: [5],
  activations: ["Sigmoid", "Tanh"],
  hoisted: (node) => (isLinearFirst(node) ? 2 : 3),
  cell: (b, node, direction) =>
    isLinearFirst(node) ? gruLinearFirst(b, direction) : gruResetFirst(b, direction),
};

const isLinearFirst = (node: Node): boolean => intOf(node, "linear_before_reset", 0) !== 0;

/** n = g(x W + r (h R + b)). */
function gruLinearFirst(outer: GraphBuilder, direction: Direction): Cell {
  const { recurrent, recurrentBias } = direction;
  const bias =
    recurrentBias === undefined ? undefined : (blocks(outer, recurrentBias, 3, 0)[2] ?? "");
  return {
    step: (b, projected, [h = ""]) => {
      const past = blocks(b, times(b, h, recurrent), 3, 1);
      const [inZ = "", inR = "", inN = ""] = blocks(b, projected, 3, 1);
      const [pastZ = "", pastR = "", pastN = ""] = past;
      const z = gate(direction, 0, b, add(b, inZ, pastZ));
      const r = gate(direction, 0, b, add(b, inR, pastR));
      const u = bias === undefined ? pastN : add(b, pastN, bias);
      const n = gate(direction, 1, b, add(b, inN, multiply(b, r, u)));
      return { states: [updated(b, h, z, n)], kept: [z, r, n, u] };
    },
    kept: 4,
    backward: gruLinearFirstBackward(direction, bias),
  };
}

/** n = g(x W + (r h) R + b), the bias with the input's. */
function gruResetFirst(outer: GraphBuilder, direction: Direction): Cell {
  const { hidden, recurrent } = direction;
  const [gateWeights = "", candidateWeights = ""] = outer.nodes(
    "Split",
    [recurrent, outer.ints([2 * hidden, hidden])],
    2,
    { axis: 1 },
  );
  return {
    step: (b, projected, [h = ""]) => {
      const [inGates = "", inN = ""] = b.nodes(
        "Split",
        [projected, b.ints([2 * hidden, hidden])],
        2,
        { axis: 1 },
      );
      const gates = gate(direction, 0, b, add(b, inGates, times(b, h, gateWeights)));
      const [z = "", r = ""] = blocks(b, gates, 2, 1);
      const kept = multiply(b, r, h);
      const n = gate(direction, 1, b, add(b, inN, times(b, kept, candidateWeights)));
      return { states: [updated(b, h, z, n)], kept: [z, r, n, kept] };
    },
    kept: 4,
    backward: gruBackward(direction, gateWeights, candidateWeights),
  };
}

/** (1 - z) n + z h. */
const updated = (b: GraphBuilder, h: string, z: string, n: string): string =>
  add(b, n, multiply(b, z, b.node("Sub", [h, n])));

/** Blocks i (input), o (output), f (forget), c (cell). As in ONNX Runtime, `clip` does not limit the cell where it is shown. */
const LSTM: RecurrentOperator = {
  gates: 4,
  initial: [5, 6],
  activations: ["Sigmoid", "Tanh", "Tanh"],
  hoisted: () => 4,
  cell: (outer, node, direction) => {
    const { recurrent, peepholes } = direction;
    const isCoupled = intOf(node, "input_forget", 0) !== 0;
    const [peepI, peepO, peepF] = peepholes === undefined ? [] : blocks(outer, peepholes, 3, 0);
    const peeping = (b: GraphBuilder, sum: string, weights: string | undefined, c: string) =>
      weights === undefined ? sum : add(b, sum, multiply(b, weights, c));
    return {
      step: (b, projected, [h = "", c = ""]) => {
        const sums = blocks(b, add(b, projected, times(b, h, recurrent)), 4, 1);
        const [sumI = "", sumO = "", sumF = "", sumC = ""] = sums;
        const i = gate(direction, 0, b, peeping(b, sumI, peepI, c));
        const f = isCoupled
          ? b.node("Sub", [scalarLike(b, i, 1), i])
          : gate(direction, 0, b, peeping(b, sumF, peepF, c));
        const g = gate(direction, 1, b, sumC);
        const next = add(b, multiply(b, f, c), multiply(b, i, g));
        const o = gate(direction, 0, b, peeping(b, sumO, peepO, next));
        const shown = activate(direction, 2, b, next);
        return { states: [multiply(b, o, shown), next], kept: [i, o, f, g, shown] };
      },
      kept: 5,
      backward: lstmBackward(direction),
    };
  },
};

export const RECURRENT_OPERATORS: Readonly<Record<string, RecurrentOperator>> = { RNN, GRU, LSTM };
