import type {
  TransformationStateView,
  TransformationSummary,
} from "../../../contract/transformation.ts";
import type { TransformationDetails } from "../../../contract/transformation-work.ts";
import type { TransformationRow } from "../../../database/transformations.ts";
import type { JsonObject } from "../../../domain/datasets/transformations/parameters.ts";
import { outputWarnings } from "../../../domain/datasets/transformations/output-warnings.ts";
import { instant, instantOrNull } from "../http/times.ts";
import { transformationProblem } from "./transformation-problem.ts";

export function viewTransformation(one: TransformationDetails): TransformationStateView {
  const parameters = (one.fitted_parameters ?? one.parameters) as JsonObject;
  return {
    transformation_id: one.transformation_id,
    transformation_type: one.transformation_type,
    status: one.status,
    source_version_ids: one.sources.map((source) =>
      "version_id" in source ? source.version_id : source.transformation_id,
    ),
    parameters,
    code_hash: one.code_hash,
    attempts: one.attempts,
    rows_read: one.rows_read,
    rows_written: one.rows_written,
    versions: one.made.map((made) => ({
      ...made,
      warnings: outputWarnings(one.transformation_type, parameters, made),
    })),
    problem: one.error && transformationProblem(one.error).toBody(one.transformation_id),
    created_at: instant(one.created_at),
    created_by: one.created_by,
    updated_at: instant(one.updated_at),
    ended_at: instantOrNull(one.ended_at),
  };
}

export const summariseTransformation = (row: TransformationRow): TransformationSummary => ({
  transformation_id: row.id,
  transformation_type: row.type,
  dataset_id: row.dataset_id,
  status: row.status,
  created_at: instant(row.created_at),
  ended_at: instantOrNull(row.ended_at),
});
