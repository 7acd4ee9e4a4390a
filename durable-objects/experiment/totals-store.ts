import {
  countRequest,
  noRequests,
  type RequestCounts,
} from "../../domain/experiments/request-counts.ts";
import type { RecordedOutcome } from "../../domain/experiments/record-outcome.ts";
import type { Cell } from "../../domain/experiments/totals.ts";
import {
  addBivariate,
  type BivariateMoments,
  noBivariate,
  removeBivariate,
} from "../../domain/statistics/bivariate-moments.ts";
import {
  addObservation,
  type Moments,
  noMoments,
  removeObservation,
} from "../../domain/statistics/moments.ts";
import { binOf } from "../../domain/statistics/quantile-sketch.ts";

const LATENCY = "";
const METRICS_KEPT = 100;

type Held = {
  epoch: number;
  variant: number;
  counts: RequestCounts;
  units: number;
  covariate: BivariateMoments;
  bins: Map<number, number>;
  /** By metric name; latency is under the empty name, which no metric has. */
  moments: Map<string, Moments>;
  /** What it adds up to, until it changes. */
  cell: Cell | undefined;
  changedBins: Set<number>;
  changedMoments: Set<string>;
};

type CellRow = RequestCounts & {
  epoch: number;
  variant: number;
  units: number;
  covariate: string | null;
};
type MomentRow = {
  epoch: number;
  variant: number;
  metric: string;
  count: number;
  sum_high: number;
  sum_low: number;
  squares_high: number;
  squares_low: number;
};
type BinRow = { epoch: number; variant: number; bin: number; count: number };

/**
 * Running totals of every epoch and variant: held in memory, written through. `add` and `remove`
 * change memory and note what changed; `save` writes just that, in the transaction of the outcomes.
 */
export class TotalsStore {
  readonly #sql: SqlStorage;
  /** Under which of a caller's metrics the covariate is paired. */
  readonly #primaryMetric: string;
  readonly #held = new Map<string, Held>();
  readonly #changed = new Set<Held>();
  readonly #metricNames = new Map<number, Set<string>>();

  constructor(sql: SqlStorage, primaryMetric: string) {
    this.#sql = sql;
    this.#primaryMetric = primaryMetric;
    this.#load();
  }

  /** Whether the variant can take these metric names without keeping too many in all. */
  hasRoomFor(variant: number, metrics: Record<string, number>): boolean {
    const kept = this.#metricNames.get(variant) ?? new Set();
    const fresh = Object.keys(metrics).filter((name) => !kept.has(name)).length;
    return fresh === 0 || kept.size + fresh <= METRICS_KEPT;
  }

  addUnit(variant: number, epoch: number): void {
    this.#touch(epoch, variant).units += 1;
  }

  add(variant: number, outcome: RecordedOutcome): void {
    this.#apply(variant, outcome, 1);
  }

  remove(variant: number, outcome: RecordedOutcome): void {
    this.#apply(variant, outcome, -1);
  }

