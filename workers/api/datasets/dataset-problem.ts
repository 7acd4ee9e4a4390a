import type { DatasetRefusal, DatasetVersionSelector } from "../../../contract/dataset-record.ts";
import type { DataError } from "../../../contract/dataset-work.ts";
import type { ProblemCode } from "../../../contract/problem.ts";
import {
  DatasetFault,
  type DatasetFaultCode,
  type DatasetProblem,
} from "../../../domain/datasets/dataset-fault.ts";
import type { Result } from "../../../domain/result.ts";
import { ApiProblem } from "../http/problem.ts";
import { instant } from "../http/times.ts";

const CODES: Record<DatasetFaultCode, ProblemCode> = {
  file_invalid: "data_invalid",
  file_unsupported: "data_unsupported",
  file_too_large: "data_too_large",
  schema_invalid: "schema_invalid",
  schema_mismatch: "schema_mismatch",
  schema_incompatible: "schema_incompatible",
  column_unknown: "column_unknown",
  option_invalid: "dataset_option_invalid",
  transformation_invalid: "transformation_invalid",
  data_missing: "data_missing",
  cancelled: "unavailable",
};

/** The problems of reading data. */
export const DATA_FAULTS: ProblemCode[] = [...new Set(Object.values(CODES))];

export const faultProblem = ({ code, message, ...at }: DatasetProblem): ApiProblem =>
  new ApiProblem(CODES[code], message, at);

/** What a refusal of a dataset's actor means to the caller. */
export function datasetProblem(refusal: DatasetRefusal): ApiProblem {
  switch (refusal.code) {
    case "dataset_not_found":
      return new ApiProblem("dataset_not_found", "the dataset was deleted");
    case "dataset_archived":
      return new ApiProblem(
        "dataset_archived",
        "the dataset is archived and takes no more versions: restore it first",
      );
    case "dataset_version_not_found":
      return new ApiProblem("dataset_version_not_found", describeMissing(refusal.asked));
    case "parent_not_found":
      return new ApiProblem(
        "dataset_version_not_found",
        `there is no version ${refusal.version_id} to be a parent`,
      );
    case "dataset_version_in_use": {
      const { code, ...members } = refusal;
      return new ApiProblem(code, `${members.version_id} ${reasons(members)}`, members);
    }
    case "dataset_in_use":
      return new ApiProblem(
        "dataset_in_use",
        `${refusal.used_by.length} of its versions are in use or pinned`,
        { used_by: refusal.used_by.slice(0, 20) },
      );
    case "head_moved": {
      const { found, found_number } = refusal;
      const now =
        found === null ? "there is no version" : `the head is version ${found_number} (${found})`;
      return new ApiProblem("head_moved", now, { found, found_number });
    }
    case "upload_not_found":
      return new ApiProblem(
        "dataset_upload_not_found",
        "the dataset has no such upload that takes more: it has ended, or waited for a day",
      );
    case "upload_incomplete":
      return new ApiProblem(
        "upload_incomplete",
        `${refusal.missing} chunks of the file have not been sent`,
        { missing: refusal.missing },
      );
    case "tag_not_found":
      return new ApiProblem("dataset_tag_not_found", `the dataset has no tag '${refusal.tag}'`);
    case "data_refused":
      return faultProblem(refusal.problem);
    case "busy":
      return busy();
  }
}

const busy = (): ApiProblem =>
  new ApiProblem("unavailable", "the data Worker is busy", {}, { "retry-after": "2" });

export const dataProblem = (error: DataError): ApiProblem =>
  error.code === "busy" ? busy() : faultProblem(error.problem);

/** The value, or the problem that it was refused with. */
export function granted<T>(result: Result<T, DatasetRefusal>): T {
  if (!result.ok) throw datasetProblem(result.error);
  return result.value;
}

export function worked<T>(result: Result<T, DataError>): T {
  if (!result.ok) throw dataProblem(result.error);
  return result.value;
}

function describeMissing({
  version_id,
  version_number,
  tag,
  as_of,
}: DatasetVersionSelector): string {
  if (version_id !== undefined) return `the dataset has no version ${version_id}`;
  if (version_number !== undefined) return `the dataset has no version ${version_number}`;
  if (tag !== undefined) return `the dataset has no tag '${tag}'`;
  if (as_of !== undefined) return `the dataset had no version at ${instant(as_of)}`;
  return "the dataset has no version yet";
}

const reasons = (use: {
  used_by: string[];
  pinned: boolean;
  tags: string[];
  is_head: boolean;
}): string =>
  [
    ...(use.is_head ? ["is the head"] : []),
    ...(use.pinned ? ["is pinned"] : []),
    ...(use.tags.length > 0 ? [`is tagged ${use.tags.join(", ")}`] : []),
    ...(use.used_by.length > 0 ? [`is used by ${use.used_by.slice(0, 5).join(", ")}`] : []),
  ].join(" and ");

/** What the work gives; what it finds at fault is a problem. */
export function orFault<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof DatasetFault ? faultProblem(error.problem) : error;
  }
}
