import type { Dimension } from "../../tensors/tensor.ts";
import { addGradients } from "../gradient/add-gradients.ts";
import { forWebgpu } from "../gradient/for-webgpu.ts";
import type { Profile } from "../gradient/gradient-call.ts";
import { prepareForGradient } from "../gradient/prepare.ts";
import { withKnownOperators } from "../gradient/with-known-operators.ts";
import { GraphBuilder } from "../graph-builder.ts";
import { codeOf, type Graph, type Model, type Node } from "../model.ts";
import { namesIn } from "../names.ts";
import { floatOf, operatorOf, placeOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { freshName } from "../rewrite/graph-edit.ts";
import { eliminateCommonSubexpressions } from "../rewrite/eliminate-common-subexpressions.ts";
import { removeDead } from "../rewrite/remove-dead.ts";
import { renameTensors } from "../rewrite/rename-tensors.ts";
import { elementsOf } from "../stored-tensor.ts";
import { addLoss, type Loss } from "./loss.ts";
import { addOptimiser, clipNorm, STATES, stepScalars, type Optimiser } from "./optimiser.ts";
import { packingsOf, type Packing, type Packings } from "./parameters.ts";
import { trainable } from "./trainable.ts";

export type TrainingGraphOptions = {
  loss: Loss;
  optimiser: Optimiser;
  /** The output that is learnt; the first unless named. Where a Softmax or Sigmoid makes it, its input is. */
  output?: string;
  /** The weights to train; all of them unless named. */
  weights?: readonly string[];
  /** Gradients longer than this are shortened to it. */
  clip_norm?: number;
  profile?: Profile;
};

/** A dropout of the graph: `mask` is to be fed with 0 for the share `ratio` of its elements, else 1 / (1 - ratio). */
export type DropoutMask = { mask: string; ratio: number; shape: readonly Dimension[] };

/**
 * One step of training as a model. Beside the inputs of the model it was made from it takes `targets`, `parameters`
 * and `statistics` (running means and variances) as vectors, the optimiser's states, `learning_rate`, the scalars of
 * `stepScalars` and the masks; it gives `loss`, `logits` (the output before its Softmax or Sigmoid), and every vector
 * anew as `next_<name>`.
 */
export type TrainingGraph = Packings & {
  model: Model;
  masks: readonly DropoutMask[];
  states: readonly string[];
};

/** The evaluation of a model with weights that are fed: `logits` and `loss` of a batch. */
export type EvaluationGraph = Packings & { model: Model };

const next = (name: string): string => `next_${name}`;
const PROBABILITIES = new Set(["Softmax", "Sigmoid"]);

/** The weights and statistics are those of the model as `trainable` makes it. */
export function trainingGraph(original: Model, options: TrainingGraphOptions): TrainingGraph {
  const { loss, optimiser, clip_norm, profile = "wasm" } = options;
  const model = trainable(original);
  const packings = packingsOf(model, options.weights);
  const forward = liftedForward(model, packings, "training", options);
  addLoss(forward.b, loss, forward.logits);
  forward.b.output("loss");
  forward.b.output(forward.logits, "logits");
  if (forward.statistics !== undefined) forward.b.output(forward.statistics, next("statistics"));

  const path = { of: "loss", with_respect_to: ["parameters"], profile };
  const b = GraphBuilder.extending(prepareForGradient(forward.b.model(), path));
  const [gradient = ""] = addGradients(b, path);
  const states = STATES[optimiser.kind];
  const size = packings.parameters.size;
  const updated = addOptimiser(b, optimiser, {
    parameters: "parameters",
    gradient: clip_norm === undefined ? gradient : clipNorm(b, gradient, clip_norm),
    decays: b.constant({ type: "float32", dims: [size], data: decaysOf(packings.parameters) }),
    learningRate: b.input("learning_rate", "float32", []),
    scalars: Object.fromEntries(
      Object.keys(stepScalars(optimiser, 1)).map((name) => [name, b.input(name, "float32", [])]),
    ),
    state: Object.fromEntries(states.map((name) => [name, b.input(name, "float32", [size])])),
  });
  b.output(updated.parameters, next("parameters"));
  for (const [name, value] of Object.entries(updated.state)) b.output(value, next(name));
  const step = removeDead(eliminateCommonSubexpressions(b.model()));
  return {
    ...packings,
    model: profile === "webgpu" ? forWebgpu(step) : step,
    masks: forward.masks,
    states,
  };
}

/** Weights are fed, so that one opened session evaluates a model at any moment of its training. */
export function evaluationGraph(
  original: Model,
  options: Pick<TrainingGraphOptions, "loss" | "output" | "weights">,
): EvaluationGraph {
  const model = trainable(original);
  const packings = packingsOf(model, options.weights);
  const { b, logits } = liftedForward(model, packings, "evaluation", options);
  addLoss(b, options.loss, logits);
  b.output("loss");
  b.output(logits, "logits");
  return { ...packings, model: b.model() };
}

type Forward = { b: GraphBuilder; masks: DropoutMask[]; logits: string; statistics?: string };

/** The forward pass with its weights split from the vectors that are fed. */
function liftedForward(
  original: Model,
  packings: Packings,
  mode: "training" | "evaluation",
  { output = original.graph.outputs[0]?.name ?? "" }: Pick<TrainingGraphOptions, "output">,
): Forward {
  const { model, nameOf } = withFreeNames(withKnownOperators(original));
  const lifted = new Set(
    [...packings.parameters.slots, ...packings.statistics.slots].map(({ name }) => name),
  );
  const { graph } = model;
  const bareModel = {
    ...model,
    graph: {
      ...graph,
      nodes: [],
      outputs: [],
      valueInfo: [],
      inputs: graph.inputs.filter(({ name }) => !lifted.has(name)),
      initializers: graph.initializers.filter(({ name = "" }) => !lifted.has(name)),
    },
  };
  const bare = GraphBuilder.extending(bareModel, namesIn(graph));
  unpack(bare, "parameters", packings.parameters);
  if (packings.statistics.size > 0) unpack(bare, "statistics", packings.statistics);
  const masks: DropoutMask[] = [];
  const followed = new Map<string, string>();
  for (const node of graph.nodes)
    if (mode === "training") addTrainingNode(bare, node, masks, followed);
    else bare.add(node);
  const logits = beforeProbabilities(graph, nameOf(output));
  if (!bare.has(logits))
    throw new OnnxFault("bad_request", `the model has no output '${output}'`, { tensor: output });
  const moved = packings.statistics.slots.map(({ name }) => followed.get(name) ?? name);
  return {
    b: bare,
    masks,
    logits,
    ...(mode === "evaluation" || moved.length === 0
      ? {}
      : { statistics: bare.node("Concat", moved, { axis: 0 }) }),
  };
}

const VECTORS = ["parameters", "statistics", ...new Set(Object.values(STATES).flat())];
/** The tensors of every training graph, by which a caller feeds and reads it. */
const OWN_NAMES = [
  "loss",
  "logits",
  "targets",
  "learning_rate",
  "share",
  "first_correction",
  "second_correction",
  ...VECTORS,
  ...VECTORS.map(next),
];

/** The model with other names for the inner tensors that are called like those of a training graph. */
function withFreeNames(model: Model): { model: Model; nameOf: (name: string) => string } {
  const { graph } = model;
  const names = namesIn(graph);
  const given = new Set([...graph.inputs, ...graph.initializers].map(({ name = "" }) => name));
  const renamed = new Map<string, string>();
  const masks = [...names].filter((name) => /^mask_\d+$/u.test(name) && !given.has(name));
  for (const name of [...OWN_NAMES, ...masks]) {
    if (given.has(name))
      throw new OnnxFault(
        "bad_request",
        `'${name}' of the model is called like a tensor of the training graph: rename it`,
        { tensor: name },
      );
    if (names.has(name)) renamed.set(name, freshName(names, `${name}_of_model`));
  }
  return {
    model: renameTensors(model, Object.fromEntries(renamed)),
    nameOf: (name) => renamed.get(name) ?? name,
  };
}

/** What the losses take: the input of a last Softmax or Sigmoid, if there is one. */
function beforeProbabilities(graph: Graph, output: string): string {
  const makers = new Map(
    graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)),
  );
  let value = output;
  for (;;) {
    const maker = makers.get(value);
    const [input = ""] = maker?.inputs ?? [];
    if (maker === undefined) return value;
    if (operatorOf(maker) !== "Identity")
      return PROBABILITIES.has(operatorOf(maker)) ? input : value;
    value = input;
  }
}

