import { seededRandom, type Random } from "../../statistics/random.ts";
import { countOf, type Tensor } from "../../tensors/tensor.ts";
import { writeModel } from "../codec/onnx-file.ts";
import type { Model } from "../model.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { openModel, type OpenModel, type Runtime } from "../runtime.ts";
import { floatTensor, scalarTensor } from "../tensors.ts";
import { evaluate, type Evaluation } from "./evaluate.ts";
import { stepScalars } from "./optimiser.ts";
import { checkSamples } from "./check-samples.ts";
import { packedValues, withValues } from "./parameters.ts";
import { batchesOf, range, rowsOf, shuffled, takeSamples, type Samples } from "./samples.ts";
import { learningRateAt, type Schedule } from "./schedule.ts";
import { trainable } from "./trainable.ts";
import {
  evaluationGraph,
  trainingGraph,
  type TrainingGraph,
  type TrainingGraphOptions,
} from "./training-graph.ts";

export type TrainOptions = TrainingGraphOptions & {
  schedule: Schedule;
  epochs: number;
  batch_size?: number;
  /** Of the order of the rows and of what dropout leaves out. */
  seed?: number;
  /** What the best epoch is chosen on; without it, the last epoch is the best. */
  validation?: Samples;
  /** Epochs without a lower validation loss after which training stops. */
  patience?: number;
};

export type Epoch = {
  /** 1 for the first. */
  epoch: number;
  /** Of the epoch's last step. */
  learning_rate: number;
  /** Means over the steps of the epoch, while the weights moved. */
  loss: number;
  validation?: Evaluation;
};

export type Trained = {
  /** The model with the weights of the best epoch, as it predicts. */
  model: Model;
  epochs: Epoch[];
  best_epoch: number;
  stopped: "finished" | "patience" | "cancelled" | "diverged";
};

/** What a training is told and tells while it runs. */
export type TrainingWatch = { isCancelled?: () => boolean; onEpoch?: (epoch: Epoch) => void };

/** The vectors that change from step to step, by their names in the training graph. */
type State = Record<string, Float32Array>;

/**
 * Trains a model: any ONNX model with float32 weights, as `buildNetwork` makes them or an exporter. Everything is
 * computed on the runtime handed in; the same seed on the same runtime gives the same weights.
 */
export async function trainModel(
  runtime: Runtime,
  given: Model,
  samples: Samples,
  options: TrainOptions,
  watch: TrainingWatch = {},
): Promise<Trained> {
  const model = trainable(given);
  const rows = range(0, rowsOf(samples, "samples"));
  const { epochs: wanted, batch_size = 32, validation, patience = Infinity, seed = 0 } = options;
  if (!Number.isInteger(wanted) || wanted < 1)
    throw new OnnxFault("bad_request", "epochs has to be a whole number of at least 1");
  if (!Number.isInteger(batch_size) || batch_size < 1)
    throw new OnnxFault("bad_request", "batch_size has to be a whole number of at least 1");
  if (validation) rowsOf(validation, "validation");

  const graph = trainingGraph(model, options);
  checkSamples(samples, "samples", model, graph.model);
  if (validation) checkSamples(validation, "validation", model, graph.model);
  const random = seededRandom(`training ${seed}`);
  const steps = wanted * batchesOf(rows, batch_size).length;
  let state = firstState(model, graph);
  let best = { state, epoch: 0, loss: Infinity };
  const epochs: Epoch[] = [];
  const session = await openModel(runtime, writeModel(graph.model));
  const evaluator = validation && (await openEvaluator(runtime, model, options));
  let stopped: Trained["stopped"] = "finished";
  try {
    let step = 0;
    while (epochs.length < wanted && stopped === "finished") {
      let sum = 0;
      let learning_rate = 0;
      for (const batch of batchesOf(shuffled(rows, random), batch_size)) {
        if (watch.isCancelled?.()) {
          stopped = "cancelled";
          break;
        }
        learning_rate = learningRateAt(options.schedule, step, steps);
        step += 1;
        const scalars = { learning_rate, ...stepScalars(options.optimiser, step) };
        const part = takeSamples(samples, batch);
        const { loss, next } = await runStep(session, graph, state, part, scalars, random);
        if (!Number.isFinite(loss)) {
          stopped = "diverged";
          break;
        }
        state = next;
        sum += loss * batch.length;
      }
      if (stopped !== "finished") break;
      const epoch: Epoch = { epoch: epochs.length + 1, learning_rate, loss: sum / rows.length };
      if (validation && evaluator)
        epoch.validation = await evaluate(
          evaluator,
          validation,
          options.loss,
          feedsOf(graph, state),
        );
      if (!Number.isFinite(epoch.validation?.loss ?? 0)) {
        stopped = "diverged";
        break;
      }
      epochs.push(epoch);
      watch.onEpoch?.(epoch);
      const loss = epoch.validation?.loss ?? -epoch.epoch;
      if (loss < best.loss) best = { state, epoch: epoch.epoch, loss };
      else if (epoch.epoch - best.epoch >= patience) stopped = "patience";
    }
  } finally {
    await session.release();
    await evaluator?.release();
  }
  return { model: withState(model, graph, best.state), epochs, best_epoch: best.epoch, stopped };
}

