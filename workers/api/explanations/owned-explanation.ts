import type { Context } from "hono";
import type { ExplanationSummary } from "../../../contract/explanation-list.ts";
import { openDirectory } from "../../../database/directory.ts";
import { type ExplanationRow } from "../../../database/explanation-row.ts";
import {
  type ExplanationFilter,
  findExplanation,
  type ListedExplanation,
} from "../../../database/explanations.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { instant } from "../http/times.ts";
import { ownedModel } from "../registry/owned-model.ts";

export async function ownedExplanation(c: Context<AppEnv>, id: string): Promise<ExplanationRow> {
  const { owner_id } = c.get("admission").principal;
  const row = await findExplanation(openDirectory(c.env.DB), owner_id, id, Date.now());
  if (!row) throw unknownExplanation(id);
  return row;
}

export const unknownExplanation = (id: string): ApiProblem =>
  new ApiProblem("explanation_not_found", `you have no explanation ${id}; it may have expired`);

type Asked = Omit<ExplanationFilter, "owner_id" | "model_id"> & { model?: string | undefined };

/** What was asked for, of the caller's. */
export async function filterOf(
  c: Context<AppEnv>,
  { model, ...asked }: Asked,
): Promise<ExplanationFilter> {
  const { owner_id } = c.get("admission").principal;
  const model_id = model === undefined ? undefined : (await ownedModel(c, model)).row.id;
  return { ...asked, owner_id, model_id };
}

export const summariseExplanation = (row: ListedExplanation): ExplanationSummary => ({
  explanation_id: row.id,
  kind: row.kind,
  model_id: row.model_id,
  model: row.model,
  model_version: row.version,
  method: row.method,
  prediction_id: row.prediction_id,
  computation_time_ms: row.computation_ms,
  created_at: instant(row.created_at),
  expires_at: instant(row.expires_at),
});
