import type { Exposure, OutcomeReport, RecordedOutcomes } from "../../contract/experiment-lease.ts";
import type { Variant } from "../../domain/experiments/experiment.ts";
import {
  type OutcomeSource,
  recordOutcome,
  type RecordedOutcome,
} from "../../domain/experiments/record-outcome.ts";
import type { Cell } from "../../domain/experiments/totals.ts";
import { EnrolmentStore } from "./enrolment-store.ts";
import { OutcomeStore } from "./outcome-store.ts";
import { TotalsStore } from "./totals-store.ts";

export type Counted = Omit<RecordedOutcomes, "status">;
export type Counting = {
  variants: readonly Pick<Variant, "variant_id">[];
  primary_metric: string;
};

/**
 * Counts outcomes and units, each once, and keeps what they add up to. It holds totals in memory:
 * throw it away after a transaction that did not commit.
 */
export class OutcomeCounter {
  readonly #indices: ReadonlyMap<string, number>;
  readonly #outcomes: OutcomeStore;
  readonly #enrolments: EnrolmentStore;
  readonly #totals: TotalsStore;

  constructor(sql: SqlStorage, { variants, primary_metric }: Counting) {
    this.#indices = new Map(variants.map(({ variant_id }, index) => [variant_id, index]));
    this.#outcomes = new OutcomeStore(sql);
    this.#enrolments = new EnrolmentStore(sql);
    this.#totals = new TotalsStore(sql, metricOf(primary_metric));
  }

  /**
   * Part of a transaction. An outcome that does not know its epoch gets the present one.
   * `elsewhere` is what another actor knows of requests that this one does not.
   */
  count(
    outcomes: readonly OutcomeReport[],
    source: OutcomeSource,
    present: number,
    elsewhere: ReadonlyMap<string, RecordedOutcome> = new Map(),
  ): Counted {
    const counted: Counted = { accepted: 0, duplicates: 0, rejected: [] };
    if (outcomes.length === 0) return counted;
    const known = new Map([...elsewhere, ...this.#outcomes.find(outcomes.map(idOf))]);
    const changed = new Map<string, RecordedOutcome>();
    for (const report of outcomes) {
      const { request_id } = report;
      const variant = this.#indices.get(report.variant_id);
      if (variant === undefined) {
        counted.rejected.push({ request_id, code: "variant_unknown" });
        continue;
      }
      if (!this.#totals.hasRoomFor(variant, report.metrics)) {
        counted.rejected.push({ request_id, code: "metrics_too_many" });
        continue;
      }
      const { epoch = present, revision = 0, covariate = null } = report;
      const outcome = { ...report, epoch: Math.min(epoch, present), revision, covariate };
      const verdict = recordOutcome(known.get(request_id), outcome, source);
      if (verdict.kind === "duplicate") counted.duplicates += 1;
      else if (verdict.kind === "rejected")
        counted.rejected.push({ request_id, code: verdict.code });
      else {
        if (verdict.kind === "completed") this.#totals.remove(variant, verdict.before);
        this.#totals.add(variant, verdict.after);
        known.set(request_id, verdict.after);
        changed.set(request_id, verdict.after);
        counted.accepted += 1;
      }
    }
    if (changed.size > 0) this.#outcomes.put(changed.values());
    return counted;
  }

  /** Part of a transaction: counts units seen for the first time. */
  expose(exposures: readonly Exposure[]): number {
    const fresh = this.#enrolments.add(exposures);
    for (const [, variant, epoch] of fresh) this.#totals.addUnit(variant, epoch);
    return fresh.length;
  }

  /** The variant that a unit was first sent to. */
  enrolledIn(unit: number): number | null {
    return this.#enrolments.find(unit);
  }

  /**
   * Ends what `count` and `expose` began, in the same transaction. Answers with the epochs whose
   * totals have changed.
   */
  save(): Set<number> {
    return this.#totals.save();
  }

  find(requestIds: readonly string[]): Map<string, RecordedOutcome> {
    return this.#outcomes.find(requestIds);
  }

  cells(): Cell[] {
    return this.#totals.cells();
  }
}

const idOf = ({ request_id }: OutcomeReport): string => request_id;

/** The caller's metric behind the name of an analysed one. */
const metricOf = (name: string): string => (name === "conversion_rate" ? "conversion" : name);
