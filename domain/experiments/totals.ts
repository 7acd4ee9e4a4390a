import {
  type BivariateMoments,
  mergeBivariate,
  noBivariate,
} from "../statistics/bivariate-moments.ts";
import { mergeMoments, type Moments, noMoments } from "../statistics/moments.ts";
import { noRequests, type RequestCounts } from "./request-counts.ts";

/**
 * What the outcomes of one variant in one epoch add up to. Cells are a commutative group: adding
 * what was counted anywhere, in any order, gives the same sums, and removing undoes adding. They
 * are values: more outcomes make another cell, and never change one.
 */
export type Totals = {
  counts: RequestCounts;
  /** Sticky users that were first seen in this epoch. */
  units: number;
  /** Milliseconds. */
  latency: Moments;
  /** Latency as pairs of bin and count, see `quantile-sketch`. */
  bins: [bin: number, count: number][];
  /** The caller's own metrics, such as conversion, which is 0 or 1. */
  metrics: Record<string, Moments>;
  /** The primary metric (y) against its covariate from before the experiment (x). */
  covariate: BivariateMoments;
};

/** `variant` is an index. */
export type Cell = Totals & { epoch: number; variant: number };

/** The cells of an epoch by variant; undefined where nothing was counted. */
export type CellsByEpoch = ReadonlyMap<number, readonly (Totals | undefined)[]>;

export const noTotals: Totals = {
  counts: noRequests,
  units: 0,
  latency: noMoments,
  bins: [],
  metrics: {},
  covariate: noBivariate,
};

export function mergeTotals(parts: readonly Totals[]): Totals {
  if (parts.length === 1 && parts[0]) return parts[0];
  const metrics = new Map<string, Moments>();
  let counts = noRequests;
  let units = 0;
  let latency = noMoments;
  let covariate = noBivariate;
  for (const part of parts) {
    counts = addCounts(counts, part.counts);
    units += part.units;
    // A count of 0 is not nothing: where a correction was counted elsewhere than what it corrects,
    // its cell holds the difference.
    if (part.latency !== noMoments) latency = mergeMoments(latency, part.latency);
    if (part.covariate !== noBivariate) covariate = mergeBivariate(covariate, part.covariate);
    for (const [name, moments] of Object.entries(part.metrics))
      metrics.set(name, mergeMoments(metrics.get(name) ?? noMoments, moments));
  }
  const bins = mergeBins(parts);
  return { counts, units, latency, bins, metrics: Object.fromEntries(metrics), covariate };
}

/** In ascending order of bins, which are indices from 0. */
function mergeBins(parts: readonly Totals[]): Totals["bins"] {
  let most = -1;
  for (const { bins } of parts) for (const pair of bins) if (pair[0] > most) most = pair[0];
  const sums = new Float64Array(most + 1);
  for (const { bins } of parts)
    for (const pair of bins) sums[pair[0]] = (sums[pair[0]] ?? 0) + pair[1];
  const merged: Totals["bins"] = [];
  // Not by its iterator, which takes five times as long: this runs on every batch of outcomes.
  for (let bin = 0; bin <= most; bin++) {
    const count = sums[bin] ?? 0;
    if (count !== 0) merged.push([bin, count]);
  }
  return merged;
}

/** What each of so many variants adds up to over all epochs, by index. */
export function armTotals(cells: readonly Cell[], variants: number): Totals[] {
  const groups = Array.from({ length: variants }, (): Cell[] => []);
  for (const cell of cells) groups[cell.variant]?.push(cell);
  return groups.map(mergeTotals);
}

/** There is one cell at most for each epoch and variant, as `mergeCells` makes it. */
export function cellsByEpoch(cells: readonly Cell[]): CellsByEpoch {
  const found = new Map<number, Totals[]>();
  for (const cell of cells) {
    const epoch = found.get(cell.epoch) ?? [];
    epoch[cell.variant] = cell;
    found.set(cell.epoch, epoch);
  }
  return found;
}

/** One cell for each epoch and variant, from the cells of several places. */
export function mergeCells(cells: readonly Cell[]): Cell[] {
  const groups = Map.groupBy(cells, ({ epoch, variant }) => `${epoch}/${variant}`);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first || group.length === 1) return group;
    return [{ ...mergeTotals(group), epoch: first.epoch, variant: first.variant }];
  });
}

export const addCounts = (a: RequestCounts, b: RequestCounts): RequestCounts => ({
  requests: a.requests + b.requests,
  errors: a.errors + b.errors,
  reported: a.reported + b.reported,
  reported_errors: a.reported_errors + b.reported_errors,
});
