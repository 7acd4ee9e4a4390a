import type { Context } from "hono";
import type { ExplainCall, ExplainedRow, ExplainError } from "../../../contract/explain.ts";
import { type ExplanationRow, localRow, type Origin } from "../../../database/explanation-row.ts";
import { fail, ok, type Result } from "../../../domain/result.ts";
import { range, takeRows } from "../../../domain/onnx/train/samples.ts";
import type { AppEnv } from "../http/app-env.ts";
import { cacheKeysOf, findCached, keep, noteUse } from "./cache.ts";
import { rowCountOf } from "./read-call.ts";

/** Calls of one request that may be under way together. A Worker has six connections. */
const TOGETHER = 4;
/** Fewer rows than this are not worth a call of their own. */
const LEAST_ROWS = 8;

export type Kept = { row: ExplanationRow; cached: boolean };
export type Keeping = { fresh: boolean; ttl_ms: number };

/** Some rows of every input. */
export const takeFeeds = (
  feeds: ExplainCall["feeds"],
  rows: readonly number[],
): ExplainCall["feeds"] =>
  Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, takeRows(tensor, rows)]));

/**
 * The explanations of the call's rows, in their order: those that are there already, and the others
 * computed, some calls at a time, and kept. `origins` says where each row came from.
 */
export async function explainRows(
  c: Context<AppEnv>,
  call: ExplainCall,
  origins: readonly Origin[],
  { fresh, ttl_ms }: Keeping,
): Promise<Result<Kept[], ExplainError>> {
  const rows = range(0, rowCountOf(call.feeds));
  const keys = await cacheKeysOf(
    call,
    rows.map((at) => takeFeeds(call.feeds, [at])),
    origins.map(({ prediction_id }) => prediction_id),
  );
  const cached = fresh ? new Map<string, ExplanationRow>() : await findCached(c, keys);
  const absent = rows.filter((at) => !cached.has(keys[at] ?? ""));
  const computed = await computeRows(c, call, absent);
  if (!computed.ok) return computed;

  const now = Date.now();
  const made = new Map<number, ExplanationRow>();
  for (const [index, at] of absent.entries()) {
    const [found, origin, cache_key] = [computed.value[index], origins[at], keys[at]];
    if (found && origin && cache_key)
      made.set(at, localRow(origin, found, { cache_key, now, expires_at: now + ttl_ms }));
  }
  if (ttl_ms > 0) await keep(c, [...made.values()]);
  const [first] = origins;
  if (first)
    noteUse(c, first.model_id, {
      hits: rows.length - absent.length,
      misses: absent.length,
      computation_ms: computed.value.reduce((sum, one) => sum + one.computation_time_ms, 0),
    });
  return ok(
    keys.flatMap((key, at) => {
      const row = made.get(at) ?? cached.get(key);
      return row ? [{ row, cached: !made.has(at) }] : [];
    }),
  );
}

/** Explains the given rows of the call, in calls that are under way together. */
export async function computeRows(
  c: Context<AppEnv>,
  call: ExplainCall,
  rows: readonly number[],
): Promise<Result<ExplainedRow[], ExplainError>> {
  const calls = Math.min(TOGETHER, Math.ceil(rows.length / LEAST_ROWS));
  const each = Math.ceil(rows.length / Math.max(1, calls));
  const parts = Array.from({ length: calls }, (_, at) => rows.slice(at * each, (at + 1) * each));
  const answers = await Promise.all(
    parts.map(
      (part) =>
        c.env.EXPLAIN.explain(
          { ...call, feeds: takeFeeds(call.feeds, part), most_cost: call.most_cost / calls },
          c.get("trace"),
        ) as Promise<Result<ExplainedRow[], ExplainError>>,
    ),
  );
  const refused = answers.find((answer) => !answer.ok);
  if (refused && !refused.ok) return fail(refused.error);
  return ok(answers.flatMap((answer) => (answer.ok ? answer.value : [])));
}