/** Splits a fed vector into the tensors that it holds, under their own names. */
function unpack(b: GraphBuilder, vector: string, { slots, size }: Packing): void {
  b.input(vector, "float32", [size]);
  const sizes = b.ints(slots.map((slot) => slot.size));
  const parts = b.nodes("Split", [vector, sizes], slots.length, { axis: 0 });
  for (const [index, { name, dims }] of slots.entries())
    b.node("Reshape", [parts[index] ?? "", b.ints(dims)], {}, { output: name });
}

/** A node of the forward pass as it is in training, with the statistics that follow the data added to `followed`. */
function addTrainingNode(
  b: GraphBuilder,
  node: Node,
  masks: DropoutMask[],
  followed: Map<string, string>,
): void {
  const operator = operatorOf(node);
  if (operator === "BatchNormalization") {
    const [x = "", scale = "", bias = "", mean = "", variance = ""] = node.inputs;
    const [y = "", ofMean = "", ofVariance = ""] = node.outputs;
    const nextMean = ofMean || b.fresh("mean");
    const nextVariance = ofVariance || b.fresh("variance");
    b.nodes("BatchNormalization", [x, scale, bias, mean, variance], [y, nextMean, nextVariance], {
      epsilon: floatOf(node, "epsilon", 1e-5),
      momentum: floatOf(node, "momentum", 0.9),
      training_mode: 1,
    });
    followed.set(mean, nextMean).set(variance, nextVariance);
    return;
  }
  const ratio = operator === "Dropout" ? ratioOf(b, node) : 0;
  if (ratio === 0) {
    b.add(node);
    return;
  }
  const [x = ""] = node.inputs;
  const [y = "", kept = ""] = node.outputs;
  const shape = b.shapeOf(x);
  const mask = b.input(`mask_${masks.length}`, "float32", shape);
  masks.push({ mask, ratio, shape });
  b.node("Mul", [x, mask], {}, { output: y });
  if (kept !== "") b.node("Cast", [mask], { to: codeOf("bool") }, { output: kept });
}

function ratioOf(b: GraphBuilder, node: Node): number {
  const [, name = ""] = node.inputs;
  if (name === "") return 0.5;
  const { constant } = b.tensorOf(name);
  const ratio = constant === undefined ? Number.NaN : Number(elementsOf(constant).data[0]);
  if (ratio >= 0 && ratio < 1) return ratio;
  throw new OnnxFault(
    "unsupported",
    `the ratio of Dropout '${placeOf(node).node ?? ""}' has to be a constant from 0 to below 1`,
    { ...placeOf(node), tensor: name },
  );
}

/** 1 for what weight decay shrinks. */
function decaysOf({ slots, size }: Packing): Float32Array {
  const decays = new Float32Array(size);
  for (const slot of slots) if (slot.decays) decays.fill(1, slot.offset, slot.offset + slot.size);
  return decays;
}
