import { ExplainFault } from "../explain-fault.ts";
import type { Groups } from "../game.ts";
import type { Port, Rows } from "../rows.ts";

/** How the numbers of one input lie in space: `channels` numbers at each position of `shape`. */
export type Grid = {
  readonly channels: number;
  /** [height, width] of an image, [length] of a signal; positions count row by row. */
  readonly shape: readonly number[];
  /** Whether the channels of a position lie side by side, or each channel is a plane of its own. */
  readonly channels_last: boolean;
};

/** Which segment each position belongs to: ids from 0 to before `count`, each of which occurs. */
export type Labels = { readonly labels: Int32Array; readonly count: number };

/**
 * An input cut into segments: all channels of a position together, or with `each_channel` apart,
 * so that there are `count` segments of each channel, those of the first channel first.
 */
export type Segments = Labels & { readonly grid: Grid; readonly each_channel: boolean };

export const positionsOf = ({ shape }: Grid): number =>
  shape.reduce((product, size) => product * size, 1);

/** Where in the input the number of one channel at one position lies. */
export const elementAt = (grid: Grid, positions: number, position: number, channel: number) =>
  grid.channels_last ? position * grid.channels + channel : channel * positions + position;

/** The segments as players of a game: the numbers of a row that each has. */
export function segmentGroups({ offset }: Port, segments: Segments): Groups {
  const { grid, labels, count, each_channel } = segments;
  const players = each_channel ? count * grid.channels : count;
  const groups = Array.from({ length: players }, (): number[] => []);
  for (const [position, label] of labels.entries())
    for (let channel = 0; channel < grid.channels; channel += 1) {
      const player = each_channel ? channel * count + label : label;
      groups[player]?.push(offset + elementAt(grid, labels.length, position, channel));
    }
  return groups;
}

/** Ids in the order in which they first occur, without gaps. */
export function renumbered(ids: Int32Array): Labels {
  const numbers = new Map<number, number>();
  const labels = ids.map((id) => {
    const number = numbers.get(id) ?? numbers.size;
    numbers.set(id, number);
    return number;
  });
  return { labels, count: numbers.size };
}

/** The numbers of one input of a row. Throws `ExplainFault` (value_invalid) for NaN and infinity. */
export function finiteValues({ name, offset, count }: Port, instance: Rows): Rows {
  const values = instance.subarray(offset, offset + count);
  const odd = values.find((value) => !Number.isFinite(value));
  if (odd === undefined) return values;
  throw new ExplainFault(
    "value_invalid",
    `input '${name}' has the value ${odd}, and only finite values can be cut into segments`,
    name,
  );
}
