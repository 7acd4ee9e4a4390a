import type { VariantReport } from "../../contract/experiment-lease.ts";
import {
  countRequest,
  comparedCounts,
  noRequests,
  type RequestCounts,
} from "../../domain/experiments/request-counts.ts";
import type { RecordedOutcome } from "../../domain/experiments/record-outcome.ts";
import type { GuardedTotals } from "../../domain/experiments/rollback-rule.ts";
import {
  addObservation,
  type Moments,
  noMoments,
  removeObservation,
} from "../../domain/statistics/moments.ts";
import { binOf, quantile } from "../../domain/statistics/quantile-sketch.ts";

const LATENCY = "";
const METRICS_KEPT = 100;

type Tally = {
  counts: RequestCounts;
  bins: Map<number, number>;
  /** By metric name; latency is under the empty name, which no metric has. */
  moments: Map<string, Moments>;
};

type MomentRow = {
  variant: number;
  metric: string;
  count: number;
  sum_high: number;
  sum_low: number;
  squares_high: number;
  squares_low: number;
};

/**
 * Running totals of every variant: held in memory, written through. `add` and `remove` change
 * memory and note what changed; `save` writes just that, in the transaction of the outcomes.
 */
export class TotalsStore {
  readonly #sql: SqlStorage;
  readonly #tallies: Tally[];
  readonly #changedVariants = new Set<number>();
  readonly #changedBins = new Map<number, Set<number>>();
  readonly #changedMoments = new Map<number, Set<string>>();

  constructor(sql: SqlStorage, variants: number) {
    this.#sql = sql;
    this.#tallies = Array.from({ length: variants }, () => ({
      counts: noRequests,
      bins: new Map(),
      moments: new Map(),
    }));
    this.#load();
  }

  /** Whether the variant can take these metric names without keeping too many in all. */
  hasRoomFor(variant: number, metrics: Record<string, number>): boolean {
    const { moments } = this.#tally(variant);
    const fresh = Object.keys(metrics).filter((name) => !moments.has(name)).length;
    const kept = moments.size - (moments.has(LATENCY) ? 1 : 0);
    return fresh === 0 || kept + fresh <= METRICS_KEPT;
  }

  add(variant: number, outcome: RecordedOutcome): void {
    this.#apply(variant, outcome, 1);
  }

  remove(variant: number, outcome: RecordedOutcome): void {
    this.#apply(variant, outcome, -1);
  }

  #apply(variant: number, outcome: RecordedOutcome, by: 1 | -1): void {
    const { latency_ms, metrics } = outcome;
    const tally = this.#tally(variant);
    tally.counts = countRequest(tally.counts, outcome, by);
    this.#changedVariants.add(variant);
    if (latency_ms !== null) {
      const bin = binOf(latency_ms);
      tally.bins.set(bin, (tally.bins.get(bin) ?? 0) + by);
      noted(this.#changedBins, variant).add(bin);
      this.#observe(variant, LATENCY, latency_ms, by);
    }
    for (const [name, value] of Object.entries(metrics)) this.#observe(variant, name, value, by);
  }

  #observe(variant: number, metric: string, value: number, by: 1 | -1): void {
    const { moments } = this.#tally(variant);
    const before = moments.get(metric) ?? noMoments;
    moments.set(
      metric,
      by === 1 ? addObservation(before, value) : removeObservation(before, value),
    );
    noted(this.#changedMoments, variant).add(metric);
  }

  save(): void {
    for (const variant of this.#changedVariants) {
      const { requests, errors, reported, reported_errors } = this.#tally(variant).counts;
      this.#sql.exec(
        `INSERT OR REPLACE INTO tally (variant, requests, errors, reported, reported_errors)
         VALUES (?, ?, ?, ?, ?)`,
        variant,
        requests,
        errors,
        reported,
        reported_errors,
      );
    }
    const bins: [number, number, number][] = [];
    for (const [variant, changed] of this.#changedBins)
      for (const bin of changed) bins.push([variant, bin, this.#tally(variant).bins.get(bin) ?? 0]);
    this.#sql.exec(
      `INSERT OR REPLACE INTO latency_bin (variant, bin, count)
       SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)`,
      JSON.stringify(bins),
    );
    for (const [variant, changed] of this.#changedMoments)
      for (const metric of changed) this.#saveMoments(variant, metric);
    this.#changedVariants.clear();
    this.#changedBins.clear();
    this.#changedMoments.clear();
  }

  #saveMoments(variant: number, metric: string): void {
    const { count, sum, sumOfSquares } = this.#tally(variant).moments.get(metric) ?? noMoments;
    this.#sql.exec(
      `INSERT OR REPLACE INTO moment
         (variant, metric, count, sum_high, sum_low, squares_high, squares_low)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      variant,
      metric,
      count,
      ...sum,
      ...sumOfSquares,
    );
  }

  guarded(variant: number, variant_id: string): GuardedTotals {
    const { counts, bins } = this.#tally(variant);
    return { variant_id, counts, latency_p95_ms: quantile(bins, 0.95) };
  }

  report(
    variant: number,
    { variant_id, is_control }: { variant_id: string; is_control: boolean },
  ): VariantReport {
    const { counts, bins, moments } = this.#tally(variant);
    const { [LATENCY]: latency = noMoments, ...metrics } = Object.fromEntries(moments);
    return {
      variant_id,
      is_control,
      counts,
      ...this.#compared(variant),
      latency,
      latency_p50_ms: quantile(bins, 0.5),
      latency_p95_ms: quantile(bins, 0.95),
      latency_p99_ms: quantile(bins, 0.99),
      metrics,
    };
  }

  #compared(variant: number) {
    const callersReport = this.#tallies.some(({ counts }) => counts.reported > 0);
    return comparedCounts(this.#tally(variant).counts, callersReport);
  }

  #tally(variant: number): Tally {
    const tally = this.#tallies[variant];
    if (!tally) throw new RangeError(`no variant ${variant}`);
    return tally;
  }

  #load(): void {
    for (const { variant, ...counts } of this.#sql.exec<RequestCounts & { variant: number }>(
      "SELECT * FROM tally",
    ))
      this.#tally(variant).counts = counts;
    type BinRow = { variant: number; bin: number; count: number };
    for (const row of this.#sql.exec<BinRow>("SELECT * FROM latency_bin WHERE count > 0"))
      this.#tally(row.variant).bins.set(row.bin, row.count);
    for (const row of this.#sql.exec<MomentRow>("SELECT * FROM moment"))
      this.#tally(row.variant).moments.set(row.metric, {
        count: row.count,
        sum: [row.sum_high, row.sum_low],
        sumOfSquares: [row.squares_high, row.squares_low],
      });
  }
}

function noted<T>(changed: Map<number, Set<T>>, variant: number): Set<T> {
  const known = changed.get(variant) ?? new Set<T>();
  changed.set(variant, known);
  return known;
}
