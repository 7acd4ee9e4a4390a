import type { FlagEvaluations } from "../../../contract/ofrep.ts";
import type { FlagEvaluation } from "../../../domain/ofrep/flag-evaluation.ts";
import { newModel } from "./model-fixtures.ts";
import { call, newKey, succeeds } from "./platform.ts";

export const BULK = "POST /ofrep/v1/evaluate/flags";
export const single = (flag: string) => `${BULK}/${encodeURIComponent(flag)}`;

/** A body that evaluates for this user. */
export const user = (targetingKey: string, more: object = {}) => ({
  context: { targetingKey, ...more },
});

/** An owner with a model `m` of two versions. */
export async function newFlagOwner() {
  const { key, owner_id } = await newKey();
  await newModel(key, "m");
  const evaluate = (flag: string, sent: object = user("u")) =>
    succeeds<FlagEvaluation>(200, single(flag), { key, json: sent });
  const evaluateAll = (query = "", sent: object = user("u")) =>
    call<FlagEvaluations>(`${BULK}${query}`, { key, json: sent });
  const change = (id: string, what: string, json?: object) =>
    succeeds(200, `POST /v1/experiments/${id}/${what}`, { key, ...(json && { json }) });
  return { key, owner_id, evaluate, evaluateAll, change };
}
export type FlagOwner = Awaited<ReturnType<typeof newFlagOwner>>;
