import type { ColumnProfile } from "../inspection.ts";
import { cdfOfCounts, cdfOfIntervals, quantileOf, shareBelow, type Cdf } from "./cdf.ts";
import { DyadicGrid, type DyadicGridState } from "./dyadic-grid.ts";
import { MagnitudeSketch, type MagnitudeSketchState } from "./magnitude-sketch.ts";
import type { ProfileLimits } from "./profile-limits.ts";
import {
  addToMoments,
  mergeWideMoments,
  noWideMoments,
  summaryOf,
  type WideMoments,
} from "./wide-moments.ts";

export const QUANTILES = [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99] as const;
const BARS = 20;

export type NumericProfileState = {
  count: number;
  least: number | null;
  greatest: number | null;
  moments: WideMoments;
  grid: DyadicGridState;
  positive: MagnitudeSketchState;
  negative: MagnitudeSketchState;
};

/**
 * Where finite numbers lie, in one pass: extremes, moments, and two coverings of them by intervals,
 * one of equal widths and one of equal ratios, so that a quantile is known to 1 % of itself (from
 * 1e-9 on) and to 1 / 500 of the range (1 / 125 with more than 400 columns), whichever is less.
 */
export class NumericProfile {
  count = 0;
  least = Infinity;
  greatest = -Infinity;
  #moments: WideMoments = noWideMoments;
  #grid: DyadicGrid;
  #positive: MagnitudeSketch;
  /** Of magnitudes of values below 0. */
  #negative: MagnitudeSketch;

  constructor({ window, cells }: Pick<ProfileLimits, "window" | "cells">) {
    this.#grid = new DyadicGrid(cells);
    this.#positive = new MagnitudeSketch(window);
    this.#negative = new MagnitudeSketch(window);
  }

  /** The first `count` of a list of finite values. */
  addAll(values: Float64Array, count: number): void {
    let [least, greatest] = [Infinity, -Infinity];
    for (let at = 0; at < count; at++) {
      const value = values[at] ?? 0;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
      if (value < 0) this.#negative.add(-value);
      else this.#positive.add(value);
    }
    this.count += count;
    this.least = Math.min(this.least, least);
    this.greatest = Math.max(this.greatest, greatest);
    this.#moments = addToMoments(this.#moments, values, count);
    this.#grid.addAll(values, count, least, greatest);
  }

  merge(other: NumericProfile): void {
    this.count += other.count;
    this.least = Math.min(this.least, other.least);
    this.greatest = Math.max(this.greatest, other.greatest);
    this.#moments = mergeWideMoments(this.#moments, other.#moments);
    this.#grid.merge(other.#grid);
    this.#positive.merge(other.#positive);
    this.#negative.merge(other.#negative);
  }

  /** An approximation by both coverings. */
  cdf(): Cdf {
    if (this.count === 0) return [];
    const ratios = [
      ...this.#negative
        .intervals()
        .toReversed()
        .map(({ from, count }) => ({ to: -from, count })),
      ...this.#positive.intervals(),
    ];
    return cdfOfIntervals([this.#grid.cells(), ratios], this.least, this.greatest);
  }

  /** `counts` are all values with how often they occur, where they are known. */
  finish(counts: readonly (readonly [number, number])[] | null): Partial<ColumnProfile> {
    if (this.count === 0) return {};
    const cdf = counts === null ? this.cdf() : cdfOfCounts(counts);
    return {
      min: this.least + 0,
      max: this.greatest + 0,
      ...summaryOf(this.#moments),
      quantiles: QUANTILES.map((q) => ({ q, value: quantileOf(cdf, q) + 0 })),
      histogram: histogramOf(cdf, this.count, this.least, this.greatest),
    };
  }

  state(): NumericProfileState {
    return {
      count: this.count,
      least: this.count === 0 ? null : this.least,
      greatest: this.count === 0 ? null : this.greatest,
      moments: this.#moments,
      grid: this.#grid.state(),
      positive: this.#positive.state(),
      negative: this.#negative.state(),
    };
  }

  static of(state: NumericProfileState): NumericProfile {
    const profile = new NumericProfile({
      window: state.positive.window,
      cells: state.grid.most,
    });
    profile.count = state.count;
    profile.least = state.least ?? Infinity;
    profile.greatest = state.greatest ?? -Infinity;
    profile.#moments = state.moments;
    profile.#grid = DyadicGrid.of(state.grid);
    profile.#positive = MagnitudeSketch.of(state.positive);
    profile.#negative = MagnitudeSketch.of(state.negative);
    return profile;
  }
}

/** Bars hold from <= value < to, the last its `to` as well; one bar where all values are one. */
function histogramOf(
  cdf: Cdf,
  count: number,
  least: number,
  greatest: number,
): { from: number; to: number; count: number }[] {
  if (least === greatest) return [{ from: least + 0, to: greatest + 0, count }];
  const bound = (bar: number): number =>
    bar === BARS ? greatest : least * (1 - bar / BARS) + greatest * (bar / BARS);
  const below = (bar: number): number =>
    bar === BARS ? count : Math.round(count * shareBelow(cdf, bound(bar)));
  return Array.from({ length: BARS }, (_, bar) => ({
    from: bound(bar) + 0,
    to: bound(bar + 1) + 0,
    count: below(bar + 1) - (bar === 0 ? 0 : below(bar)),
  }));
}
