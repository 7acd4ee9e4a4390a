import type { OutcomeReport } from "../../../contract/experiment-lease.ts";
import type { OutcomeSource } from "../../../domain/experiments/record-outcome.ts";

type Known = OutcomeReport & { source: OutcomeSource; unserved: boolean };

/** What an experiment counts, from all outcomes held in one map and counted anew each time. */
export class PlainCounts {
  readonly #known = new Map<string, Known>();
  readonly #variants: string[];

  constructor(variants: number) {
    this.#variants = Array.from({ length: variants }, (_, index) => `var_${index}`);
  }

  record(outcomes: readonly OutcomeReport[], source: OutcomeSource) {
    const tally = { accepted: 0, duplicates: 0, rejected: 0 };
    for (const outcome of outcomes) tally[this.#take(outcome, source)] += 1;
    return tally;
  }

  #take(outcome: OutcomeReport, source: OutcomeSource): "accepted" | "duplicates" | "rejected" {
    const known = this.#known.get(outcome.request_id);
    if (!this.#variants.includes(outcome.variant_id)) return "rejected";
    if (known && source === "served") {
      // A second note of a request may only say that serving failed.
      if (outcome.success || known.unserved) return "duplicates";
      if (known.variant_id !== outcome.variant_id) return "duplicates";
      this.#known.set(outcome.request_id, { ...known, success: false, unserved: true });
      return "accepted";
    }
    if (known?.source === "reported") return "duplicates";
    if (known && known.variant_id !== outcome.variant_id) return "rejected";
    const unserved = known?.unserved ?? (source === "served" && !outcome.success);
    const success = outcome.success && !unserved;
    const latency_ms = outcome.latency_ms ?? known?.latency_ms ?? null;
    this.#known.set(outcome.request_id, { ...outcome, success, latency_ms, source, unserved });
    return "accepted";
  }

  /** Where somebody reports, reports are compared, and failures to serve make their share worse. */
  counts() {
    const callersReport = [...this.#known.values()].some(({ source }) => source === "reported");
    return this.#variants.map((variant_id) => {
      const all = [...this.#known.values()].filter((held) => held.variant_id === variant_id);
      const latencies = all.map(({ latency_ms }) => latency_ms).filter((ms) => ms !== null);
      const conversions = all
        .map(({ metrics }) => metrics["conversion"])
        .filter((value) => value !== undefined);
      const reports = all.filter(({ source }) => source === "reported");
      const unserved = all.filter(({ source, success }) => source === "served" && !success).length;
      const wrong = reports.filter(({ success }) => !success).length;
      const notServed = all.length === 0 ? 0 : unserved / all.length;
      const reportedWrong = reports.length === 0 ? 0 : wrong / reports.length;
      const requests = callersReport ? reports.length : all.length;
      const errors = Math.round(requests * (notServed + (1 - notServed) * reportedWrong));
      return {
        request_count: all.length,
        requests,
        successes: requests - errors,
        errors,
        latency_count: latencies.length,
        latency_mean: average(latencies),
        conversions: conversions.length,
        conversion_rate: average(conversions),
      };
    });
  }
}

const average = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
