import type { Context } from "hono";
import type { ExplainedRow, ExplainError, StreamedLine } from "../../../contract/explain.ts";
import { localRow } from "../../../database/explanation-row.ts";
import type { Result } from "../../../domain/result.ts";
import type { AppEnv } from "../http/app-env.ts";
import { cacheKeysOf, findCached, keep, noteUse } from "./cache.ts";
import { explainProblem } from "./explain-problem.ts";
import { MOST_PIECE_COST } from "./read-call.ts";
import type { AskedExplanation } from "./read-explanation.ts";
import { viewExplanation } from "./view-explanation.ts";

export const EVENT_STREAM = "text/event-stream";
const HEADERS = {
  "content-type": EVENT_STREAM,
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
};

type Send = (event: "estimate" | "explanation" | "problem", data: object) => Promise<void>;

/**
 * The explanation as server-sent events: `estimate` after each refinement, then `explanation`, or
 * `problem`. What can be refused before the first estimate is refused as any request is.
 */
export async function streamExplanation(c: Context<AppEnv>, asked: AskedExplanation) {
  const { call, keeping } = asked;
  const [cache_key = ""] = await cacheKeysOf(call, [call.feeds], [asked.origin.prediction_id]);
  const cached = keeping.fresh ? undefined : (await findCached(c, [cache_key])).get(cache_key);
  const lines = cached ? null : await openLines(c, asked);
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const send: Send = (event, data) =>
    writer.write(encoder.encode(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`));
  const work = async (): Promise<void> => {
    if (cached) {
      noteUse(c, asked.origin.model_id, { hits: 1, misses: 0, computation_ms: 0 });
      await send("explanation", viewExplanation(cached, true));
    } else if (lines) await forward(c, asked, cache_key, lines, send);
    await writer.close();
  };
  // A reader that goes away ends the work: writing to it fails, and so the lines are cancelled.
  c.executionCtx.waitUntil(
    work().catch((error: unknown) => writer.abort(error).catch(() => undefined)),
  );
  return c.body(readable, 200, HEADERS);
}

async function openLines(
  c: Context<AppEnv>,
  { call }: AskedExplanation,
): Promise<ReadableStream<Uint8Array>> {
  const answer = (await c.env.EXPLAIN.stream(
    // Whoever reads estimates as they come may wait for more of them.
    { ...call, most_cost: MOST_PIECE_COST },
    c.get("trace"),
  )) as Result<ReadableStream<Uint8Array>, ExplainError>;
  if (!answer.ok) throw explainProblem(answer.error);
  return answer.value;
}

async function forward(
  c: Context<AppEnv>,
  { origin, keeping }: AskedExplanation,
  cache_key: string,
  lines: ReadableStream<Uint8Array>,
  send: Send,
): Promise<void> {
  for await (const line of linesOf(lines)) {
    const streamed = JSON.parse(line) as StreamedLine;
    if (streamed.kind === "estimate") await send("estimate", streamed.row.explained);
    else if (streamed.kind === "failed")
      await send("problem", explainProblem(streamed.error).toBody(c.get("trace").request_id));
    else await send("explanation", await kept(streamed.row));
  }

  async function kept(row: ExplainedRow) {
    const now = Date.now();
    const made = localRow(origin, row, { cache_key, now, expires_at: now + keeping.ttl_ms });
    if (keeping.ttl_ms > 0) await keep(c, [made]);
    noteUse(c, origin.model_id, { hits: 0, misses: 1, computation_ms: row.computation_time_ms });
    return viewExplanation(made, false);
  }
}

async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    yield* parts;
  }
}
