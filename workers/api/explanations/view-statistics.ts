import type { ExplanationStatistics } from "../../../contract/explanation-list.ts";
import type { explanationStatistics } from "../../../database/explanations.ts";
import { instantOrNull } from "../http/times.ts";

type Found = Awaited<ReturnType<typeof explanationStatistics>>;

export function viewStatistics(days: number, { usage, kept }: Found): ExplanationStatistics {
  const { hits, misses } = usage;
  const asked = hits + misses;
  const sum = (of: (one: Found["kept"][number]) => number): number =>
    kept.reduce((total, one) => total + of(one), 0);
  const oldest = kept.map((one) => one.oldest);
  const newest = kept.map((one) => one.newest);
  return {
    days,
    hits,
    misses,
    hit_rate: asked === 0 ? null : hits / asked,
    miss_rate: asked === 0 ? null : misses / asked,
    computation_time_ms: usage.computation_ms,
    kept: sum(({ count }) => count),
    kept_bytes: sum(({ bytes }) => bytes),
    oldest_at: instantOrNull(oldest.length === 0 ? null : Math.min(...oldest)),
    newest_at: instantOrNull(newest.length === 0 ? null : Math.max(...newest)),
    by_method: kept.map(({ kind, method, count, bytes }) => ({ kind, method, count, bytes })),
  };
}
