import { writeModel } from "../../../domain/onnx/codec/onnx-file.ts";
import { differentiate } from "../../../domain/onnx/gradient/differentiate.ts";
import type { Profile } from "../../../domain/onnx/gradient/gradient-call.ts";
import type { Runtime } from "../../../domain/onnx/runtime.ts";
import { scalarTensor } from "../../../domain/onnx/tensors.ts";
import { buildNetwork } from "../../../domain/onnx/train/architectures/build-network.ts";
import type { NetworkConfig } from "../../../domain/onnx/train/architectures/network-config.ts";
import { stepScalars, type Optimiser } from "../../../domain/onnx/train/optimiser.ts";
import { packedValues } from "../../../domain/onnx/train/parameters.ts";
import { trainingGraph } from "../../../domain/onnx/train/training-graph.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";
import type { Options, Row } from "../experiments/row.ts";
import { timesOf } from "./timing.ts";

const BATCH = 32;
const ADAM: Optimiser = { kind: "adam" };

/** The networks of the prototype that the goals come from. */
export const NETWORKS: readonly { name: string; config: NetworkConfig }[] = [
  {
    name: "CNN1D 16-32-64 on [3, 128]",
    config: {
      architecture: { kind: "cnn1d", channels: [16, 32, 64] },
      input: { channels: 3, length: 128 },
      output: { classes: 4 },
    },
  },
  {
    name: "the same without normalisation",
    config: {
      architecture: { kind: "cnn1d", channels: [16, 32, 64], normalise: false },
      input: { channels: 3, length: 128 },
      output: { classes: 4 },
    },
  },
  {
    name: "ResNet1D 16-32-64, 2 blocks each, on [3, 128]",
    config: {
      architecture: { kind: "resnet1d" },
      input: { channels: 3, length: 128 },
      output: { classes: 4 },
    },
  },
  {
    name: "LSTM 64 on [8, 50]",
    config: {
      architecture: { kind: "lstm", hidden: 64 },
      input: { channels: 8, length: 50 },
      output: { classes: 4 },
    },
  },
  {
    name: "Transformer 64, 4 heads, 2 layers, on [8, 50]",
    config: {
      architecture: { kind: "transformer" },
      input: { channels: 8, length: 50 },
      output: { classes: 4 },
    },
  },
];

/** A step of training, and the gradient of the input, against the plain run of the same network. */
export async function trainingStep(
  runtime: Runtime,
  profile: Profile,
  { quick }: Options,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, config } of NETWORKS) {
    const times = await timesOf(runtime, modelsOf(config, profile, ADAM), {
      rounds: quick ? 3 : 15,
      runs: quick ? 3 : 10,
    });
    const ms = (value: number): string => `${value.toFixed(2)} ms`;
    for (const [kind, what] of [
      ["step", "a step of training with Adam"],
      ["gradient", "the gradient of the input"],
    ] as const)
      rows.push({
        measure: `${what}, ${name}, ${runtime.name}`,
        ours: ms(times[kind]),
        peers: [
          {
            name: "plain run",
            value: ms(times.forward),
            ratio: (times[kind] / times.forward).toFixed(2),
          },
        ],
        how: `batch of ${BATCH}, one thread, median of rounds in turns`,
      });
  }
  return rows;
}

/** The same network as a plain run, as the gradient of its input, and as a step of training. */
export function modelsOf(config: NetworkConfig, profile: Profile, optimiser: Optimiser) {
  const random = seededRandom("benchmark");
  const model = buildNetwork(config);
  if ("features" in config.input) throw new Error("only signals are measured");
  const { channels, length } = config.input;
  const signal: Tensor = {
    type: "float32",
    dims: [BATCH, channels, length],
    data: Float32Array.from({ length: BATCH * channels * length }, () => random.normal()),
  };
  const targets: Tensor = {
    type: "int64",
    dims: [BATCH],
    data: BigInt64Array.from({ length: BATCH }, () => BigInt(random.integer(4))),
  };
  const graph = trainingGraph(model, {
    loss: { kind: "cross_entropy" },
    optimiser,
    profile,
  });
  const vector = (data: Float32Array): Tensor => ({ type: "float32", dims: [data.length], data });
  const gradient = differentiate(model, {
    // Probabilities sum to 1 whatever the input is: their gradient would be rounding.
    of: model.graph.nodes.at(-1)?.inputs[0] ?? "",
    with_respect_to: ["signal"],
    profile,
  });
  return {
    forward: { model: writeModel(model), feeds: { signal } },
    gradient: { model: writeModel(gradient), feeds: { signal } },
    step: {
      model: writeModel(graph.model),
      feeds: {
        signal,
        targets,
        parameters: vector(packedValues(model, graph.parameters)),
        ...(graph.statistics.size > 0
          ? { statistics: vector(packedValues(model, graph.statistics)) }
          : {}),
        ...Object.fromEntries(
          graph.states.map((name) => [name, vector(new Float32Array(graph.parameters.size))]),
        ),
        ...Object.fromEntries(
          Object.entries({
            learning_rate: optimiser.kind === "sgd" ? 1 : 1e-3,
            ...stepScalars(optimiser, 1),
          }).map(([name, value]) => [name, scalarTensor("float32", value)]),
        ),
      },
    },
  };
}
