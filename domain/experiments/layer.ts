import { fail, ok, type Result } from "../result.ts";
import type { LayerShare } from "./experiment.ts";
import { WHOLE } from "./weight.ts";

/** Positions [from, to) of [0, 10^12), in which a unit's place is `unitPosition(layer_id, unit)`. */
export type Interval = LayerShare["intervals"][number];

/** An experiment and its part of a layer, which never changes while it holds it. */
export type LayerHolder = {
  experiment_id: string;
  intervals: readonly Interval[];
  /**
   * Null while the experiment holds it. After its release nobody else gets it before this instant,
   * in milliseconds: until then an isolate may decide from a table in which it is still held.
   */
  free_at: number | null;
};

/** Who has what of a layer; no two overlap, and the rest is free. */
export type LayerShares = {
  /** The lowest positions, as far as they were free when it grew. Experiments begin at the top. */
  holdout: readonly Interval[];
  holders: readonly LayerHolder[];
};

/** In units of 10^-12. `quarantined` was released and becomes free at the holders' `free_at`. */
export type LayerFull = { code: "layer_full"; free: number; quarantined: number };

export const sizeOf = (intervals: readonly Interval[]): number =>
  intervals.reduce((sum, [from, to]) => sum + to - from, 0);

/** The holders whose part is nobody else's at `now`, in milliseconds. */
export const holdersAt = ({ holders }: LayerShares, now: number): LayerHolder[] =>
  holders.filter(({ free_at }) => free_at === null || free_at > now);

/** What is nobody's at `now`, in ascending order, as few intervals as it can be. */
export function freeAt(layer: LayerShares, now: number): Interval[] {
  const taken = [...layer.holdout, ...holdersAt(layer, now).flatMap(({ intervals }) => intervals)];
  const free: Interval[] = [];
  let end = 0;
  for (const [from, to] of taken.toSorted(([left], [right]) => left - right)) {
    if (end < from) free.push([end, from]);
    end = to;
  }
  if (end < WHOLE) free.push([end, WHOLE]);
  return free;
}

/**
 * The experiment's part of `units` positions, in as few intervals as the free ones allow. Who asks
 * again gets the same, also after a release as long as nobody else may have it.
 */
export function allot(
  layer: LayerShares,
  experiment_id: string,
  units: number,
  now: number,
): Result<LayerHolder, LayerFull> {
  if (!Number.isSafeInteger(units) || units < 1 || units > WHOLE)
    throw new RangeError(`a share of a layer has 1 to ${WHOLE} units, not ${units}`);
  const held = holdersAt(layer, now).find((holder) => holder.experiment_id === experiment_id);
  if (held) {
    const size = sizeOf(held.intervals);
    if (size !== units)
      throw new RangeError(`${experiment_id} holds ${size} units, and cannot have ${units}`);
    return ok({ ...held, free_at: null });
  }
  const free = freeAt(layer, now);
  if (sizeOf(free) < units) return fail(full(layer, now));
  return ok({ experiment_id, intervals: carve(free, units), free_at: null });
}

/**
 * The experiment's part after it let go, to be free at `free_at`; undefined if it has none. A
 * later release changes nothing: by then the part may be somebody else's.
 */
export function release(
  { holders }: LayerShares,
  experiment_id: string,
  free_at: number,
): LayerHolder | undefined {
  const held = holders.find((holder) => holder.experiment_id === experiment_id);
  return held && { ...held, free_at: held.free_at ?? free_at };
}

/** The holdout of `units` positions. A larger one contains the smaller one, whichever was first. */
export function setHoldout(
  layer: LayerShares,
  units: number,
  now: number,
): Result<Interval[], LayerFull> {
  if (!Number.isSafeInteger(units) || units < 0 || units > WHOLE)
    throw new RangeError(`a holdout has 0 to ${WHOLE} units, not ${units}`);
  const missing = units - sizeOf(layer.holdout);
  if (missing <= 0) return ok(lowest(layer.holdout, units));
  const free = freeAt(layer, now);
  if (sizeOf(free) < missing) return fail(full(layer, now));
  return ok(joined([...layer.holdout, ...lowest(free, missing)]));
}

function full(layer: LayerShares, now: number): LayerFull {
  const quarantined = holdersAt(layer, now).filter(({ free_at }) => free_at !== null);
  return {
    code: "layer_full",
    free: sizeOf(freeAt(layer, now)),
    quarantined: sizeOf(quarantined.flatMap(({ intervals }) => intervals)),
  };
}

/** Whole pieces from the largest on, then the upper end of the smallest that holds the rest. */
function carve(free: readonly Interval[], units: number): Interval[] {
  const pieces = free.toSorted((left, right) => sizeOf([left]) - sizeOf([right]));
  const taken: Interval[] = [];
  let rest = units;
  while (rest > 0) {
    // Where none holds the rest this is -1, which stands for the last and so for the largest.
    const smallest = pieces.findIndex((piece) => sizeOf([piece]) >= rest);
    const [piece] = pieces.splice(smallest, 1);
    if (!piece) throw new RangeError(`${rest} of ${units} units are not free`);
    const [from, to] = piece;
    const start = Math.max(from, to - rest);
    taken.push([start, to]);
    rest -= to - start;
  }
  return ascending(taken);
}

/** The first `units` positions of ascending intervals. */
function lowest(intervals: readonly Interval[], units: number): Interval[] {
  const kept: Interval[] = [];
  let rest = units;
  for (const [from, to] of intervals) {
    if (rest === 0) break;
    const end = Math.min(to, from + rest);
    kept.push([from, end]);
    rest -= end - from;
  }
  return kept;
}

/** The same positions in ascending order, neighbours as one interval. */
function joined(intervals: readonly Interval[]): Interval[] {
  const whole: Interval[] = [];
  for (const [from, to] of ascending(intervals)) {
    const last = whole.at(-1);
    if (last?.[1] === from) whole.splice(-1, 1, [last[0], to]);
    else whole.push([from, to]);
  }
  return whole;
}

const ascending = (intervals: readonly Interval[]): Interval[] =>
  intervals.toSorted(([left], [right]) => left - right);
