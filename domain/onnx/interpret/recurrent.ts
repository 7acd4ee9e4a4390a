import { floatOf, intOf, stringOf } from "../node.ts";
import { filled, indexOf, positionOf, type Numbers } from "./array.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";
import { activationsOf, type Activation } from "./recurrent-activations.ts";

/** The state of one sequence: hidden, and for LSTM the cell after it. */
type State = readonly number[][];

/** One step of one sequence. */
type Cell = (x: readonly number[], state: State) => State;

/** What one direction computes with. */
type Direction = {
  hidden: number;
  /** Rows `block * hidden` and up of the weights, times a vector. */
  input: (block: number, x: readonly number[]) => number[];
  recurrent: (block: number, h: readonly number[]) => number[];
  /** Bias of the input and of the recurrent weights, [hidden]. */
  inputBias: (block: number) => number[];
  recurrentBias: (block: number) => number[];
  peephole: (block: number) => number[];
  activations: readonly Activation[];
  /** Limits the sum that a gate is the activation of. */
  clipped: (x: number) => number;
};

type Operator = {
  gates: number;
  states: number;
  /** Where the initial states are among the inputs. */
  initial: readonly number[];
  peepholes?: number;
  activations: readonly string[];
  cell: (direction: Direction, call: InterpreterCall) => Cell;
};

/** f of the sum of vectors, element by element. */
const gate = (
  { clipped }: Direction,
  f: Activation | undefined,
  ...terms: readonly (readonly number[])[]
): number[] =>
  (terms[0] ?? []).map((_, index) =>
    (f ?? Number)(clipped(terms.reduce((sum, term) => sum + (term[index] ?? 0), 0))),
  );

const times = (a: readonly number[], b: readonly number[]): number[] =>
  a.map((value, index) => value * (b[index] ?? 0));

const mixed = (
  a: readonly number[],
  x: readonly number[],
  b: readonly number[],
  y: readonly number[],
): number[] => times(a, x).map((value, index) => value + (times(b, y)[index] ?? 0));

const oneMinus = (a: readonly number[]): number[] => a.map((value) => 1 - value);

const RNN: Operator = {
  gates: 1,
  states: 1,
  initial: [5],
  activations: ["Tanh"],
  cell: (d) => {
    const [f] = d.activations;
    return (x, [h = []]) => [
      gate(d, f, d.input(0, x), d.recurrent(0, h), d.inputBias(0), d.recurrentBias(0)),
    ];
  },
};

/** Blocks z, r, h. */
const GRU: Operator = {
  gates: 3,
  states: 1,
  initial: [5],
  activations: ["Sigmoid", "Tanh"],
  cell: (d, call) => {
    const [f, g] = d.activations;
    const isLinearFirst = intOf(call.node, "linear_before_reset", 0) !== 0;
    return (x, [h = []]) => {
      const [z, r] = [0, 1].map((block) =>
        gate(
          d,
          f,
          d.input(block, x),
          d.recurrent(block, h),
          d.inputBias(block),
          d.recurrentBias(block),
        ),
      ) as [number[], number[]];
      const past = isLinearFirst
        ? times(
            r,
            d.recurrent(2, h).map((value, index) => value + (d.recurrentBias(2)[index] ?? 0)),
          )
        : d
            .recurrent(2, times(r, h))
            .map((value, index) => value + (d.recurrentBias(2)[index] ?? 0));
      const candidate = gate(d, g, d.input(2, x), past, d.inputBias(2));
      return [mixed(oneMinus(z), candidate, z, h)];
    };
  },
};

/**
 * Blocks i, o, f, c; peepholes i, o, f. `clip` limits the sums of the gates, and as in ONNX Runtime
 * not the cell that the output is the activation of.
 */
const LSTM: Operator = {
  gates: 4,
  states: 2,
  initial: [5, 6],
  peepholes: 7,
  activations: ["Sigmoid", "Tanh", "Tanh"],
  cell: (d, call) => {
    const [f, g, h] = d.activations;
    const isCoupled = intOf(call.node, "input_forget", 0) !== 0;
    return (x, [hidden = [], cell = []]) => {
      const terms = (block: number): number[][] => [
        d.input(block, x),
        d.recurrent(block, hidden),
        d.inputBias(block),
        d.recurrentBias(block),
      ];
      const i = gate(d, f, ...terms(0), times(d.peephole(0), cell));
      const forget = isCoupled ? oneMinus(i) : gate(d, f, ...terms(2), times(d.peephole(2), cell));
      const next = mixed(forget, cell, i, gate(d, g, ...terms(3)));
      const o = gate(d, f, ...terms(1), times(d.peephole(1), next));
      return [
        times(
          o,
          next.map((value) => h?.(value) ?? value),
        ),
        next,
      ];
    };
  },
};

