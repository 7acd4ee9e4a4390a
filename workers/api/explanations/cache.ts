import type { Context } from "hono";
import type { ExplainCall } from "../../../contract/explain.ts";
import { canonicalJson } from "../../../domain/text/canonical-json.ts";
import { openDirectory } from "../../../database/directory.ts";
import { type ExplanationRow } from "../../../database/explanation-row.ts";
import {
  addUsage,
  findByCacheKeys,
  putExplanations,
  type Usage,
} from "../../../database/explanations.ts";
import { METHOD_VERSION } from "../../../domain/explain/engine/present.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { BoundedMap } from "../leases/bounded-map.ts";

/**
 * How long an isolate answers from its own copy: the bound on how long one that was deleted
 * elsewhere may still be answered. What it says stays right.
 */
const LEASE_MS = 60_000;
const LARGEST_HELD = 64_000;
const MOST_KEYS = 90;
const DAY_MS = 86_400_000;
const FLUSH_MS = 500;

const held = new BoundedMap<string, { row: ExplanationRow; until: number }>(256);
const uses = new Map<string, Usage>();

/**
 * What names an explanation by all that it depends on: of each row of the call, in hex. That of a
 * kept prediction is its own, so that it is found by the prediction.
 */
export async function cacheKeysOf(
  call: ExplainCall,
  rows: readonly ExplainCall["feeds"][],
  prediction_ids: readonly (string | null)[] | null = null,
): Promise<string[]> {
  const { model, version, background, request } = call;
  const { deadline_ms: _, ...limits } = request.limits;
  // Groups are players in the order that they are given in.
  const groups = request.groups && Object.entries(request.groups);
  const common = canonicalJson({
    method_version: METHOD_VERSION,
    model: model.key,
    version,
    background: background?.id ?? null,
    request: { ...request, limits, groups },
  });
  return Promise.all(rows.map((feeds, at) => keyOf(common + (prediction_ids?.[at] ?? ""), feeds)));
}

async function keyOf(common: string, feeds: Record<string, Tensor>): Promise<string> {
  const parts = Object.entries(feeds)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { type, dims, data }]) => [name, type, dims, contentOf(data)]);
  const text = new TextEncoder().encode(common + JSON.stringify(parts));
  return new Uint8Array(await crypto.subtle.digest("SHA-256", text)).toHex();
}

const contentOf = (data: Tensor["data"]): string | string[] =>
  Array.isArray(data)
    ? data
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength).toHex();

/** What is there already, by key: in this isolate, else in the directory. */
export async function findCached(
  c: Context<AppEnv>,
  keys: readonly string[],
): Promise<Map<string, ExplanationRow>> {
  const { owner_id } = c.get("admission").principal;
  const now = Date.now();
  const found = new Map<string, ExplanationRow>();
  const absent: string[] = [];
  for (const key of new Set(keys)) {
    const copy = held.get(`${owner_id} ${key}`);
    if (copy && now < copy.until) found.set(key, copy.row);
    else absent.push(key);
  }
  const directory = openDirectory(c.env.DB);
  for (let at = 0; at < absent.length; at += MOST_KEYS) {
    const chunk = absent.slice(at, at + MOST_KEYS);
    for (const [key, row] of await findByCacheKeys(directory, owner_id, chunk, now)) {
      found.set(key, row);
      hold(row, now);
    }
  }
  return found;
}

/** Keeps explanations in the directory, and what is short in this isolate too. */
export async function keep(c: Context<AppEnv>, rows: readonly ExplanationRow[]): Promise<void> {
  const now = Date.now();
  await putExplanations(openDirectory(c.env.DB), rows, now);
  for (const row of rows) hold(row, now);
}

function hold(row: ExplanationRow, now: number): void {
  if (row.cache_key === null || row.body.length > LARGEST_HELD) return;
  const until = Math.min(now + LEASE_MS, row.expires_at);
  held.set(`${row.owner_id} ${row.cache_key}`, { row, until });
}

/** This isolate answers from none of these any more. */
export function forgetHeld(isMeant: (row: ExplanationRow) => boolean): void {
  for (const [key, { row }] of held) if (isMeant(row)) held.delete(key);
}

/** Counts for the statistics, told in batches: what an isolate has not told when it ends is not counted. */
export function noteUse(c: Context<AppEnv>, model_id: string, use: Usage): void {
  const { owner_id } = c.get("admission").principal;
  const key = JSON.stringify([owner_id, model_id, Math.floor(Date.now() / DAY_MS)]);
  const waiting = uses.get(key);
  const sum = waiting ?? { hits: 0, misses: 0, computation_ms: 0 };
  sum.hits += use.hits;
  sum.misses += use.misses;
  sum.computation_ms += Math.round(use.computation_ms);
  if (waiting) return;
  uses.set(key, sum);
  c.executionCtx.waitUntil(tell(c.env, key));
}

async function tell(env: Env, key: string): Promise<void> {
  await scheduler.wait(FLUSH_MS);
  const sum = uses.get(key);
  uses.delete(key);
  if (!sum) return;
  const [owner_id, model_id, day] = JSON.parse(key) as [string, string, number];
  try {
    await addUsage(openDirectory(env.DB), { owner_id, model_id, day }, sum);
  } catch (error) {
    console.error(
      JSON.stringify({ event: "explanation_usage_lost", ...sum, error: String(error) }),
    );
  }
}
