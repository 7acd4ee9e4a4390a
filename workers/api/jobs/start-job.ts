import type { Context } from "hono";
import type { ExplainCall } from "../../../contract/explain.ts";
import { canonicalJson } from "../../../domain/text/canonical-json.ts";
import type { JobDefinition, JobPiece, JobRecord } from "../../../contract/job-work.ts";
import { openDirectory } from "../../../database/directory.ts";
import { type JobRow, putJobStatus, reserveJob } from "../../../database/jobs.ts";
import { range } from "../../../domain/onnx/train/samples.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { newId } from "../http/ids.ts";
import { ApiProblem } from "../http/problem.ts";
import { cacheKeysOf, noteUse } from "../explanations/cache.ts";
import { explainProblem } from "../explanations/explain-problem.ts";
import { takeFeeds } from "../explanations/explain-rows.ts";
import { MOST_NUMBERS, MOST_PIECE_COST, numbersOf, rowCountOf } from "../explanations/read-call.ts";

/** Rows whose explanations one call of a job makes. */
const MOST_ROWS = 64;
/** Below what an actor keeps in one value. */
const PIECE_BYTES = 1_000_000;

export type Work = Pick<
  JobDefinition,
  "kind" | "model" | "model_id" | "version" | "summary" | "ttl_ms"
> & {
  prediction_ids: readonly string[] | null;
};

/** Explains the rows of the call by and by; the same work that is under way already is not begun again. */
export async function startJob(
  c: Context<AppEnv>,
  { feeds, ...common }: ExplainCall,
  { prediction_ids, ...work }: Work,
  cost_per_row: number,
): Promise<JobRecord> {
  if (cost_per_row > MOST_PIECE_COST)
    throw explainProblem({ code: "too_much", cost_per_row, limit: MOST_PIECE_COST });
  if (common.background && sizeOf(common.background.feeds) > PIECE_BYTES)
    throw new ApiProblem(
      "explanation_invalid",
      "the background is too large for a job: keep a smaller set of it with PUT …/backgrounds/{name}",
      { field: "background" },
    );
  const rows = rowCountOf(feeds);
  const keys = await cacheKeysOf(
    { ...common, feeds },
    range(0, rows).map((at) => takeFeeds(feeds, [at])),
    prediction_ids,
  );
  const each = rowsOfPiece(feeds, rows, cost_per_row);
  const pieces = Array.from({ length: Math.ceil(rows / each) }, (_, at): JobPiece => {
    const own = range(at * each, Math.min(rows, (at + 1) * each));
    return {
      feeds: takeFeeds(feeds, own),
      rows: own.map((row) => ({
        explanation_id: newId("xpl"),
        prediction_id: prediction_ids?.[row] ?? null,
        cache_key: keys[row] ?? "",
      })),
    };
  });
  const row = await reserve(c, work, rows, await hashOf([work.kind, work.summary?.request, keys]));
  const definition: JobDefinition = {
    ...work,
    job_id: row.id,
    owner_id: c.get("admission").principal.owner_id,
    call: { ...common, most_cost: MOST_PIECE_COST },
    rows,
    created_at: row.created_at,
  };
  if (!row.isUnderWay) noteUse(c, work.model_id, { hits: 0, misses: rows, computation_ms: 0 });
  try {
    // Also of one that is under way: whoever reserved it may have died before it began.
    return await callActor(
      () => c.env.JOB.getByName(row.id),
      (actor) => actor.begin(definition, pieces),
    );
  } catch (error) {
    if (row.isUnderWay) throw error;
    const standing = { status: "failed", ended_at: Date.now() } as const;
    await putJobStatus(openDirectory(c.env.DB), row.id, standing);
    throw error;
  }
}

/** As many rows as a call may explain, and as an actor keeps together. */
function rowsOfPiece(feeds: ExplainCall["feeds"], rows: number, cost_per_row: number): number {
  const affordable = Math.floor(MOST_PIECE_COST / 4 / cost_per_row);
  const answered = Math.floor(MOST_NUMBERS / Math.max(1, numbersOf(feeds) / rows));
  const kept = Math.floor(PIECE_BYTES / Math.max(1, sizeOf(feeds) / rows));
  if (kept < 1)
    throw new ApiProblem("body_too_large", `a row of a job has at most ${PIECE_BYTES} bytes`);
  return Math.max(1, Math.min(MOST_ROWS, affordable, kept, answered));
}

const sizeOf = (feeds: ExplainCall["feeds"] | NonNullable<ExplainCall["background"]>["feeds"]) =>
  Object.values(feeds).reduce(
    (sum, { data }) =>
      sum +
      (Array.isArray(data)
        ? data.reduce((length, text) => length + 2 * text.length, 0)
        : data.byteLength),
    0,
  );

const hashOf = async (value: unknown): Promise<string> => {
  const text = new TextEncoder().encode(canonicalJson(value));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", text)).toHex();
};

async function reserve(
  c: Context<AppEnv>,
  { kind, model_id, model, version }: Pick<Work, "kind" | "model_id" | "model" | "version">,
  rows: number,
  request_hash: string,
): Promise<JobRow & { isUnderWay: boolean }> {
  const row: JobRow = {
    id: newId("job"),
    owner_id: c.get("admission").principal.owner_id,
    kind,
    status: "queued",
    model_id,
    model,
    version,
    rows,
    request_hash,
    created_at: Date.now(),
    ended_at: null,
  };
  const reserved = await reserveJob(openDirectory(c.env.DB), row);
  return { ...reserved, isUnderWay: reserved.id !== row.id };
}

/** How the caller's job stands. */
export async function describe(c: Context<AppEnv>, id: string): Promise<JobRecord> {
  const found = await callActor(
    () => c.env.JOB.getByName(id),
    (actor) => actor.describe(),
  );
  if (!found.ok) throw unknownJob(id);
  return found.value;
}

export const unknownJob = (id: string): ApiProblem =>
  new ApiProblem("job_not_found", `you have no job ${id}; one that ended is kept for a week`);
