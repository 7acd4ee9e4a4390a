import { checkDescription } from "../../domain/models/check-description.ts";
import {
  DESCRIPTION_KEY,
  type ModelDescription,
  readDescription,
} from "../../domain/models/description.ts";
import { type ModelDetails, detailsOf } from "../../domain/models/details.ts";
import { readMetadata } from "../../domain/onnx/codec/onnx-file.ts";
import { attempt, type OnnxProblem } from "../../domain/onnx/onnx-fault.ts";
import { type PipelineRun, preparePipeline } from "../../domain/preprocessing/prepare-pipeline.ts";
import { ok, type Result } from "../../domain/result.ts";
import type { Signature } from "../../domain/tensors/tensor.ts";

/** What a file says of its model, with its pipelines ready to run. */
export type Described = {
  description: ModelDescription;
  pipelines: PipelineRun[];
  /** Estimate of the memory that it holds. */
  bytes: number;
};

/** For each character of the JSON; 6 were measured with 30,000 word pieces. */
const BYTES_PER_CHARACTER = 8;

/** Null where the file says nothing. A description that is none fails here, not at every run. */
export const describe = (file: Uint8Array): Result<Described | null, OnnxProblem> =>
  attempt(() => {
    const metadata = readMetadata(file);
    const description = readDescription({ metadata });
    if (description === null) return null;
    const { length } = metadata.find(({ key }) => key === DESCRIPTION_KEY)?.value ?? "";
    return {
      description,
      pipelines: description.preprocessing.map(preparePipeline),
      bytes: BYTES_PER_CHARACTER * length,
    };
  });

/** What is kept beside the version, once the description fits the model. */
export function checkedDetails(
  described: Result<Described | null, OnnxProblem>,
  signature: Signature,
): Result<ModelDetails | null, OnnxProblem> {
  if (!described.ok) return described;
  if (described.value === null) return ok(null);
  const { description } = described.value;
  return attempt(() => {
    checkDescription(description, signature);
    return detailsOf(description);
  });
}
