import type { DriftExplained } from "../domain/explain/engine/drift-of-explanations.ts";
import type { GlobalExplained } from "../domain/explain/engine/summarise-explanations.ts";
import type { Explained, Method } from "../domain/explain/explanation.ts";
import type { explanation, ExplanationKind } from "./schema.ts";

export type ExplanationRow = typeof explanation.$inferSelect;

/** Whose explanation it is, and of what; its id is given out before it is made. */
export type Origin = {
  explanation_id: string;
  owner_id: string;
  model_id: string;
  model: string;
  version: number;
  prediction_id: string | null;
};
export type Keep = { cache_key: string | null; now: number; expires_at: number };

type Made<T> = { explained: T; computation_time_ms: number };
/** What the body of a row has beside what its columns say. */
export type Body<T> = T & { model: string; computation_time_ms: number };

/** A row of D1 has 2 MB at most. */
const LARGEST_BODY = 1_900_000;

export function localRow(origin: Origin, made: Made<Explained>, keep: Keep): ExplanationRow {
  // What ended for want of time is not what another request with more of it should get.
  const cache_key = made.explained.stopped === "deadline" ? null : keep.cache_key;
  const row = rowOf("local", origin, made, { ...keep, cache_key });
  if (row.body.length <= LARGEST_BODY) return row;
  const notes = [...made.explained.notes, "the input is left out, as it is too large to be kept"];
  const explained = { ...made.explained, input: null, notes };
  return rowOf("local", origin, { ...made, explained }, { ...keep, cache_key });
}

export const globalRow = (
  origin: Origin,
  made: Made<GlobalExplained>,
  keep: Keep,
): ExplanationRow => rowOf("global", origin, made, keep);

export const driftRow = (origin: Origin, made: Made<DriftExplained>, keep: Keep): ExplanationRow =>
  rowOf("drift", origin, made, keep);

function rowOf<T extends { method: Method }>(
  kind: ExplanationKind,
  { explanation_id, owner_id, model_id, model, version, prediction_id }: Origin,
  { explained, computation_time_ms }: Made<T>,
  { cache_key, now, expires_at }: Keep,
): ExplanationRow {
  const body: Body<T> = { ...explained, model, computation_time_ms };
  return {
    id: explanation_id,
    owner_id,
    model_id,
    version,
    kind,
    method: explained.method,
    prediction_id,
    cache_key,
    body: JSON.stringify(body),
    computation_ms: Math.round(computation_time_ms),
    created_at: now,
    expires_at,
  };
}
