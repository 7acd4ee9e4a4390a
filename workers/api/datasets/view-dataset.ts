import type { DatasetVersionView, DatasetView } from "../../../contract/dataset.ts";
import type { UploadView } from "../../../contract/dataset-upload.ts";
import type {
  CommittedVersion,
  DatasetVersionRecord,
  UploadRecord,
} from "../../../contract/dataset-record.ts";
import type { TransformationRecord } from "../../../domain/datasets/transformations/transformation.ts";
import type { DatasetAccessRow, DatasetRow } from "../../../database/datasets.ts";
import { instant } from "../http/times.ts";
import { datasetProblem } from "./dataset-problem.ts";

export const viewDataset = (
  row: DatasetRow,
  access: readonly (DatasetAccessRow & { dataset_id?: string })[],
): DatasetView => ({
  dataset_id: row.id,
  owner_id: row.owner_id,
  name: row.name,
  description: row.description,
  format: row.format,
  compatibility: row.compatibility,
  access_groups: access.map(({ group_id, role }) => ({ group: group_id, role })),
  retention: row.retention,
  archived_at: row.archived_at === null ? null : instant(row.archived_at),
  head:
    row.head_id === null || row.head_number === null
      ? null
      : {
          version_id: row.head_id,
          version_number: row.head_number,
          row_count: row.row_count,
          size_bytes: row.size_bytes ?? 0,
        },
  versions: row.versions,
  stored_bytes: row.stored_bytes,
  created_at: instant(row.created_at),
  updated_at: instant(row.updated_at),
});

/** `head` is the id of the version that is the head. */
export const viewVersion = (
  { name, head_id }: Pick<DatasetRow, "name" | "head_id">,
  { transformation, read_options: _options, created_at, ...record }: DatasetVersionRecord,
): DatasetVersionView => ({
  ...record,
  dataset: name,
  is_head: record.version_id === head_id,
  transformation: transformation && {
    ...(transformation as TransformationRecord),
    executed_at: instant(transformation.executed_at),
  },
  created_at: instant(created_at),
});

export const viewUpload = (
  row: Pick<DatasetRow, "name">,
  { result, refusal, expires_at, size_bytes, ...upload }: UploadRecord,
): UploadView => ({
  ...upload,
  size_bytes: size_bytes ?? 0,
  version: result && viewCommitted(row, result),
  created: result && result.created,
  problem: refusal && datasetProblem(refusal).toBody(upload.upload_id),
  expires_at: instant(expires_at),
});

/** A version that has just become the head. */
export const viewCommitted = (
  { name }: Pick<DatasetRow, "name">,
  { version }: CommittedVersion,
): DatasetVersionView => viewVersion({ name, head_id: version.version_id }, version);
