import type { CellHash } from "../profile/cell-hash.ts";

export const SIDES = ["a", "b"] as const;
export type Side = (typeof SIDES)[number];

/** What is known of the rows with one key. */
export type HeldRow = {
  /** How many rows of either table have it. */
  a: number;
  b: number;
  /** The first of them; -1 without any. */
  rowA: number;
  rowB: number;
  /** Whether those have equal values. */
  same: boolean;
};

/** The rows of both tables by the hash of their key, at 48 bytes a place and at least two places a row. */
export class HeldRows {
  readonly #most: number;
  readonly #keys: Int32Array;
  /** The hash of the first row of either table. */
  readonly #hashes: Record<Side, Int32Array>;
  readonly #counts: Record<Side, Uint32Array>;
  readonly #rows: Record<Side, Float64Array>;
  #size = 0;

  constructor(most: number) {
    const places = 2 ** Math.ceil(Math.log2(2 * most));
    this.#most = most;
    this.#keys = new Int32Array(2 * places);
    this.#hashes = { a: new Int32Array(2 * places), b: new Int32Array(2 * places) };
    this.#counts = { a: new Uint32Array(places), b: new Uint32Array(places) };
    this.#rows = { a: new Float64Array(places), b: new Float64Array(places) };
  }

  /** The first row of this side with this key, where there was one before; -1 where there was none; null, and nothing held, where there is no room. */
  add(side: Side, key: CellHash, hash: CellHash, row: number): number | null {
    const place = this.#placeOf(key.high, key.low);
    const count = this.#counts[side][place] ?? 0;
    if (!this.#isTaken(place)) {
      if (this.#size === this.#most) return null;
      this.#size++;
      this.#keys[2 * place] = key.high;
      this.#keys[2 * place + 1] = key.low;
    }
    this.#counts[side][place] = count + 1;
    if (count > 0) return this.#rows[side][place] ?? 0;
    this.#rows[side][place] = row;
    this.#hashes[side][2 * place] = hash.high;
    this.#hashes[side][2 * place + 1] = hash.low;
    return -1;
  }

  *entries(): Generator<HeldRow> {
    const { a: countsA, b: countsB } = this.#counts;
    for (let place = 0; place < countsA.length; place++) {
      const [a, b] = [countsA[place] ?? 0, countsB[place] ?? 0];
      if (a + b === 0) continue;
      yield {
        a,
        b,
        rowA: a > 0 ? (this.#rows.a[place] ?? 0) : -1,
        rowB: b > 0 ? (this.#rows.b[place] ?? 0) : -1,
        same: [0, 1].every(
          (half) => this.#hashes.a[2 * place + half] === this.#hashes.b[2 * place + half],
        ),
      };
    }
  }

  #isTaken(place: number): boolean {
    return (this.#counts.a[place] ?? 0) + (this.#counts.b[place] ?? 0) > 0;
  }

  #placeOf(high: number, low: number): number {
    const mask = this.#counts.a.length - 1;
    let place = low & mask;
    while (
      this.#isTaken(place) &&
      (this.#keys[2 * place] !== high || this.#keys[2 * place + 1] !== low)
    )
      place = (place + 1) & mask;
    return place;
  }
}
