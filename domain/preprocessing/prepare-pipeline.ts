import { fail, ok, type Result } from "../result.ts";
import { describeValue, type InputProblem } from "../tensors/input-problem.ts";
import type { Signature, Tensor, TensorSpec } from "../tensors/tensor.ts";
import type { Pipeline } from "./pipeline.ts";
import { prepareImage } from "./prepare-image.ts";
import { prepareText } from "./prepare-text.ts";
import type { Values } from "./prepared.ts";
import { writtenTensor } from "./written-tensor.ts";

/** Makes the model's feeds of a batch of raw values; vocabularies are looked up once, before. */
export type PipelineRun = {
  readonly pipeline: Pipeline;
  readonly run: (
    values: readonly unknown[],
    signature: Signature,
  ) => Result<Record<string, Tensor>, InputProblem>;
};

/** The pipeline ready to run. A run refuses what is no such text or image, and never throws. */
export function preparePipeline(pipeline: Pipeline): PipelineRun {
  const prepared = pipeline.kind === "text" ? prepareText(pipeline) : prepareImage(pipeline);
  return {
    pipeline,
    run(values, { inputs }) {
      if (values.length === 0)
        return fail({
          code: "input_shape",
          input: pipeline.input,
          expected: `a list of at least one ${pipeline.kind}`,
          found: describeValue(values),
        });
      const made = prepared(values);
      if (!made.ok) return made;
      const feeds: Record<string, Tensor> = {};
      for (const [name, filled] of made.value) {
        const spec = inputs.find((input) => input.name === name);
        const tensor = spec && tensorOf(spec, filled);
        if (tensor) feeds[name] = tensor;
      }
      return ok(feeds);
    },
  };
}

const tensorOf = ({ type }: TensorSpec, { dims, values }: Values): Tensor | undefined =>
  type === "string" ? undefined : writtenTensor(type, dims, values);
