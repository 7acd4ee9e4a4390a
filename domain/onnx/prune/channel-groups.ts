import { countOf } from "../../tensors/tensor.ts";
import type { StoredTensor } from "../model.ts";
import type { Channels } from "./channels.ts";
import type { Scorer } from "./importance.ts";

/** Channels that run through the same axes, and so can be chosen among. */
export type ChannelGroup = {
  /** The class of each channel, by which it can be removed. */
  classes: number[];
  scores: number[];
  /** The weights that shrink with the group. */
  weights: string[];
};

/** The groups of channels that may go and that some weight makes, in the order of the graph. */
export function channelGroups(
  channels: Channels,
  weights: ReadonlyMap<string, StoredTensor>,
  scorer: Scorer,
): ChannelGroup[] {
  const axesOf = new Map<number, Set<number>>();
  const sums = new Map<number, number>();
  const weightsOf = new Map<number, Set<string>>();
  for (const [at, axis] of channels.axes.entries()) {
    const weight = weights.get(axis.tensor);
    const scores = weight ? sumsAlong(scorer.of(weight), weight.dims, axis.axis) : undefined;
    for (let index = 0; index < axis.size; index += 1) {
      if (channels.reasonOf(axis.first + index) !== undefined) continue;
      const root = channels.classOf(axis.first + index);
      addTo(axesOf, root, at);
      if (!scores) continue;
      sums.set(root, (sums.get(root) ?? 0) + (scores[index] ?? 0));
      addTo(weightsOf, root, axis.tensor);
    }
  }
  const groups = new Map<string, ChannelGroup>();
  for (const [root, sum] of sums) {
    const key = [...(axesOf.get(root) ?? [])].join();
    const group = groups.get(key) ?? {
      classes: [],
      scores: [],
      weights: [...(weightsOf.get(root) ?? [])],
    };
    group.classes.push(root);
    group.scores.push(scorer.finish(sum));
    groups.set(key, group);
  }
  return [...groups.values()].filter(({ classes }) => classes.length > 1);
}

function addTo<T>(sets: Map<number, Set<T>>, key: number, value: T): void {
  const set = sets.get(key);
  if (set) set.add(value);
  else sets.set(key, new Set([value]));
}

/** The sum of the scores of each slice along an axis. */
function sumsAlong(scores: Float64Array, dims: readonly number[], axis: number): Float64Array {
  const size = dims[axis] ?? 0;
  const inner = countOf(dims.slice(axis + 1));
  const sums = new Float64Array(size);
  for (const [at, score] of scores.entries()) {
    const index = Math.floor(at / inner) % size;
    sums[index] = (sums[index] ?? 0) + score;
  }
  return sums;
}
