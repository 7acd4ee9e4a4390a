import type { CellHash } from "../profile/cell-hash.ts";

/** By the first 16 bits of a row's key hash. */
export const PARTITIONS = 2 ** 16;
export const partitionOf = ({ high }: CellHash): number => high >>> 16;

/**
 * A table's rows as one number and one count for each partition: the sum of the rows' 64-bit hashes
 * as two sums modulo 2^32. Partitions of the same rows in any order agree; others differ but for a
 * chance of about 2^-64. 768 kB, however many rows there are.
 */
export class PartitionDigest {
  readonly counts = new Uint32Array(PARTITIONS);
  readonly #high = new Uint32Array(PARTITIONS);
  readonly #low = new Uint32Array(PARTITIONS);
  rows = 0;

  add(partition: number, row: CellHash): void {
    this.rows++;
    this.counts[partition] = (this.counts[partition] ?? 0) + 1;
    this.#high[partition] = (this.#high[partition] ?? 0) + row.high;
    this.#low[partition] = (this.#low[partition] ?? 0) + row.low;
  }

  agrees(other: PartitionDigest, partition: number): boolean {
    return (
      this.counts[partition] === other.counts[partition] &&
      this.#high[partition] === other.#high[partition] &&
      this.#low[partition] === other.#low[partition]
    );
  }
}

/** Partitions that are looked at together, and the rows that both tables have in them. */
export type PartitionGroup = { partitions: Set<number>; rows: number };

/** Partitions that differ, in groups of at most `most` rows; one that has more is a group of its own. */
export function differingGroups(
  a: PartitionDigest,
  b: PartitionDigest,
  most: number,
): PartitionGroup[] {
  const groups: PartitionGroup[] = [];
  let group: PartitionGroup = { partitions: new Set(), rows: 0 };
  for (let partition = 0; partition < PARTITIONS; partition++) {
    if (a.agrees(b, partition)) continue;
    const rows = (a.counts[partition] ?? 0) + (b.counts[partition] ?? 0);
    if (group.rows + rows > most && group.rows > 0) {
      groups.push(group);
      group = { partitions: new Set(), rows: 0 };
    }
    group.partitions.add(partition);
    group.rows += rows;
  }
  return group.rows > 0 ? [...groups, group] : groups;
}