const openEvaluator = (runtime: Runtime, model: Model, options: TrainOptions): Promise<OpenModel> =>
  openModel(runtime, writeModel(evaluationGraph(model, options).model));

function firstState(model: Model, graph: TrainingGraph): State {
  const { parameters, statistics, states } = graph;
  return {
    parameters: packedValues(model, parameters),
    ...(statistics.size > 0 ? { statistics: packedValues(model, statistics) } : {}),
    ...Object.fromEntries(states.map((name) => [name, new Float32Array(parameters.size)])),
  };
}

const withState = (model: Model, graph: TrainingGraph, state: State): Model =>
  withValues(
    withValues(model, graph.parameters, state["parameters"] ?? new Float32Array()),
    graph.statistics,
    state["statistics"] ?? new Float32Array(),
  );

/** What an evaluation is fed of the state: the weights and the running statistics. */
const feedsOf = (graph: TrainingGraph, state: State): Record<string, Tensor> =>
  vectors({
    parameters: state["parameters"] ?? new Float32Array(),
    ...(graph.statistics.size > 0 && state["statistics"]
      ? { statistics: state["statistics"] }
      : {}),
  });

const vectors = (state: State): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(state).map(([name, data]) => [
      name,
      { type: "float32", dims: [data.length], data },
    ]),
  );

async function runStep(
  session: OpenModel,
  graph: TrainingGraph,
  state: State,
  { inputs, targets }: Samples,
  scalars: Readonly<Record<string, number>>,
  random: Random,
): Promise<{ loss: number; next: State }> {
  const rows = targets.dims[0] ?? 0;
  const masks = graph.masks.map(({ mask, ratio, shape }) => {
    // Symbols other than the batch were refused when the graph was made.
    const dims = shape.map((size) => (typeof size === "number" ? size : rows));
    return [mask, dropoutMask(dims, ratio, random)] as const;
  });
  const outputs = await session.run({
    ...inputs,
    targets,
    ...vectors(state),
    ...Object.fromEntries(masks),
    ...Object.fromEntries(
      Object.entries(scalars).map(([name, value]) => [name, scalarTensor("float32", value)]),
    ),
  });
  const next = Object.keys(state).map((name) => {
    const data = outputs[`next_${name}`]?.data;
    if (!(data instanceof Float32Array)) throw new OnnxFault("invalid", `the step lost '${name}'`);
    return [name, data] as const;
  });
  return { loss: Number(outputs["loss"]?.data[0]), next: Object.fromEntries(next) };
}

/** 0 for the share `ratio` of the elements; the others make up for it. */
function dropoutMask(dims: number[], ratio: number, random: Random): Tensor {
  const kept = 1 / (1 - ratio);
  const values = Float32Array.from({ length: countOf(dims) }, () =>
    random.uniform() < ratio ? 0 : kept,
  );
  return floatTensor(dims, values);
}
