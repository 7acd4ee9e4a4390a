import type { Context } from "hono";
import { canonicalJson } from "../../../domain/text/canonical-json.ts";
import type { ExplainCall, ExplainError } from "../../../contract/explain.ts";
import type { ExplanationRow, Keep } from "../../../database/explanation-row.ts";
import { range } from "../../../domain/onnx/train/samples.ts";
import { ok, type Result } from "../../../domain/result.ts";
import type { AppEnv } from "../http/app-env.ts";
import { cacheKeysOf, findCached, keep, noteUse } from "./cache.ts";
import { type Keeping, type Kept, takeFeeds } from "./explain-rows.ts";
import { rowCountOf } from "./read-call.ts";

/** What names a summary: the explanations of all rows that it is made of, and how. */
export async function summaryKey(
  kind: string,
  calls: readonly ExplainCall[],
  request: object,
): Promise<string> {
  const keys = calls.map((call) =>
    cacheKeysOf(
      call,
      range(0, rowCountOf(call.feeds)).map((at) => takeFeeds(call.feeds, [at])),
    ),
  );
  const text = canonicalJson([kind, await Promise.all(keys), request]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest).toHex();
}

/** What is kept under the key, else what `make` makes, which is kept from then on. */
export async function keepOnce(
  c: Context<AppEnv>,
  cache_key: string,
  model_id: string,
  { fresh, ttl_ms }: Keeping,
  make: (keep: Keep) => Promise<Result<ExplanationRow, ExplainError>>,
): Promise<Result<Kept, ExplainError>> {
  const cached = fresh ? undefined : (await findCached(c, [cache_key])).get(cache_key);
  if (cached) {
    noteUse(c, model_id, { hits: 1, misses: 0, computation_ms: 0 });
    return ok({ row: cached, cached: true });
  }
  const now = Date.now();
  const made = await make({ cache_key, now, expires_at: now + ttl_ms });
  if (!made.ok) return made;
  if (ttl_ms > 0) await keep(c, [made.value]);
  const { computation_ms } = made.value;
  noteUse(c, model_id, { hits: 0, misses: 1, computation_ms });
  return ok({ row: made.value, cached: false });
}
