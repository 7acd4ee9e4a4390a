import type { Context } from "hono";
import type * as z from "zod";
import type { BeginUpload } from "../../../contract/dataset-upload.ts";
import type { NewDatasetVersion } from "../../../contract/dataset-record.ts";
import type { ProblemCode } from "../../../contract/problem.ts";
import { checkSchema } from "../../../domain/datasets/schema-rules/check-schema.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { newId } from "../http/ids.ts";
import { granted, orFault } from "./dataset-problem.ts";
import { readableVersion } from "./owned-dataset.ts";

/** What a new version can be refused for beside its data. */
export const VERSION_PROBLEMS: ProblemCode[] = [
  "dataset_not_found",
  "dataset_not_owned",
  "dataset_archived",
  "dataset_version_not_found",
  "head_moved",
  "unavailable",
];

type Asked = Pick<z.output<typeof BeginUpload>, "size_bytes"> &
  Partial<z.output<typeof BeginUpload>>;

/** The terms of a version as its actor takes them; every parent is one that the caller may read. */
export async function termsOf(
  c: Context<AppEnv>,
  open: () => ReturnType<Env["DATASET"]["getByName"]>,
  asked: Asked,
): Promise<NewDatasetVersion> {
  const { parent_version_ids = [], transformation, read_options, if_head, tags = [] } = asked;
  const definition = granted(await callActor(open, (dataset) => dataset.describe()));
  const { schema } = asked;
  if (schema) orFault(() => checkSchema(schema));
  for (const version_id of parent_version_ids) await readableVersion(c, version_id);
  const now = Date.now();
  return {
    size_bytes: asked.size_bytes,
    read_options: {
      ...definition.read_options,
      ...read_options,
      ...(definition.schema && { schema: definition.schema }),
    },
    parent_version_ids,
    transformation: transformation
      ? {
          transformation_id: newId("trn"),
          transformation_type: transformation.transformation_type,
          source_version_ids: parent_version_ids,
          parameters: transformation.parameters,
          output: null,
          code_hash: transformation.code_hash ?? null,
          executable: false,
          executed_at: now,
        }
      : null,
    message: asked.message ?? "",
    tags,
    ...(if_head !== undefined && { if_head: if_head === "none" ? null : if_head }),
    ...(schema && { schema }),
    created_by: c.get("admission").principal.key_id,
  };
}