  #apply(variant: number, outcome: RecordedOutcome, by: 1 | -1): void {
    const { epoch, latency_ms, metrics, covariate } = outcome;
    const held = this.#touch(epoch, variant);
    held.counts = countRequest(held.counts, outcome, by);
    if (latency_ms !== null) {
      const bin = binOf(latency_ms);
      held.bins.set(bin, (held.bins.get(bin) ?? 0) + by);
      held.changedBins.add(bin);
      observe(held, LATENCY, latency_ms, by);
    }
    for (const [name, value] of Object.entries(metrics)) {
      observe(held, name, value, by);
      this.#nameMetric(variant, name);
    }
    const primary = Object.hasOwn(metrics, this.#primaryMetric)
      ? metrics[this.#primaryMetric]
      : undefined;
    if (covariate === null || primary === undefined) return;
    const change = by === 1 ? addBivariate : removeBivariate;
    held.covariate = change(held.covariate, covariate, primary);
  }

  /** Answers with the epochs whose totals have changed. */
  save(): Set<number> {
    const epochs = new Set<number>();
    for (const held of this.#changed) {
      epochs.add(held.epoch);
      const { epoch, variant, counts, units, covariate } = held;
      this.#sql.exec(
        `INSERT OR REPLACE INTO cell
           (epoch, variant, requests, errors, reported, reported_errors, units, covariate)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        epoch,
        variant,
        counts.requests,
        counts.errors,
        counts.reported,
        counts.reported_errors,
        units,
        covariate === noBivariate ? null : JSON.stringify(covariate),
      );
      const bins = [...held.changedBins].map((bin) => [bin, held.bins.get(bin) ?? 0]);
      if (bins.length > 0)
        this.#sql.exec(
          `INSERT OR REPLACE INTO cell_bin (epoch, variant, bin, count)
           SELECT ?, ?, value ->> 0, value ->> 1 FROM json_each(?)`,
          epoch,
          variant,
          JSON.stringify(bins),
        );
      for (const metric of held.changedMoments) this.#saveMoments(held, metric);
      held.changedBins.clear();
      held.changedMoments.clear();
    }
    this.#changed.clear();
    return epochs;
  }

  #saveMoments({ epoch, variant, moments }: Held, metric: string): void {
    const { count, sum, sumOfSquares } = moments.get(metric) ?? noMoments;
    this.#sql.exec(
      `INSERT OR REPLACE INTO cell_moment
         (epoch, variant, metric, count, sum_high, sum_low, squares_high, squares_low)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      epoch,
      variant,
      metric,
      count,
      ...sum,
      ...sumOfSquares,
    );
  }

  cells(): Cell[] {
    return Array.from(this.#held.values(), (held) => (held.cell ??= cellOf(held)));
  }

  #touch(epoch: number, variant: number): Held {
    const key = `${epoch}/${variant}`;
    const held = this.#held.get(key) ?? nothing(epoch, variant);
    held.cell = undefined;
    this.#held.set(key, held);
    this.#changed.add(held);
    return held;
  }

  #nameMetric(variant: number, name: string): void {
    const names = this.#metricNames.get(variant) ?? new Set();
    this.#metricNames.set(variant, names.add(name));
  }

  #load(): void {
    for (const { epoch, variant, units, covariate, ...counts } of this.#sql.exec<CellRow>(
      "SELECT * FROM cell",
    )) {
      const held = this.#touch(epoch, variant);
      held.counts = counts;
      held.units = units;
      if (covariate !== null) held.covariate = JSON.parse(covariate) as BivariateMoments;
    }
    // A shard takes away what was counted before it was there, so its own counts may be negative.
    for (const row of this.#sql.exec<BinRow>("SELECT * FROM cell_bin WHERE count <> 0"))
      this.#touch(row.epoch, row.variant).bins.set(row.bin, row.count);
    for (const row of this.#sql.exec<MomentRow>("SELECT * FROM cell_moment")) {
      this.#touch(row.epoch, row.variant).moments.set(row.metric, {
        count: row.count,
        sum: [row.sum_high, row.sum_low],
        sumOfSquares: [row.squares_high, row.squares_low],
      });
      if (row.metric !== LATENCY) this.#nameMetric(row.variant, row.metric);
    }
    this.#changed.clear();
  }
}

const nothing = (epoch: number, variant: number): Held => ({
  epoch,
  variant,
  counts: noRequests,
  units: 0,
  covariate: noBivariate,
  bins: new Map(),
  moments: new Map(),
  cell: undefined,
  changedBins: new Set(),
  changedMoments: new Set(),
});

function cellOf({ epoch, variant, counts, units, covariate, bins, moments }: Held): Cell {
  const { [LATENCY]: latency = noMoments, ...metrics } = Object.fromEntries(moments);
  return { epoch, variant, counts, units, latency, metrics, covariate, bins: [...bins] };
}

function observe(held: Held, metric: string, value: number, by: 1 | -1): void {
  const before = held.moments.get(metric) ?? noMoments;
  const change = by === 1 ? addObservation : removeObservation;
  held.moments.set(metric, change(before, value));
  held.changedMoments.add(metric);
}
