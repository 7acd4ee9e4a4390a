import { describe, expect, test } from "vitest";
import { checkModel } from "../../../domain/onnx/check-model.ts";
import { differentiate, gradientName } from "../../../domain/onnx/gradient/differentiate.ts";
import type { Profile } from "../../../domain/onnx/gradient/gradient-call.ts";
import { inferModel } from "../../../domain/onnx/infer/infer.ts";
import { scalar, toTensor, numbers, type Numbers } from "../../../domain/onnx/interpret/array.ts";
import { interpret } from "../../../domain/onnx/interpret/interpret.ts";
import type { Model } from "../../../domain/onnx/model.ts";
import { makeBatchDynamic } from "../../../domain/onnx/rewrite/make-batch-dynamic.ts";
import { optimiseGraph } from "../../../domain/onnx/rewrite/optimise-graph.ts";
import { summarise } from "../../../domain/onnx/summarise.ts";
import { stepScalars } from "../../../domain/onnx/train/optimiser.ts";
import { packedValues, withValues, type Packing } from "../../../domain/onnx/train/parameters.ts";
import {
  evaluationGraph,
  trainingGraph,
  type TrainingGraph,
  type TrainingGraphOptions,
} from "../../../domain/onnx/train/training-graph.ts";
import { trainable } from "../../../domain/onnx/train/trainable.ts";
import {
  classes,
  expectNumbers,
  GRADIENTS,
  maskOf,
  numbersOf,
  pattern,
  torchModel,
  TRAININGS,
  type GradientVectors,
  type TrainingVectors,
} from "./support/torch-vectors.ts";
import { runOnWasm, wasmRuntime } from "./support/wasm-runtime.ts";

/** Constants of the files (√2, epsilons) are float32. */
const EXACT = 3e-7;
/** Of float32 on ONNX Runtime. */
const SINGLE = 2e-5;

const PROFILES: Profile[] = ["native", "wasm", "webgpu"];

const inputOf = ({ x }: GradientVectors): Numbers =>
  x.classes === undefined ? pattern(x.dims, 3) : classes(x.dims, 3, x.classes);

const outputsOf = ({ graph }: Model): string[] => graph.outputs.map(({ name }) => name);

const tensorsOf = (feeds: Record<string, Numbers>) =>
  Object.fromEntries(Object.entries(feeds).map(([name, value]) => [name, toTensor(value)]));

/** As it came; one that was exported for a single row takes any number of them. */
async function withFreeBatch({ name }: GradientVectors): Promise<Model> {
  const model = torchModel(name);
  if (!name.includes("one-row")) return model;
  return makeBatchDynamic(await optimiseGraph(model, { runtime: wasmRuntime }));
}

function expectOutputs(
  { name, outputs }: GradientVectors,
  model: Model,
  found: Record<string, Parameters<typeof numbersOf>[0]>,
  within: number,
): void {
  for (const [at, output] of outputsOf(model).entries()) {
    const { dims, data } = numbersOf(found[output]);
    expect(dims, `${name}: ${output}`).toEqual(outputs[at]?.dims);
    expectNumbers(data, outputs[at]?.data ?? [], { within, of: `${name}: ${output}` });
  }
}

describe("a model from PyTorch's exporter", () => {
  test.each(GRADIENTS)("$name is valid, and its shapes are inferred", async (vectors) => {
    const model = await withFreeBatch(vectors);
    expect(checkModel(torchModel(vectors.name))).toEqual([]);
    expect(checkModel(model)).toEqual([]);
    const facts = inferModel(model);
    for (const [name, fact] of facts)
      expect(fact, name).toMatchObject({ kind: "tensor", shape: expect.any(Array) });
    for (const [at, output] of outputsOf(model).entries()) {
      const [, ...sizes] = vectors.outputs[at]?.dims ?? [];
      expect(facts.get(output), output).toMatchObject({ shape: ["batch", ...sizes] });
    }
  });

  test.each(GRADIENTS)("$name is summed up with every size known", async (vectors) => {
    const { unknown, parameters, batch } = summarise(await withFreeBatch(vectors), { batch: 3 });
    expect({ unknown, batch }).toEqual({
      unknown: { macs_of_nodes: 0, sizes_of_tensors: 0 },
      batch: 3,
    });
    // A normalisation that is folded into the layer before has no scale and bias any more.
    const folded = vectors.name.includes("folded") ? 18 - 4 : 0;
    expect(parameters.trainable).toBeGreaterThanOrEqual(vectors.parameters - folded);
  });

  test.each(GRADIENTS)("$name gives what PyTorch gives", async (vectors) => {
    const model = await withFreeBatch(vectors);
    const feeds = { x: inputOf(vectors) };
    expectOutputs(vectors, model, interpret(model, feeds), EXACT);
    const optimised = await optimiseGraph(model, { runtime: wasmRuntime });
    expect(checkModel(optimised)).toEqual([]);
    expectOutputs(vectors, model, interpret(optimised, feeds), 1e-6);
    expectOutputs(vectors, model, await runOnWasm(optimised, tensorsOf(feeds)), SINGLE);
  });

  test.each(GRADIENTS)("$name has PyTorch's gradients", async (vectors) => {
    const model = await withFreeBatch(vectors);
    for (const profile of PROFILES) await checkGradients(vectors, model, profile);
  });
});

