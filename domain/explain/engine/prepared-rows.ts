import { readDescription, type ModelDescription } from "../../models/description.ts";
import type { Model } from "../../onnx/model.ts";
import type { Feeds } from "../../onnx/rows.ts";
import { feedsFromInputs } from "../../preprocessing/feeds-from-inputs.ts";
import { preparePipeline, type PipelineRun } from "../../preprocessing/prepare-pipeline.ts";
import { fail, ok, type Result } from "../../result.ts";
import { describeValue, type InputProblem } from "../../tensors/input-problem.ts";
import type { Signature, Tensor } from "../../tensors/tensor.ts";
import { ExplainFault } from "../explain-fault.ts";

/** What a model's file says of its inputs. */
export type Preparation = {
  readonly description: ModelDescription | null;
  readonly pipelines: readonly PipelineRun[];
};

export function preparationOf(model: Model): Preparation {
  const description = readDescription(model);
  return { description, pipelines: description?.preprocessing.map(preparePipeline) ?? [] };
}

const isText = (value: unknown): value is string[] =>
  Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string");

/**
 * A request's `inputs` for a model with preprocessing, as rows that can be cut and kept: images
 * become what the model takes, and texts stay texts (a tensor of strings under the input's name),
 * since it is their words that are explained.
 */
export function rowsFromInputs(
  signature: Signature,
  { pipelines }: Preparation,
  inputs: Readonly<Record<string, unknown>>,
): Result<Record<string, Tensor>, InputProblem> {
  const read = feedsFromInputs(withFreeRows(signature), pipelines, inputs);
  if (!read.ok) return read;
  const feeds = { ...read.value.feeds };
  const counts = new Set(Object.values(feeds).map(({ dims }) => dims[0]));
  if (counts.size > 1)
    return fail({
      code: "input_shape",
      input: Object.keys(feeds)[0] ?? "",
      expected: "the same number of rows as the other inputs",
      found: describeValue([...counts]),
    });
  for (const { pipeline } of pipelines) {
    const given = inputs[pipeline.input];
    if (pipeline.kind === "text" && isText(given))
      feeds[pipeline.input] = { type: "string", dims: [given.length], data: given };
  }
  return ok(feeds);
}

/** Any number of rows, also of a model that fixes how many it takes at once. */
const withFreeRows = ({ inputs, outputs }: Signature): Signature => ({
  outputs,
  inputs: inputs.map(({ shape: [rows, ...rest], ...spec }) => ({
    ...spec,
    shape: rows === undefined ? [] : [typeof rows === "number" ? null : rows, ...rest],
  })),
});

/** A text beside the numbers that its pipeline makes of it. */
export type RawText = { readonly run: PipelineRun; readonly texts: readonly string[] };

/** Rows as the model takes them, and the texts that some were made of. Throws `ExplainFault` (value_invalid). */
export function numericFeeds(
  signature: Signature,
  { pipelines }: Preparation,
  feeds: Feeds,
): { feeds: Feeds; raw: RawText | null } {
  let [numeric, raw]: [Feeds, RawText | null] = [feeds, null];
  for (const run of pipelines) {
    const { input } = run.pipeline;
    const tensor = feeds[input];
    const declared = signature.inputs.find(({ name }) => name === input)?.type;
    if (tensor?.type !== "string" || declared === "string" || !isText(tensor.data)) continue;
    numeric = { ...numeric, ...filled(run, tensor.data, signature) };
    raw = { run, texts: tensor.data };
  }
  return { feeds: numeric, raw };
}

/** What the pipeline makes of texts. */
export function filled(
  { run }: PipelineRun,
  texts: readonly string[],
  signature: Signature,
): Feeds {
  const made = run(texts, signature);
  if (made.ok) return made.value;
  const { input, expected, found, path = "" } = made.error;
  throw new ExplainFault(
    "value_invalid",
    `input '${input}'${path}: expected ${expected}, found ${found}`,
    "inputs",
  );
}
