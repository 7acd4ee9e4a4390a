import type { Context } from "hono";
import { openDirectory } from "../../../database/directory.ts";
import {
  findModel,
  type ModelAliasRow,
  type ModelRow,
  type ModelVersionRow,
} from "../../../database/models.ts";
import type { AliasView, DerivedFrom, ModelView, VersionView } from "../../../contract/model.ts";
import type { ModelRefusal, ModelVersion } from "../../../contract/model-lease.ts";
import type { Derivation } from "../../../domain/models/derivation.ts";
import type { Result } from "../../../domain/result.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import { modelProblem } from "../leases/model-leases.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { instant } from "../http/times.ts";

/** The caller's model of this name and a way to its actor. */
export async function ownedModel(c: Context<AppEnv>, name: string) {
  const { owner_id } = c.get("admission").principal;
  const row = await findModel(openDirectory(c.env.DB), owner_id, name);
  if (!row) throw new ApiProblem("model_not_found", `you have no model named '${name}'`);
  return { row, open: () => c.env.MODEL.getByName(row.id) };
}

/** A version of the caller's model, and the model to add another to. */
export async function ownedVersion(c: Context<AppEnv>, name: string, version: number) {
  const { row, open } = await ownedModel(c, name);
  const found: Result<ModelVersion, ModelRefusal> = await callActor(open, (actor) =>
    actor.resolve({ version }),
  );
  if (!found.ok) throw modelProblem(name, found.error);
  return { target: { name, id: row.id, open }, found: found.value };
}

export const viewAlias = ({
  alias,
  version,
  updated_at,
}: Omit<ModelAliasRow, "model_id">): AliasView => ({
  alias,
  version,
  updated_at: instant(updated_at),
});

export const viewModel = (row: ModelRow, aliases: readonly ModelAliasRow[]): ModelView => ({
  id: row.id,
  name: row.name,
  description: row.description,
  latest_version: row.latest_version,
  aliases: aliases.filter(({ model_id }) => model_id === row.id).map(viewAlias),
  created_at: instant(row.created_at),
  updated_at: instant(row.updated_at),
});

export const viewVersion = (name: string, row: Omit<ModelVersionRow, "model_id">): VersionView => ({
  model: name,
  version: row.version,
  sha256: row.sha256,
  size_bytes: row.size_bytes,
  description: row.description,
  inputs: row.signature.inputs,
  outputs: row.signature.outputs,
  created_at: instant(row.created_at),
  created_by: row.created_by,
  derived_from: row.derived_from && viewDerivation(row.derived_from),
  details: row.details,
});

const viewDerivation = ({ options, report, at, ...rest }: Derivation): DerivedFrom => ({
  ...rest,
  options: { ...options },
  report: { ...report },
  at: instant(at),
});