/** The gradients of sum(outputs * pattern), one output after another. */
async function checkGradients(
  vectors: GradientVectors,
  model: Model,
  profile: Profile,
): Promise<void> {
  const with_respect_to = Object.keys(vectors.gradients);
  const sums = with_respect_to.map((name) => ({
    name: `${vectors.name}: d/d${name} for ${profile}`,
    expected: vectors.gradients[name] ?? [],
    exact: new Float64Array(vectors.gradients[name]?.length ?? 0),
    single: new Float64Array(vectors.gradients[name]?.length ?? 0),
  }));
  for (const [at, of] of outputsOf(model).entries()) {
    const graph = differentiate(model, { of, with_respect_to, seed: "input", profile });
    const seed = pattern(vectors.outputs[at]?.dims ?? [], 7 + at);
    const feeds = { x: inputOf(vectors), [gradientName(of)]: seed };
    const exact = interpret(graph, feeds);
    const single = await runOnWasm(graph, tensorsOf(feeds));
    for (const [index, tensor] of with_respect_to.entries()) {
      add(sums[index]?.exact, numbersOf(exact[gradientName(tensor)]).data);
      add(sums[index]?.single, numbersOf(single[gradientName(tensor)]).data);
    }
  }
  for (const { name, expected, exact, single } of sums) {
    expectNumbers(exact, expected, { within: EXACT, of: name });
    expectNumbers(single, expected, { within: 1e-4, floor: 0.1, of: `${name} on ONNX Runtime` });
  }
}

function add(sum: Float64Array | undefined, values: Float64Array): void {
  for (const [at, value] of values.entries()) if (sum) sum[at] = (sum[at] ?? 0) + value;
}

describe("five steps of training", () => {
  test.each(TRAININGS)(
    "$model by $optimiser.kind of $loss.kind: PyTorch's losses and weights",
    async (vectors) => {
      const model = trainable(torchModel(vectors.model));
      const graph = trainingGraph(model, optionsOf(vectors));
      expect(graph.parameters.size).toBe(vectors.parameters);
      const { losses, parameters, statistics, first } = train(model, graph, vectors);

      // PyTorch's clipping divides by the norm and a millionth more.
      const within = vectors.clip_norm === undefined ? EXACT : 1e-6;
      expectNumbers(losses, vectors.losses, { within, of: "losses" });
      for (const { name, offset, size } of graph.parameters.slots)
        expectNumbers(parameters.slice(offset, offset + size), vectors.weights[name] ?? [], {
          within,
          of: name,
        });
      expect(graph.statistics.slots.map(({ name }) => name).toSorted()).toEqual(
        Object.keys(vectors.statistics ?? {}).toSorted(),
      );
      for (const { name, offset, size } of graph.statistics.slots)
        expectNumbers(
          statistics.slice(offset, offset + size),
          populationStatistics(model, graph, vectors, name),
          { within, of: name },
        );

      const single = await runOnWasm(graph.model, tensorsOf(first));
      expectNumbers(numbersOf(single["loss"]).data, vectors.losses.slice(0, 1), {
        within: SINGLE,
        of: "the loss on ONNX Runtime",
      });
    },
  );

  test.each(TRAININGS)(
    "$model by $optimiser.kind of $loss.kind: the model that is left",
    (vectors) => {
      const model = trainable(torchModel(vectors.model));
      const graph = evaluationGraph(model, optionsOf(vectors));
      const parameters = packed(graph.parameters, vectors.weights);
      const statistics = packed(graph.statistics, vectors.statistics ?? {});
      const { loss, logits } = interpret(graph.model, {
        ...inputsOf(vectors),
        parameters: vector(parameters),
        ...(statistics.length > 0 ? { statistics: vector(statistics) } : {}),
      });
      const { dims, data } = vectors.output;
      expectNumbers(numbersOf(loss).data, [vectors.evaluation_loss], { within: EXACT, of: "loss" });
      expectNumbers(numbersOf(logits).data, data, { within: EXACT, of: "logits" });

      const left = withValues(
        withValues(model, graph.parameters, Float32Array.from(parameters)),
        graph.statistics,
        Float32Array.from(statistics),
      );
      const y = numbersOf(interpret(left, { x: pattern(vectors.x.dims, 3) })["y"]);
      expect(y.dims).toEqual(dims);
      expectNumbers(y.data, data, { within: 1e-6, of: "y" });
    },
  );
});

