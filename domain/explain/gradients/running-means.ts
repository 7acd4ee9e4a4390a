import { studentTQuantile } from "../../statistics/student-t.ts";

/** Means of several numbers over independent draws of all of them (Welford 1962). */
export class RunningMeans {
  readonly #means: Float64Array;
  readonly #squares: Float64Array;
  #count = 0;

  constructor(size: number) {
    this.#means = new Float64Array(size);
    this.#squares = new Float64Array(size);
  }

  add(draw: Float64Array): void {
    this.#count += 1;
    for (let at = 0; at < draw.length; at += 1) {
      const value = draw[at] ?? 0;
      const apart = value - (this.#means[at] ?? 0);
      const mean = (this.#means[at] ?? 0) + apart / this.#count;
      this.#means[at] = mean;
      this.#squares[at] = (this.#squares[at] ?? 0) + apart * (value - mean);
    }
  }

  get count(): number {
    return this.#count;
  }

  means(): Float64Array {
    return this.#means.slice();
  }

  /** Unbiased; NaN for fewer than two draws. */
  variances(): Float64Array {
    return this.#squares.map((square) => square / (this.#count - 1));
  }

  /** Half the width of Student's 95 % interval of each mean; null for fewer than two draws. */
  halfWidths(): Float64Array | null {
    if (this.#count < 2) return null;
    const quantile = studentTQuantile(0.975, this.#count - 1);
    return this.variances().map((variance) => quantile * Math.sqrt(variance / this.#count));
  }
}
