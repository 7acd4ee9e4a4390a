import type { Context } from "hono";
import type { DatasetRefusal, DatasetVersionRecord } from "../../../contract/dataset-record.ts";
import type { AskedVersion } from "../../../contract/transformation.ts";
import type { Inspection } from "../../../domain/datasets/inspection.ts";
import type { Schema } from "../../../domain/datasets/schema.ts";
import type { Result } from "../../../domain/result.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { granted } from "../datasets/dataset-problem.ts";
import { readableDataset, readableVersion, selectorOf } from "../datasets/owned-dataset.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";

export type FoundVersion = { dataset_id: string; record: DatasetVersionRecord; schema: Schema };
type Inspected = { record: DatasetVersionRecord; inspection: Inspection };

/** A version that the caller may read, and its columns. */
export async function findAsked(c: Context<AppEnv>, asked: AskedVersion): Promise<FoundVersion> {
  const byId = typeof asked === "string";
  const { row, open } = await (byId
    ? readableVersion(c, asked)
    : readableDataset(c, asked.dataset));
  const selector = selectorOf(byId ? asked : asked.version);
  const found = granted(
    (await callActor(open, (dataset) => dataset.inspected(selector))) as Result<
      Inspected,
      DatasetRefusal
    >,
  );
  const { schema } = found.inspection;
  if (!schema)
    throw new ApiProblem(
      "transformation_invalid",
      `${found.record.version_id} is stored as it is and never read: it has no columns`,
      { field: "source_versions" },
    );
  return { dataset_id: row.id, record: found.record, schema };
}

/** A version that the caller may read, whether it has columns or not. */
export async function findRecord(
  c: Context<AppEnv>,
  { dataset, version }: { dataset: string; version: string },
): Promise<DatasetVersionRecord> {
  const { open } = await readableDataset(c, dataset);
  const selector = selectorOf(version);
  const found = await callActor(open, (actor) => actor.find(selector));
  return granted(found as Result<DatasetVersionRecord, DatasetRefusal>);
}