const optionsOf = ({ loss, optimiser, clip_norm }: TrainingVectors): TrainingGraphOptions => ({
  loss,
  optimiser,
  ...(clip_norm === undefined ? {} : { clip_norm }),
});

const vector = (values: Float64Array): Numbers => numbers("float32", [values.length], values);

function packed({ slots, size }: Packing, values: Record<string, number[]>): Float64Array {
  const all = new Float64Array(size).fill(NaN);
  for (const { name, offset } of slots) all.set(values[name] ?? [], offset);
  return all;
}

function inputsOf({ x, loss }: TrainingVectors): Record<string, Numbers> {
  const [rows = 0] = x.dims;
  const targets =
    loss.kind === "cross_entropy"
      ? classes([rows], 5, 3)
      : loss.kind === "binary_cross_entropy"
        ? classes([rows, 1], 5, 2, "float32")
        : pattern([rows, 1], 11);
  return { x: pattern(x.dims, 3), targets };
}

function train(model: Model, graph: TrainingGraph, vectors: TrainingVectors) {
  const given: Record<string, Numbers>[] = [];
  const losses: number[] = [];
  const names = ["parameters", ...(graph.statistics.size > 0 ? ["statistics"] : [])];
  let state: Record<string, Numbers> = {
    parameters: vector(Float64Array.from(packedValues(model, graph.parameters))),
    ...(graph.statistics.size > 0
      ? { statistics: vector(Float64Array.from(packedValues(model, graph.statistics))) }
      : {}),
    ...Object.fromEntries(
      graph.states.map((name) => [name, vector(new Float64Array(graph.parameters.size))]),
    ),
  };
  for (const step of vectors.losses.keys()) {
    const scalars = {
      learning_rate: vectors.rate,
      ...stepScalars(vectors.optimiser, step + 1),
    };
    const feeds = {
      ...inputsOf(vectors),
      ...state,
      ...Object.fromEntries(
        Object.entries(scalars).map(([name, value]) => [name, scalar("float32", value)]),
      ),
      ...Object.fromEntries(graph.masks.map(({ mask }) => [mask, maskOf([4, 5], 20 + step)])),
    };
    given.push(feeds);
    const outputs = interpret(graph.model, feeds);
    losses.push(numbersOf(outputs["loss"]).data[0] ?? NaN);
    state = Object.fromEntries(
      [...names, ...graph.states].map((name) => [name, numbersOf(outputs[`next_${name}`])]),
    );
  }
  return {
    losses,
    parameters: state["parameters"]?.data ?? new Float64Array(),
    statistics: state["statistics"]?.data ?? new Float64Array(),
    first: given[0] ?? {},
  };
}

/**
 * PyTorch's running statistics as ONNX defines them: there the variance of a batch is that of its
 * elements (over n), PyTorch's the estimate of where they come from (over n - 1). With the share s
 * of the first value that five steps leave, v = s first + (1 - s) mean of the batches' variances.
 */
function populationStatistics(
  model: Model,
  { statistics }: TrainingGraph,
  vectors: TrainingVectors,
  name: string,
): number[] {
  const found = vectors.statistics?.[name] ?? [];
  if (!name.endsWith("running_var")) return found;
  const slot = statistics.slots.find((one) => one.name === name);
  const first = packedValues(model, statistics).subarray(slot?.offset ?? 0);
  const left = 0.9 ** vectors.losses.length;
  // The first normalisation sees all of the signal, the second what its pooling leaves.
  const [rows = 0, , length = 0] = vectors.x.dims;
  const elements = rows * (name.startsWith("1.") ? length : length / 2);
  return found.map((value, at) => {
    const before = left * (first[at] ?? NaN);
    return before + ((value - before) * (elements - 1)) / elements;
  });
}
