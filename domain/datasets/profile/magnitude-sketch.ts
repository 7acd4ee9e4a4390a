import { binOf, upperBoundOf } from "../../statistics/quantile-sketch.ts";

export type MagnitudeSketchState = { window: number; pairs: number[] };

/**
 * Counts of values >= 0 in the bins of `quantile-sketch`, of which it keeps the `window` highest
 * apart (a power of two): what lies below counts in the lowest of them. 2,048 bins span a factor of
 * 4e17, beyond which a value is less than the rounding of the greatest. What it holds does not depend
 * on the order of values.
 */
export class MagnitudeSketch {
  readonly #window: number;
  /** Bin b is counted at b modulo the window. */
  #counts = new Float64Array(0);
  #highest = -1;

  constructor(window: number) {
    this.#window = window;
  }

  add(value: number): void {
    this.addBin(binOf(value), 1);
  }

  addBin(bin: number, count: number): void {
    if (bin > this.#highest) this.#raise(bin);
    const at = Math.max(bin, this.#lowest) & (this.#window - 1);
    this.#counts[at] = (this.#counts[at] ?? 0) + count;
  }

  merge(other: MagnitudeSketch): void {
    for (const [bin, count] of other.bins()) this.addBin(bin, count);
  }

  /** The bins that hold something, in ascending order. */
  bins(): [bin: number, count: number][] {
    const bins: [number, number][] = [];
    for (let bin = this.#lowest; bin <= this.#highest; bin++) {
      const count = this.#counts[bin & (this.#window - 1)] ?? 0;
      if (count > 0) bins.push([bin, count]);
    }
    return bins;
  }

  /** The same as intervals (from, to] of values. */
  intervals(): { from: number; to: number; count: number }[] {
    return this.bins().map(([bin, count]) => ({
      from: bin === this.#lowest ? 0 : upperBoundOf(bin - 1),
      to: upperBoundOf(bin),
      count,
    }));
  }

  state(): MagnitudeSketchState {
    return { window: this.#window, pairs: this.bins().flat() };
  }

  static of({ window, pairs }: MagnitudeSketchState): MagnitudeSketch {
    const sketch = new MagnitudeSketch(window);
    for (let at = 0; at + 1 < pairs.length; at += 2)
      sketch.addBin(pairs[at] ?? 0, pairs[at + 1] ?? 0);
    return sketch;
  }

  get #lowest(): number {
    return Math.max(0, this.#highest - this.#window + 1);
  }

  /** Moves the window up; what falls out of it goes into its lowest bin. */
  #raise(highest: number): void {
    if (this.#counts.length === 0) this.#counts = new Float64Array(this.#window);
    const [from, to] = [this.#lowest, Math.min(this.#highest, highest - this.#window)];
    let fallen = 0;
    for (let bin = from; bin <= to; bin++) {
      const at = bin & (this.#window - 1);
      fallen += this.#counts[at] ?? 0;
      this.#counts[at] = 0;
    }
    this.#highest = highest;
    if (fallen > 0) this.addBin(this.#lowest, fallen);
  }
}
