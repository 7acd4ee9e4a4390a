import type { ExperimentRecord } from "../../../contract/experiment-lease.ts";
import { type Cell, noTotals } from "../../../domain/experiments/totals.ts";
import { addBivariate } from "../../../domain/statistics/bivariate-moments.ts";
import { addObservation, noMoments } from "../../../domain/statistics/moments.ts";
import { binOf } from "../../../domain/statistics/quantile-sketch.ts";
import type { Heard } from "./story.ts";

type Known = {
  variant: number;
  epoch: number;
  /** It could not be served, as a note said. */
  unserved: boolean;
  reported: boolean;
  revision: number;
  success: boolean;
  latency_ms: number | null;
  metrics: Record<string, number>;
  covariate: number | null;
};

/**
 * What must have been counted, from nothing but what was heard, in order: each request once, in
 * the epoch first heard of, as its last revision says.
 */
export function recount({ variants, primary_metric }: ExperimentRecord, heard: readonly Heard[]) {
  const known = requestsOf(variants, heard);
  const cells = new Map<string, Cell>();
  for (const { variant, epoch, unserved, reported, success, ...values } of known.values()) {
    const key = `${epoch}/${variant}`;
    const cell = cells.get(key) ?? { ...noTotals, epoch, variant };
    const failed = unserved || !success;
    const { requests, errors, reported: reports, reported_errors } = cell.counts;
    const { latency_ms, metrics, covariate } = values;
    const primary = metrics[primary_metric];
    cells.set(key, {
      ...cell,
      counts: {
        requests: requests + 1,
        errors: errors + (failed ? 1 : 0),
        reported: reports + (reported ? 1 : 0),
        reported_errors: reported_errors + (reported && failed ? 1 : 0),
      },
      latency: latency_ms === null ? cell.latency : addObservation(cell.latency, latency_ms),
      bins: latency_ms === null ? cell.bins : withBin(cell.bins, binOf(latency_ms)),
      metrics: Object.entries(metrics).reduce(
        (all, [name, value]) => ({ ...all, [name]: addObservation(all[name] ?? noMoments, value) }),
        cell.metrics,
      ),
      covariate:
        covariate === null || primary === undefined
          ? cell.covariate
          : addBivariate(cell.covariate, covariate, primary),
    });
  }
  return [...cells.values()];
}

export function requestsOf(
  variants: readonly { variant_id: string }[],
  heard: readonly Heard[],
): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const { outcomes, source, present } of heard) {
    for (const outcome of outcomes) {
      const variant = variants.findIndex(({ variant_id }) => variant_id === outcome.variant_id);
      const { request_id, success, latency_ms, metrics } = outcome;
      const { epoch = present, revision = 0, covariate = null } = outcome;
      const before = known.get(request_id);
      const reported = source === "reported";
      if (!before) {
        const unserved = !reported && !success;
        const said = { success, latency_ms, metrics, covariate, revision, reported };
        known.set(request_id, { ...said, variant, epoch, unserved });
      } else if (before.variant !== variant) continue;
      else if (!reported) before.unserved ||= !success;
      else if (!before.reported || revision > before.revision)
        known.set(request_id, {
          ...before,
          reported,
          revision,
          success,
          metrics,
          latency_ms: latency_ms ?? before.latency_ms,
          covariate: covariate ?? before.covariate,
        });
    }
  }
  return known;
}

const withBin = (bins: Cell["bins"], bin: number): Cell["bins"] => {
  const counts = new Map(bins);
  return [...counts.set(bin, (counts.get(bin) ?? 0) + 1)];
};
