import type {
  OutcomeReport,
  RecordedOutcomes,
  VariantReport,
} from "../../contract/experiment-lease.ts";
import type { Variant } from "../../domain/experiments/experiment.ts";
import {
  type OutcomeSource,
  recordOutcome,
  type RecordedOutcome,
} from "../../domain/experiments/record-outcome.ts";
import type { GuardedTotals } from "../../domain/experiments/rollback-rule.ts";
import { OutcomeStore } from "./outcome-store.ts";
import { TotalsStore } from "./totals-store.ts";

export type Counted = Omit<RecordedOutcomes, "status">;

/**
 * Counts outcomes, each once, and keeps what they add up to. It holds totals in memory: throw it
 * away after a transaction that did not commit.
 */
export class OutcomeCounter {
  readonly #variants: readonly Variant[];
  readonly #indices: ReadonlyMap<string, number>;
  readonly #outcomes: OutcomeStore;
  readonly #totals: TotalsStore;

  constructor(sql: SqlStorage, variants: readonly Variant[]) {
    this.#variants = variants;
    this.#indices = new Map(variants.map(({ variant_id }, index) => [variant_id, index]));
    this.#outcomes = new OutcomeStore(sql);
    this.#totals = new TotalsStore(sql, variants.length);
  }

  /** Part of a transaction. An outcome that does not know its epoch gets the present one. */
  count(outcomes: readonly OutcomeReport[], source: OutcomeSource, present: number): Counted {
    const counted: Counted = { accepted: 0, duplicates: 0, rejected: [] };
    const known = this.#outcomes.find(outcomes.map(({ request_id }) => request_id));
    const changed = new Map<string, RecordedOutcome>();
    for (const { epoch = present, ...outcome } of outcomes) {
      const { request_id } = outcome;
      const variant = this.#indices.get(outcome.variant_id);
      if (variant === undefined) {
        counted.rejected.push({ request_id, code: "variant_unknown" });
        continue;
      }
      if (!this.#totals.hasRoomFor(variant, outcome.metrics)) {
        counted.rejected.push({ request_id, code: "metrics_too_many" });
        continue;
      }
      const verdict = recordOutcome(known.get(request_id), { ...outcome, epoch }, source);
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
    if (changed.size > 0) {
      this.#outcomes.put([...changed.values()]);
      this.#totals.save();
    }
    return counted;
  }

  guarded(): { control: GuardedTotals | undefined; others: GuardedTotals[] } {
    const totals = this.#variants.map(({ variant_id }, index) =>
      this.#totals.guarded(index, variant_id),
    );
    const control = this.#variants.findIndex(({ is_control }) => is_control);
    return { control: totals[control], others: totals.filter((_, index) => index !== control) };
  }

  report(): VariantReport[] {
    return this.#variants.map((variant, index) => this.#totals.report(index, variant));
  }
}
