import { differentiate } from "../../onnx/gradient/differentiate.ts";
import type { Profile } from "../../onnx/gradient/gradient-call.ts";
import { withKnownOperators } from "../../onnx/gradient/with-known-operators.ts";
import { GraphBuilder } from "../../onnx/graph-builder.ts";
import { staticShape, type Fact } from "../../onnx/infer/fact.ts";
import { inferModel } from "../../onnx/infer/infer.ts";
import { codeOf, type Model } from "../../onnx/model.ts";
import { OnnxFault } from "../../onnx/onnx-fault.ts";
import { makeBatchDynamic } from "../../onnx/rewrite/make-batch-dynamic.ts";
import { fixedBatchOf } from "../../onnx/rows.ts";
import { countOf } from "../../tensors/tensor.ts";
import { ExplainFault } from "../explain-fault.ts";
import type { RowLayout } from "../rows.ts";
import { mayBeFloats, refuseSteps } from "./float-paths.ts";

/** A model that gives a weighted sum of one output's numbers for each row, and its gradients. */
export type GradientGraph = {
  readonly model: Model;
  /** The input [width, 1], float32, of the weights of the output's numbers: all zeros but a 1 for one class. */
  readonly weights: string;
  /** How many numbers a row of the output has. */
  readonly width: number;
  /** The output [rows, 1] of the weighted sums. */
  readonly score: string;
  /** The leading size that every run must have; undefined where it is free. */
  readonly fixed_batch: number | undefined;
  /** Numbers that the forward pass makes for one row, as far as they are known: what a run needs of memory. */
  readonly numbers_each: number;
};

/** A model whose inputs have rows of the layout, in operators that have gradients. */
export type RowModel = {
  readonly model: Model;
  readonly facts: ReadonlyMap<string, Fact>;
  /** The leading size that is built into the model, where it could not be freed. */
  readonly fixed_batch: number | undefined;
};

/** The model in operators that have gradients, for rows of the layout; tensors keep their names. */
export function rowModel(given: Model, layout: RowLayout): RowModel {
  const { model, fixed } = forRows(withKnownOperators(given), layout);
  return { model, facts: inferModel(model), fixed_batch: fixed };
}

/** The same model for any number of rows, or the `fixed` one where it cannot be freed; free sizes as the layout has them. */
export function forRows(given: Model, layout: RowLayout): { model: Model; fixed?: number } {
  const size = fixedBatchOf(given);
  const freed = size === undefined ? given : freedOf(given);
  const fixed = freed === undefined ? size : undefined;
  const shapes = new Map(layout.ports.map(({ name, shape }) => [name, shape]));
  const { graph } = freed ?? given;
  const inputs = graph.inputs.map((info) => {
    const shape = shapes.get(info.name);
    if (shape === undefined || info.type?.kind !== "tensor") return info;
    return { ...info, type: { ...info.type, shape: [fixed ?? "batch", ...shape] } };
  });
  return {
    model: { ...(freed ?? given), graph: { ...graph, inputs } },
    ...(fixed === undefined ? {} : { fixed }),
  };
}

function freedOf(model: Model): Model | undefined {
  try {
    return makeBatchDynamic(model);
  } catch (error) {
    if (error instanceof OnnxFault && error.problem.code === "unsupported") return undefined;
    throw error;
  }
}

/**
 * The graph of the gradients of `output` with respect to `tensors`, inputs or inner ones, by
 * reverse mode: the gradient of the weighted sum, named by `gradientName` (onnx), for each row its own.
 * `keep` are inner tensors to give as well. Throws `ExplainFault`: target_unknown for an output
 * that is not there or has no floats, gradient_missing naming the operator that no gradient passes.
 */
export function gradientGraph(
  rows: RowModel,
  output: string,
  options: { tensors: readonly string[]; keep?: readonly string[]; profile?: Profile | undefined },
): GradientGraph {
  const { tensors, keep = [], profile = "wasm" } = options;
  const { model, facts, fixed_batch } = rows;
  const width = widthOf(rows, output);
  for (const tensor of tensors) refuseSteps(model.graph.nodes, facts, tensor, output);
  const b = GraphBuilder.extending(model);
  const weights = b.input(b.fresh("target_weights"), "float32", [width, 1]);
  const { type } = b.tensorOf(output);
  const typed = type === "float32" ? weights : b.node("Cast", [weights], { to: codeOf(type) });
  const score = b.node("MatMul", [b.node("Flatten", [output], { axis: 1 }), typed]);
  b.clearOutputs();
  b.output(score);
  for (const tensor of keep) b.output(tensor);
  return {
    model: differentiated(b.model(), score, tensors, profile),
    weights,
    width,
    score,
    fixed_batch,
    numbers_each: numbersEach(model, facts),
  };
}

function differentiated(
  model: Model,
  of: string,
  with_respect_to: readonly string[],
  profile: Profile,
): Model {
  try {
    return differentiate(model, { of, with_respect_to, profile, keep_outputs: true });
  } catch (error) {
    if (error instanceof OnnxFault && error.problem.code === "unsupported")
      throw new ExplainFault("gradient_missing", error.problem.message);
    throw error;
  }
}

/**
 * How many numbers an output has for a row. Throws `ExplainFault`: target_unknown where it is not
 * there or has no floats, gradient_missing where their number is not known.
 */
export function widthOf({ model, facts }: RowModel, output: string): number {
  const names = model.graph.outputs.map(({ name }) => name);
  if (!names.includes(output))
    throw new ExplainFault(
      "target_unknown",
      `the model has no output '${output}'; it has ${names.join(", ")}`,
      "target.output",
    );
  const fact = facts.get(output);
  if (!mayBeFloats(facts, output) || (fact && fact.kind !== "tensor" && fact.kind !== "unknown"))
    throw new ExplainFault("target_unknown", `output '${output}' has no floats`, "target.output");
  const shape = fact?.kind === "tensor" ? fact.shape : null;
  const sizes = staticShape(shape?.slice(1) ?? null);
  if (sizes && shape && shape.length > 0) return countOf(sizes);
  throw new ExplainFault(
    "gradient_missing",
    `how many numbers '${output}' has for a row cannot be told from the graph, as its gradient needs it`,
    "target.output",
  );
}

function numbersEach(model: Model, facts: ReadonlyMap<string, Fact>): number {
  let numbers = 0;
  for (const { outputs } of model.graph.nodes)
    for (const name of outputs) {
      const fact = facts.get(name);
      const shape = fact?.kind === "tensor" ? fact.shape : null;
      const sizes = staticShape(shape?.slice(1) ?? null);
      if (shape && typeof shape[0] !== "number" && sizes) numbers += countOf(sizes);
    }
  return numbers;
}