const recurrent =
  (operator: Operator): InterpreterRule =>
  (call) => {
    const { node } = call;
    const isBatchFirst = intOf(node, "layout", 0) === 1;
    const x = call.numbers(0);
    const [first = 0, second = 0, width = 0] = x.dims;
    const [steps, batch] = isBatchFirst ? [second, first] : [first, second];
    const kind = stringOf(node, "direction", "forward");
    const directions = kind === "bidirectional" ? 2 : 1;
    const lengths = call.optional(4)?.data;
    const inputAt = (step: number, sample: number): number[] =>
      Array.from({ length: width }, (_, feature) =>
        at(x, isBatchFirst ? [sample, step, feature] : [step, sample, feature]),
      );

    const hidden = call.numbers(2).dims[2] ?? 0;
    const initial = operator.initial.map((index) => call.optional(index));
    const outputs = new Map<string, readonly number[]>();
    const last = new Map<string, State>();
    for (let direction = 0; direction < directions; direction += 1) {
      const cell = operator.cell(directionOf(call, operator, direction), call);
      const isReverse = kind === "reverse" || direction === 1;
      for (let sample = 0; sample < batch; sample += 1) {
        const length = lengths?.[sample] ?? steps;
        let state: State = initial.map((given) =>
          Array.from({ length: hidden }, (_, unit) =>
            given === undefined
              ? 0
              : at(given, isBatchFirst ? [sample, direction, unit] : [direction, sample, unit]),
          ),
        );
        for (let step = 0; step < length; step += 1) {
          const time = isReverse ? length - 1 - step : step;
          state = cell(inputAt(time, sample), state);
          outputs.set(`${time} ${direction} ${sample}`, state[0] ?? []);
        }
        last.set(`${direction} ${sample}`, state);
      }
    }

    const all = filledBy(
      x.type,
      isBatchFirst ? [batch, steps, directions, hidden] : [steps, directions, batch, hidden],
      (position) => {
        const [unit = 0] = position.slice(3);
        const [a, b, c] = position;
        const key = isBatchFirst ? `${b} ${c} ${a}` : `${a} ${b} ${c}`;
        // Steps beyond the end of a sequence are zero.
        return outputs.get(key)?.[unit] ?? 0;
      },
    );
    const ends = operator.initial.map((_, index) =>
      filledBy(
        x.type,
        isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden],
        ([a, b, unit = 0]) =>
          last.get(isBatchFirst ? `${b} ${a}` : `${a} ${b}`)?.[index]?.[unit] ?? 0,
      ),
    );
    return [all, ...ends];
  };

function directionOf(call: InterpreterCall, operator: Operator, direction: number): Direction {
  const { gates, peepholes } = operator;
  const [w, r, b] = [call.numbers(1), call.numbers(2), call.optional(3)];
  const p = peepholes === undefined ? undefined : call.optional(peepholes);
  const hidden = r.dims[2] ?? 0;
  const clip = floatOf(call.node, "clip", 0);
  const names = Array.from({ length: 2 }, () => operator.activations).flat();
  const product = (weights: Numbers, block: number, vector: readonly number[]): number[] =>
    Array.from({ length: hidden }, (_, unit) =>
      vector.reduce(
        (sum, value, column) =>
          sum + value * at(weights, [direction, block * hidden + unit, column]),
        0,
      ),
    );
  const part = (vectors: Numbers | undefined, block: number): number[] =>
    Array.from({ length: hidden }, (_, unit) =>
      vectors === undefined ? 0 : at(vectors, [direction, block * hidden + unit]),
    );
  return {
    hidden,
    input: (block, x) => product(w, block, x),
    recurrent: (block, h) => product(r, block, h),
    inputBias: (block) => part(b, block),
    recurrentBias: (block) => part(b, gates + block),
    peephole: (block) => part(p, block),
    activations: activationsOf(call, names).slice(
      direction * operator.activations.length,
      (direction + 1) * operator.activations.length,
    ),
    clipped: (x) => (clip > 0 ? Math.min(clip, Math.max(-clip, x)) : x),
  };
}

const at = (tensor: Numbers, position: readonly number[]): number =>
  tensor.data[indexOf(position, tensor.dims)] ?? Number.NaN;

const filledBy = (
  type: Numbers["type"],
  dims: readonly number[],
  element: (position: readonly number[]) => number,
): Numbers => filled(type, dims, (index) => element(positionOf(index, dims)));

export const RECURRENT: Record<string, InterpreterRule> = {
  RNN: recurrent(RNN),
  GRU: recurrent(GRU),
  LSTM: recurrent(LSTM),
};
