import type { Context } from "hono";
import type * as z from "zod";
import type { ChangeDataset, CreateDataset } from "../../../contract/dataset.ts";
import type { ProblemCode } from "../../../contract/problem.ts";
import {
  type DatasetAccessRow,
  type DatasetRow,
  describeDataset,
  findDataset,
  insertDataset,
  listAccess,
  putAccess,
  removeDataset,
} from "../../../database/datasets.ts";
import { type Directory, openDirectory } from "../../../database/directory.ts";
import { groupsOf } from "../../../database/groups.ts";
import type { Schema } from "../../../domain/datasets/schema.ts";
import { schemaFromColumns } from "../../../domain/datasets/schema-rules/schema-from-columns.ts";
import { checkSchema } from "../../../domain/datasets/schema-rules/check-schema.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { newId } from "../http/ids.ts";
import { ApiProblem } from "../http/problem.ts";
import { granted, orFault } from "./dataset-problem.ts";
import { ownedDataset } from "./owned-dataset.ts";

export const GROUP_PROBLEMS: ProblemCode[] = ["group_not_found"];

type Defined = { row: DatasetRow; access: DatasetAccessRow[] };
type AskedAccess = { group: string; role: "read" | "write" }[];

/** The directory has the name first, and then the actor the rest: a crash in between is made good by asking again. */
export async function defineDataset(
  c: Context<AppEnv>,
  { access_groups, schema, ...asked }: z.output<typeof CreateDataset>,
): Promise<Defined> {
  const declared = schema ? declaredSchema(schema) : null;
  const directory = openDirectory(c.env.DB);
  const { owner_id } = c.get("admission").principal;
  const access = await knownGroups(directory, owner_id, access_groups);
  const now = Date.now();
  const { name, description, format, compatibility, retention, read_options } = asked;
  const id = newId("dat");
  const row: DatasetRow = {
    id,
    owner_id,
    name,
    description,
    format,
    compatibility,
    retention,
    archived_at: null,
    head_id: null,
    head_number: null,
    row_count: null,
    size_bytes: null,
    versions: 0,
    stored_bytes: 0,
    created_at: now,
    updated_at: now,
  };
  if (!(await insertDataset(directory, row, access))) {
    await dropUnfinished(c.env, owner_id, name, now);
    if (!(await insertDataset(directory, row, access))) throw nameTaken(name);
  }
  const definition = {
    dataset_id: id,
    owner_id,
    name,
    format,
    compatibility,
    read_options,
    schema: declared,
    retention,
    created_at: now,
  };
  granted(
    await callActor(
      () => c.env.DATASET.getByName(id),
      (dataset) => dataset.create(definition),
    ),
  );
  return { row, access };
}

export async function redefineDataset(
  c: Context<AppEnv>,
  ref: string,
  { name, description, access_groups, ...change }: z.output<typeof ChangeDataset>,
): Promise<Defined> {
  const { row, open } = await ownedDataset(c, ref);
  const directory = openDirectory(c.env.DB);
  const access = access_groups && (await knownGroups(directory, row.owner_id, access_groups));
  const described = {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
  };
  if (!(await describeDataset(directory, row.id, described))) throw nameTaken(name ?? row.name);
  if (access) await putAccess(directory, row.id, access);
  const { compatibility, retention, updated_at } = granted(
    await callActor(open, (dataset) => dataset.change({ name, ...change })),
  );
  return {
    row: { ...row, ...described, compatibility, retention, updated_at },
    access: access ?? (await listAccess(directory, [row.id])),
  };
}

/** Groups that the owner made or is in. */
async function knownGroups(
  directory: Directory,
  user_id: string,
  asked: AskedAccess,
): Promise<DatasetAccessRow[]> {
  if (asked.length === 0) return [];
  const known = new Set(await groupsOf(directory, user_id));
  const unknown = asked.find(({ group }) => !known.has(group));
  if (unknown)
    throw new ApiProblem(
      "group_not_found",
      `you neither own nor are a member of a group ${unknown.group}`,
      { field: "access_groups" },
    );
  return asked.map(({ group, role }) => ({ group_id: group, role }));
}

const UNFINISHED_MS = 60_000;

/** A name whose dataset was never made, since whoever began it died before its actor heard of it, is free again. */
async function dropUnfinished(
  env: Env,
  owner_id: string,
  name: string,
  now: number,
): Promise<void> {
  const directory = openDirectory(env.DB);
  const row = await findDataset(directory, owner_id, name);
  if (!row || row.created_at > now - UNFINISHED_MS) return;
  const found = await callActor(
    () => env.DATASET.getByName(row.id),
    (dataset) => dataset.describe(),
  );
  if (!found.ok) await removeDataset(directory, row.id);
}

function declaredSchema(asked: NonNullable<z.output<typeof CreateDataset>["schema"]>): Schema {
  return orFault(() => {
    const schema = "columns" in asked ? schemaFromColumns(asked.columns, keysOf(asked)) : asked;
    checkSchema(schema);
    return schema;
  });
}

const keysOf = ({
  primary_key,
  partition_keys,
}: {
  primary_key?: string[] | undefined;
  partition_keys?: string[] | undefined;
}) => ({ ...(primary_key && { primary_key }), ...(partition_keys && { partition_keys }) });

const nameTaken = (name: string): ApiProblem =>
  new ApiProblem("dataset_name_taken", `you have another dataset named '${name}'`);
