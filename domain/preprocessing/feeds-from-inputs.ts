import { fail, type Result } from "../result.ts";
import type { SymbolSizes } from "../tensors/check-dimensions.ts";
import { checkedTensor } from "../tensors/checked-tensor.ts";
import { collectFeeds, type Feeds } from "../tensors/collect-feeds.ts";
import { tensorFromFlat, tensorFromNested } from "../tensors/from-nested.ts";
import { describeValue, type InputProblem } from "../tensors/input-problem.ts";
import type { Signature, Tensor, TensorSpec } from "../tensors/tensor.ts";
import { filledBy, type Pipeline } from "./pipeline.ts";
import type { PipelineRun } from "./prepare-pipeline.ts";

/**
 * A request's `inputs` as what the model is fed, where some inputs have a pipeline: a list under
 * the name of such an input has raw values, one for each row (rows of numbers are a tensor, where
 * the pipeline is of texts); `{shape, data, dtype?}` is the tensor that the model takes.
 */
export function feedsFromInputs(
  signature: Signature,
  pipelines: readonly PipelineRun[],
  inputs: Readonly<Record<string, unknown>>,
): Result<Feeds, InputProblem> {
  const given: Record<string, Given> = Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, { value }]),
  );
  for (const { pipeline, run } of pipelines) {
    const value = Object.hasOwn(inputs, pipeline.input) ? inputs[pipeline.input] : undefined;
    if (!Array.isArray(value) || !isRaw(pipeline, value)) continue;
    const twice = filledBy(pipeline).find(
      (name) => name !== pipeline.input && Object.hasOwn(inputs, name),
    );
    if (twice !== undefined) return fail(filledTwice(twice, pipeline.input, inputs[twice]));
    const made = run(value, signature);
    if (!made.ok) return made;
    for (const [name, tensor] of Object.entries(made.value)) given[name] = { tensor };
  }
  const prepares = new Set(pipelines.flatMap(({ pipeline }) => filledBy(pipeline)));
  return collectFeeds(signature, given, (spec, entry, sizes) => {
    if ("tensor" in entry) return checkedTensor(spec, entry.tensor, sizes);
    return prepares.has(spec.name)
      ? readTensor(spec, entry.value, sizes)
      : tensorFromNested(spec, entry.value, sizes);
  });
}

type Given = { value: unknown } | { tensor: Tensor };

const isRaw = ({ kind }: Pipeline, value: readonly unknown[]): boolean =>
  kind === "image" || !Array.isArray(value[0]);

const filledTwice = (input: string, by: string, value: unknown): InputProblem => ({
  code: "input_unknown",
  input,
  expected: `nothing, as it is made of the texts of '${by}'`,
  found: describeValue(value),
});

function readTensor(
  spec: TensorSpec,
  value: unknown,
  sizes: SymbolSizes,
): Result<Tensor, InputProblem> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return tensorFromNested(spec, value, sizes);
  const { shape, data, dtype = spec.type } = value as Record<string, unknown>;
  const refuse = (code: "input_shape" | "input_type", expected: string, found: string) =>
    fail({ code, input: spec.name, expected, found });
  const isShape = (sizes: unknown): sizes is number[] =>
    Array.isArray(sizes) && sizes.every((size) => Number.isInteger(size) && Number(size) >= 0);
  if (!isShape(shape) || !Array.isArray(data))
    return refuse("input_shape", "raw values, or {shape, data, dtype?}", describeValue(value));
  if (dtype !== spec.type) return refuse("input_type", spec.type, describeValue(dtype));
  return tensorFromFlat(spec, shape, data, sizes);
}
