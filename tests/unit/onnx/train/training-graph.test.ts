import { describe, expect, test } from "vitest";
import {
  isNumbers,
  numbers,
  scalar,
  type Numbers,
  type Value,
} from "../../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../../domain/onnx/interpret/interpret.ts";
import type { Profile } from "../../../../domain/onnx/gradient/gradient-call.ts";
import { buildNetwork } from "../../../../domain/onnx/train/architectures/build-network.ts";
import type { NetworkConfig } from "../../../../domain/onnx/train/architectures/network-config.ts";
import type { Loss } from "../../../../domain/onnx/train/loss.ts";
import { packedValues } from "../../../../domain/onnx/train/parameters.ts";
import { trainingGraph } from "../../../../domain/onnx/train/training-graph.ts";
import { countOf } from "../../../../domain/tensors/tensor.ts";
import { normals, randomOf, SEED } from "../support/random-numbers.ts";

const BATCH = 3;
const RATE = 1;
const STEP = 1e-5;
const CHECKED = 12;

const signal = { channels: 2, length: 8 };
/** Smooth activations: a kink near a random point would be found by the differences. */
const NETWORKS: Record<string, NetworkConfig["architecture"]> = {
  mlp: { kind: "mlp", hidden: [5, 4], activation: "tanh" },
  cnn1d: { kind: "cnn1d", channels: [3, 4], kernel: 3, activation: "silu" },
  resnet1d: { kind: "resnet1d", channels: [3, 4], blocks: 1, activation: "gelu" },
  lstm: { kind: "lstm", hidden: 3, layers: 2, frame: 2 },
  bilstm: { kind: "bilstm", hidden: 3 },
  cnn_lstm: { kind: "cnn_lstm", channels: [3], hidden: 3, activation: "tanh" },
  transformer: { kind: "transformer", width: 4, heads: 2, layers: 1, frame: 2 },
};

describe("a training step of each architecture", () => {
  test.each(Object.entries(NETWORKS))(
    "%s follows the gradient of its loss",
    (name, architecture) => {
      const config = { architecture, input: signal, output: { classes: 3 } };
      checkStep(name, config, { kind: "cross_entropy" }, ["native", "wasm", "webgpu"]);
    },
  );
});

describe("losses", () => {
  const LOSSES: Loss[] = [
    { kind: "cross_entropy", label_smoothing: 0.1 },
    { kind: "cross_entropy", class_weights: [1, 2, 0.5] },
    { kind: "binary_cross_entropy" },
    { kind: "mean_squared_error" },
    { kind: "mean_absolute_error" },
    { kind: "huber", delta: 0.7 },
  ];
  test.each(LOSSES)("$kind", (loss) => {
    const output = loss.kind === "cross_entropy" ? { classes: 3 } : { values: 3 };
    const architecture = { kind: "mlp", hidden: [4], activation: "tanh" } as const;
    checkStep(JSON.stringify(loss), { architecture, input: { features: 4 }, output }, loss, [
      "wasm",
    ]);
  });
});

/**
 * Plain gradient descent gives its gradient away: (old - new) / rate. It is held against differences
 * of the loss, which every profile has to compute alike.
 */
function checkStep(name: string, config: NetworkConfig, loss: Loss, profiles: Profile[]): void {
  const random = randomOf(`training ${name}`);
  const model = buildNetwork(config);
  const isTable = "features" in config.input;
  const given: Record<string, Numbers> = {
    [isTable ? "features" : "signal"]: normals(
      random,
      "features" in config.input ? [BATCH, config.input.features] : [BATCH, 2, 8],
    ),
    targets: targetsFor(loss, random.integer.bind(random)),
    learning_rate: scalar("float64", RATE),
  };
  let expected: { loss: number; slopes: ReadonlyMap<number, number> } | undefined;
  for (const profile of profiles) {
    const graph = trainingGraph(model, { loss, optimiser: { kind: "sgd" }, profile });
    const before = Float64Array.from(packedValues(model, graph.parameters));
    const feeds = {
      ...given,
      parameters: vector(before),
      ...(graph.statistics.size > 0
        ? { statistics: vector(packedValues(model, graph.statistics)) }
        : {}),
    };
    const outputs = interpret(graph.model, feeds);
    const lossOf = (parameters: Float64Array): number => {
      const computed = interpret(graph.model, { ...feeds, parameters: vector(parameters) });
      return dataOf(computed["loss"])[0] ?? NaN;
    };
    const after = dataOf(outputs["next_parameters"]);
    const found = dataOf(outputs["loss"])[0] ?? NaN;
    expected ??= {
      loss: found,
      slopes: new Map(
        Array.from({ length: CHECKED }, () => random.integer(before.length)).map((at) => [
          at,
          slope(lossOf, before, at),
        ]),
      ),
    };
    const message = `${name}, ${profile}, SEED=${SEED}`;
    expect(Math.abs(found / expected.loss - 1), message).toBeLessThan(1e-9);
    const gradient = before.map((value, index) => (value - (after[index] ?? NaN)) / RATE);
    const scale = Math.max(0.01, ...gradient.map(Math.abs));
    for (const [at, expectedSlope] of expected.slopes) {
      const error = Math.abs((gradient[at] ?? NaN) - expectedSlope) / scale;
      expect(error, `${message}, parameter ${at}`).toBeLessThan(1e-5);
    }
  }
}

/** The central difference of a function of many numbers along one of them. */
function slope(
  valueAt: (point: Float64Array) => number,
  point: Float64Array,
  along: number,
): number {
  const valueAfter = (step: number): number =>
    valueAt(point.with(along, (point[along] ?? 0) + step));
  return (valueAfter(STEP) - valueAfter(-STEP)) / (2 * STEP);
}

const vector = (values: ArrayLike<number> & Iterable<number>): Numbers =>
  numbers("float64", [values.length], values);

function targetsFor(loss: Loss, integer: (below: number) => number): Numbers {
  if (loss.kind === "cross_entropy")
    return numbers(
      "int64",
      [BATCH],
      Array.from({ length: BATCH }, () => integer(3)),
    );
  const dims = [BATCH, 3];
  return numbers(
    "float64",
    dims,
    Array.from({ length: countOf(dims) }, () => integer(2)),
  );
}

function dataOf(value: Value | undefined): Float64Array {
  if (value && isNumbers(value)) return value.data;
  throw new Error("no numbers");
}
