import type { GraphBuilder } from "../graph-builder.ts";
import { reduceSum, scalarLike, zerosLike } from "./emit.ts";
import type { GradientCall, GradientRule } from "./gradient-call.ts";
import type { Direction } from "./recurrent-cells.ts";
import { emitScan, type Track } from "./steps.ts";

/**
 * Gradients of the `Scan` over the steps of a recurrent layer, as cuDNN and PyTorch's native kernels
 * arrange them: what every step multiplies its gradient with is known before the sweep and is
 * computed for the whole sequence at once; the sweep back through time keeps only what depends on
 * the step after it; the weights' gradients are one product over all steps.
 *
 * Outputs of the Scan: the last states, then for every step the hidden state, the states before the
 * step, and what the cell keeps. T steps, batch B, hidden size H: [T, B, H].
 */
type Sweep = {
  call: GradientCall;
  b: GraphBuilder;
  /** Gradients of the last states, zeros where there is none. */
  last: string[];
  /** The gradient of every step's hidden state; undefined where there is none. */
  every: string | undefined;
  /** What the Scan gave for every step, beside the hidden state. */
  kept: string[];
};

function sweepOf(call: GradientCall, states: number): Sweep {
  const { b, node } = call;
  return {
    call,
    b,
    last: node.outputs
      .slice(0, states)
      .map((state, index) => call.upstream(index) ?? zerosLike(b, state)),
    every: call.upstream(states),
    kept: node.outputs.slice(states + 1),
  };
}

/** Walks back through time; `body` is given the gradient of the step's hidden state first of all. */
function walkBack(
  { b, last, every }: Sweep,
  { isReverse }: Direction,
  sequences: readonly string[],
  outputs: number,
  body: (
    b: GraphBuilder,
    states: readonly string[],
    slices: readonly string[],
  ) => { states: string[]; outputs: string[] },
): { states: string[]; outputs: string[] } {
  const back: Track = { axis: 0, isReverse: !isReverse };
  const values = every === undefined ? sequences : [every, ...sequences];
  return emitScan(b, {
    states: last,
    inputs: values.map((value) => ({ value, ...back })),
    outputs: Array.from({ length: outputs }, () => back),
    body: (inner, [dh = "", ...others], slices) => {
      if (every === undefined) return body(inner, [dh, ...others], slices);
      const [dy = "", ...rest] = slices;
      return body(inner, [inner.node("Add", [dh, dy]), ...others], rest);
    },
  }).step;
}

const multiply = (b: GraphBuilder, ...factors: readonly string[]): string =>
  factors.reduce((product, factor) => b.node("Mul", [product, factor]));

const complement = (b: GraphBuilder, x: string): string => b.node("Sub", [scalarLike(b, x, 1), x]);

/** The derivative of a sigmoid, and of a tanh, from its value. */
const sigmoidSlope = (b: GraphBuilder, y: string): string => multiply(b, y, complement(b, y));
const tanhSlope = (b: GraphBuilder, y: string): string => complement(b, multiply(b, y, y));

const sideBySide = (b: GraphBuilder, values: readonly string[], axis: number): string =>
  b.node("Concat", values, { axis });

const turned = (b: GraphBuilder, weights: string): string =>
  b.node("Transpose", [weights], { perm: [1, 0] });

/** The sum over all steps of `left`ᵀ `right`: [left's width, right's width]. */
function overAllSteps(b: GraphBuilder, left: string, right: string): string {
  const flat = (value: string): string =>
    b.node("Reshape", [value, b.ints([-1, Number(b.shapeOf(value).at(-1))])]);
  return b.node("Gemm", [flat(left), flat(right)], { transA: 1 });
}

export const rnnBackward =
  (direction: Direction): GradientRule =>
  (call) => {
    const sweep = sweepOf(call, 1);
    const { b, kept } = sweep;
    const [before = ""] = kept;
    const weights = turned(b, direction.recurrent);
    const slope = tanhSlope(b, call.output(1));
    const {
      states: [dh = ""],
      outputs: [da = ""],
    } = walkBack(sweep, direction, [slope], 1, (inner, [total = ""], [factor = ""]) => {
      const sum = multiply(inner, total, factor);
      return { states: [inner.node("MatMul", [sum, weights])], outputs: [sum] };
    });
    call.give(0, dh);
    call.give(1, da);
    if (call.wantsTensor(direction.recurrent))
      call.giveTensor(direction.recurrent, overAllSteps(b, before, da));
  };

