/** A cell's number and its bounds are exact doubles up to here. */
const GREATEST_INDEX = 2 ** 52;
/** So that 2^-k is a number; finer cells than 2^-1000 tell nothing. */
const FINEST = -1000;
/** Cells of this width hold all numbers in four. */
const COARSEST = 1023;

export type DyadicGridState = { most: number; exponent: number; first: number; counts: number[] };

/**
 * Counts of values in cells of equal width: cell i holds [i 2^k, (i + 1) 2^k). The width is the
 * least power of two with which at most `most` cells, itself a power of two, cover all values; at
 * least about half of them do. Cells of one width are unions
 * of cells of a lesser one, so that the grid of a union is made of the grids of its parts, in any
 * order, and is the same as that of one pass.
 */
export class DyadicGrid {
  readonly #most: number;
  #exponent = FINEST;
  /** The number of the cell that the first count is of. */
  #first = 0;
  #counts = new Float64Array(0);

  constructor(most: number) {
    this.#most = most;
  }

  /** The first `count` of finite values, which are within [least, greatest]. */
  addAll(values: Float64Array, count: number, least: number, greatest: number): void {
    if (count === 0) return;
    this.#cover(least, greatest);
    const scale = 2 ** -this.#exponent;
    const [counts, first] = [this.#counts, this.#first];
    for (let at = 0; at < count; at++) {
      const cell = cellOf(values[at] ?? 0, scale) - first;
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
  }

  merge(other: DyadicGrid): void {
    const cells = other.cells();
    const [least, greatest] = [cells[0], cells.at(-1)];
    if (least === undefined || greatest === undefined) return;
    this.#coarsen(other.#exponent);
    this.#cover(least.from, greatest.from);
    const by = 2 ** (other.#exponent - this.#exponent);
    for (const { index, count } of cells) {
      const at = cellOf(index, by) - this.#first;
      this.#counts[at] = (this.#counts[at] ?? 0) + count;
    }
  }

  /** The cells that hold something, in ascending order. */
  cells(): { index: number; from: number; to: number; count: number }[] {
    const cells = [];
    for (const [at, count] of this.#counts.entries()) {
      const index = this.#first + at;
      if (count > 0)
        cells.push({ index, from: this.#bound(index), to: this.#bound(index + 1), count });
    }
    return cells;
  }

  state(): DyadicGridState {
    return {
      most: this.#most,
      exponent: this.#exponent,
      first: this.#first,
      counts: [...this.#counts],
    };
  }

  static of({ most, exponent, first, counts }: DyadicGridState): DyadicGrid {
    const grid = new DyadicGrid(most);
    grid.#exponent = exponent;
    grid.#first = first;
    grid.#counts = Float64Array.from(counts);
    return grid;
  }

  /** Widens the cells until few enough cover what is there and these values, and moves the first of them. */
  #cover(least: number, greatest: number): void {
    const held = this.#counts.length > 0;
    const low = held ? Math.min(least, this.#bound(this.#first)) : least;
    const high = held
      ? Math.max(greatest, this.#bound(this.#first + this.#counts.length - 1))
      : greatest;
    this.#coarsen(Math.max(this.#exponent, exponentFor(low, high, this.#most)));
    const scale = 2 ** -this.#exponent;
    const first = cellOf(low, scale);
    const cells = cellOf(high, scale) - first + 1;
    if (first === this.#first && cells === this.#counts.length) return;
    const counts = new Float64Array(cells);
    counts.set(this.#counts, held ? this.#first - first : 0);
    this.#first = first;
    this.#counts = counts;
  }

  /** Where a cell begins, or the outermost number where none is so far out. */
  #bound(index: number): number {
    const bound = index * 2 ** this.#exponent;
    return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, bound));
  }

  #coarsen(exponent: number): void {
    const [old, before] = [this.#counts, this.#first];
    if (exponent <= this.#exponent) return;
    const by = 2 ** (this.#exponent - exponent);
    this.#exponent = exponent;
    this.#first = cellOf(before, by);
    if (old.length === 0) return;
    const last = cellOf(before + old.length - 1, by);
    this.#counts = new Float64Array(last - this.#first + 1);
    for (const [at, count] of old.entries()) {
      const cell = cellOf(before + at, by) - this.#first;
      this.#counts[cell] = (this.#counts[cell] ?? 0) + count;
    }
  }
}

/** The number of a value's cell; also of one below 0 whose product is too small for a double. */
function cellOf(value: number, scale: number): number {
  const cell = Math.floor(value * scale);
  return cell === 0 && value < 0 ? -1 : cell;
}

/** The least exponent with which cells that are few enough reach from one value to the other. */
function exponentFor(low: number, high: number, most: number): number {
  const suffices = (exponent: number): boolean => {
    const scale = 2 ** -exponent;
    const [first, last] = [cellOf(low, scale), cellOf(high, scale)];
    return last - first < most && Math.max(Math.abs(first), Math.abs(last)) <= GREATEST_INDEX;
  };
  // A guess from the range or the magnitude, and then the exact answer a step or two beside it.
  const range = high / 2 - low / 2;
  const size = Math.max(Math.abs(low), Math.abs(high));
  const guess = Math.max(Math.log2(range) + 1 - Math.log2(most), Math.log2(size) - 52, FINEST);
  let exponent = Math.max(FINEST, Math.floor(guess) - 2);
  while (exponent < COARSEST && !suffices(exponent)) exponent++;
  return exponent;
}
