import { describe, expect, test } from "vitest";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import { isNumbers, numbers, scalar, type Value } from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import {
  addOptimiser,
  clipNorm,
  STATES,
  stepScalars,
  type Optimiser,
} from "../../../../domain/onnx/train/optimiser.ts";

const RATE = 0.1;

/** An optimiser's step over three parameters, of which the last does not decay. */
function stepOf(optimiser: Optimiser): Model {
  const b = GraphBuilder.empty();
  const vector = (name: string): string => b.input(name, "float32", [3]);
  const single = (name: string): string => b.input(name, "float32", []);
  const { parameters, state } = addOptimiser(b, optimiser, {
    parameters: vector("parameters"),
    gradient: vector("gradient"),
    decays: vector("decays"),
    learningRate: single("learning_rate"),
    scalars: Object.fromEntries(
      Object.keys(stepScalars(optimiser, 1)).map((name) => [name, single(name)]),
    ),
    state: Object.fromEntries(STATES[optimiser.kind].map((name) => [name, vector(name)])),
  });
  b.output(parameters, "next_parameters");
  for (const [name, value] of Object.entries(state)) b.output(value, `next_${name}`);
  return b.model();
}

/** The parameters after steps with the given gradients. */
function parametersAfter(
  optimiser: Optimiser,
  first: number[],
  gradients: readonly number[][],
): number[] {
  const model = stepOf(optimiser);
  const vector = (values: number[]): Value => numbers("float64", [3], values);
  let parameters = first;
  let state = Object.fromEntries(STATES[optimiser.kind].map((name) => [name, [0, 0, 0]]));
  for (const [index, gradient] of gradients.entries()) {
    const scalars = { learning_rate: RATE, ...stepScalars(optimiser, index + 1) };
    const vectors = { parameters, gradient, decays: [1, 1, 0], ...state };
    const outputs = interpret(model, {
      ...Object.fromEntries(
        Object.entries(vectors).map(([name, values]) => [name, vector(values)]),
      ),
      ...Object.fromEntries(
        Object.entries(scalars).map(([name, value]) => [name, scalar("float64", value)]),
      ),
    });
    parameters = listOf(outputs["next_parameters"]);
    state = Object.fromEntries(
      Object.keys(state).map((name) => [name, listOf(outputs[`next_${name}`])]),
    );
  }
  return parameters;
}

function listOf(value: Value | undefined): number[] {
  if (value && isNumbers(value)) return [...value.data];
  throw new Error("no numbers");
}

/** Constants of the graph are float32. */
function expectClose(found: number[], expected: number[]): void {
  expect(found).toHaveLength(expected.length);
  for (const [index, value] of expected.entries()) expect(found[index]).toBeCloseTo(value, 6);
}

describe("optimisers, against their formulas worked out by hand", () => {
  test("sgd goes down the gradient", () => {
    expectClose(parametersAfter({ kind: "sgd" }, [1, 2, 3], [[1, -2, 0.5]]), [0.9, 2.2, 2.95]);
  });

  test("weight decay adds to the gradient of what decays, and of nothing else", () => {
    const found = parametersAfter({ kind: "sgd", weight_decay: 0.5 }, [1, 2, 3], [[0, 0, 0]]);
    expectClose(found, [1 - RATE * 0.5, 2 - RATE * 1, 3]);
  });

  test("momentum gathers velocity: g, then 0.9 g + g", () => {
    const g = [1, -2, 0.5];
    const found = parametersAfter({ kind: "momentum" }, [0, 0, 0], [g, g]);
    expectClose(
      found,
      g.map((x) => -RATE * (x + 1.9 * x)),
    );
  });

  test("dampening leaves the first gradient whole: g, then 0.9 g + 0.7 g", () => {
    const g = [1, -2, 0.5];
    const found = parametersAfter({ kind: "momentum", dampening: 0.3 }, [0, 0, 0], [g, g]);
    expectClose(
      found,
      g.map((x) => -RATE * (x + 1.6 * x)),
    );
  });

  test("Nesterov's momentum looks ahead: g + 0.9 v", () => {
    const found = parametersAfter({ kind: "momentum", nesterov: true }, [0, 0, 0], [[1, 2, 4]]);
    expectClose(
      found,
      [1, 2, 4].map((x) => -RATE * 1.9 * x),
    );
  });

  test("Adam's first step is the learning rate in each direction, whatever the gradient's size", () => {
    const found = parametersAfter({ kind: "adam" }, [0, 0, 0], [[0.5, -20, 3]]);
    expectClose(found, [-RATE, RATE, -RATE]);
  });

  test("Adam's averages over two steps", () => {
    const found = parametersAfter(
      { kind: "adam" },
      [0, 0, 0],
      [
        [1, 1, 1],
        [3, -1, 0],
      ],
    );
    const expected = [3, -1, 0].map((g) => {
      const first = (0.9 * 0.1 * 1 + 0.1 * g) / (1 - 0.9 ** 2);
      const second = (0.999 * 0.001 * 1 + 0.001 * g * g) / (1 - 0.999 ** 2);
      return -RATE - (RATE * first) / (Math.sqrt(second) + 1e-8);
    });
    expectClose(found, expected);
  });

  test("AdamW shrinks weights beside the gradient: a decay does not enter the averages", () => {
    const found = parametersAfter({ kind: "adamw", weight_decay: 0.5 }, [2, -2, 2], [[1, 1, 1]]);
    expectClose(found, [2 - RATE - RATE * 1, -2 - RATE + RATE * 1, 2 - RATE]);
  });

  test.each([
    [{ kind: "sgd", weight_decay: -1 }, "weight_decay"],
    [{ kind: "momentum", momentum: 1 }, "momentum"],
    [{ kind: "adam", beta2: Number.NaN }, "beta2"],
  ] as const)("%j is refused by name", (optimiser, name) => {
    expect(() => stepOf(optimiser)).toThrow(name);
  });
});

describe("clipping by the norm", () => {
  const clipped = (gradient: number[], limit: number): number[] => {
    const b = GraphBuilder.empty();
    b.output(clipNorm(b, b.input("gradient", "float32", [3]), limit), "clipped");
    const feeds = { gradient: numbers("float64", [3], gradient) };
    return listOf(interpret(b.model(), feeds)["clipped"]);
  };

  test("a long gradient keeps its direction and gets the limit as its length", () => {
    expectClose(clipped([3, 0, 4], 1), [0.6, 0, 0.8]);
  });

  test("a short one, or none, stays as it is", () => {
    expectClose(clipped([0.3, 0, 0.4], 1), [0.3, 0, 0.4]);
    expectClose(clipped([0, 0, 0], 1), [0, 0, 0]);
  });
});