export const lstmBackward =
  (direction: Direction): GradientRule =>
  (call) => {
    const sweep = sweepOf(call, 2);
    const { b, kept } = sweep;
    const [before = "", cell = "", i = "", o = "", f = "", g = "", shown = ""] = kept;
    const weights = turned(b, direction.recurrent);
    const toCell = multiply(b, o, tanhSlope(b, shown));
    const toGates = sideBySide(
      b,
      [
        multiply(b, g, sigmoidSlope(b, i)),
        multiply(b, shown, sigmoidSlope(b, o)),
        multiply(b, cell, sigmoidSlope(b, f)),
        multiply(b, i, tanhSlope(b, g)),
      ],
      2,
    );
    const {
      states: [dh = "", dc = ""],
      outputs: [da = ""],
    } = walkBack(
      sweep,
      direction,
      [toCell, toGates, f],
      1,
      (inner, [hidden = "", carried = ""], [cellFactor = "", gateFactors = "", forget = ""]) => {
        const total = inner.node("Add", [carried, multiply(inner, hidden, cellFactor)]);
        const sums = multiply(
          inner,
          sideBySide(inner, [total, hidden, total, total], 1),
          gateFactors,
        );
        return {
          states: [inner.node("MatMul", [sums, weights]), multiply(inner, total, forget)],
          outputs: [sums],
        };
      },
    );
    call.give(0, dh);
    call.give(1, dc);
    call.give(2, da);
    if (call.wantsTensor(direction.recurrent))
      call.giveTensor(direction.recurrent, overAllSteps(b, before, da));
  };

/** Everything is linear in the gradient of the hidden state: one product per step. */
export const gruLinearFirstBackward =
  (direction: Direction, bias: string | undefined): GradientRule =>
  (call) => {
    const { hidden, recurrent } = direction;
    const sweep = sweepOf(call, 1);
    const { b, kept } = sweep;
    const [before = "", z = "", r = "", n = "", u = ""] = kept;
    const weights = turned(b, recurrent);
    const toCandidate = multiply(b, complement(b, z), tanhSlope(b, n));
    const toGates = sideBySide(
      b,
      [
        multiply(b, b.node("Sub", [before, n]), sigmoidSlope(b, z)),
        multiply(b, toCandidate, u, sigmoidSlope(b, r)),
        multiply(b, toCandidate, r),
      ],
      2,
    );
    const {
      states: [dh = ""],
      outputs: [every = "", past = ""],
    } = walkBack(
      sweep,
      direction,
      [toGates, z],
      2,
      (inner, [total = ""], [factors = "", update = ""]) => {
        const sums = multiply(inner, sideBySide(inner, [total, total, total], 1), factors);
        const previous = inner.node("Add", [
          inner.node("MatMul", [sums, weights]),
          multiply(inner, total, update),
        ]);
        return { states: [previous], outputs: [total, sums] };
      },
    );
    const [gates = "", candidate = ""] = b.nodes("Split", [past, b.ints([2 * hidden, hidden])], 2, {
      axis: 2,
    });
    call.give(0, dh);
    if (call.wants(1)) call.give(1, sideBySide(b, [gates, multiply(b, every, toCandidate)], 2));
    if (call.wantsTensor(recurrent)) call.giveTensor(recurrent, overAllSteps(b, before, past));
    if (bias !== undefined && call.wantsTensor(bias))
      call.giveTensor(bias, reduceSum(b, candidate, [0, 1], 0));
  };

export const gruBackward =
  (direction: Direction, gateWeights: string, candidateWeights: string): GradientRule =>
  (call) => {
    const sweep = sweepOf(call, 1);
    const { b, kept } = sweep;
    const [before = "", z = "", r = "", n = "", reset = ""] = kept;
    const [toHidden, fromCandidate] = [turned(b, gateWeights), turned(b, candidateWeights)];
    const toCandidate = multiply(b, complement(b, z), tanhSlope(b, n));
    const toGates = sideBySide(
      b,
      [
        multiply(b, b.node("Sub", [before, n]), sigmoidSlope(b, z)),
        multiply(b, before, sigmoidSlope(b, r)),
      ],
      2,
    );
    const {
      states: [dh = ""],
      outputs: [gates = "", candidate = ""],
    } = walkBack(
      sweep,
      direction,
      [toCandidate, toGates, z, r],
      2,
      (inner, [total = ""], [candidateFactor = "", gateFactors = "", update = "", keep = ""]) => {
        const sum = multiply(inner, total, candidateFactor);
        const past = inner.node("MatMul", [sum, fromCandidate]);
        const sums = multiply(inner, sideBySide(inner, [total, past], 1), gateFactors);
        const direct = inner.node("Add", [
          multiply(inner, total, update),
          multiply(inner, past, keep),
        ]);
        const previous = inner.node("Add", [direct, inner.node("MatMul", [sums, toHidden])]);
        return { states: [previous], outputs: [sums, sum] };
      },
    );
    call.give(0, dh);
    if (call.wants(1)) call.give(1, sideBySide(b, [gates, candidate], 2));
    if (call.wantsTensor(gateWeights)) call.giveTensor(gateWeights, overAllSteps(b, before, gates));
    if (call.wantsTensor(candidateWeights))
      call.giveTensor(candidateWeights, overAllSteps(b, reset, candidate));
  };
