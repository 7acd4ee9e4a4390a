import { studentTQuantile } from "../../statistics/student-t.ts";

/**
 * Weighted means of several numbers over rows that come one by one, with the standard errors of
 * means of a simple random sample: the ratio estimator's Σ w² (c - mean)² n / (n - 1) / (Σ w)²
 * (Cochran 1977, section 6.3), which for equal weights is s² / n.
 */
export class WeightedMeans {
  /** The first row, from which the others are counted so that no digits are lost to a common offset. */
  readonly #origin: Float64Array;
  readonly #sums: Float64Array;
  /** Σ w² c and Σ w² c². */
  readonly #linear: Float64Array;
  readonly #squares: Float64Array;
  #rows = 0;
  #weight = 0;
  #squaredWeight = 0;

  constructor(width: number) {
    this.#origin = new Float64Array(width);
    this.#sums = new Float64Array(width);
    this.#linear = new Float64Array(width);
    this.#squares = new Float64Array(width);
  }

  get rows(): number {
    return this.#rows;
  }

  add(values: Float64Array, weight: number): void {
    if (this.#rows === 0) this.#origin.set(values);
    for (let at = 0; at < values.length; at += 1) {
      const value = (values[at] ?? 0) - (this.#origin[at] ?? 0);
      const weighted = weight * value;
      this.#sums[at] = (this.#sums[at] ?? 0) + weighted;
      this.#linear[at] = (this.#linear[at] ?? 0) + weight * weighted;
      this.#squares[at] = (this.#squares[at] ?? 0) + weighted * weighted;
    }
    this.#rows += 1;
    this.#weight += weight;
    this.#squaredWeight += weight * weight;
  }

  means(): Float64Array {
    const weight = this.#weight || 1;
    return this.#origin.map((origin, at) => origin + (this.#sums[at] ?? 0) / weight);
  }

  /**
   * Half the widths of 95 % confidence intervals by Student's t; null for fewer than two rows.
   * `of` is the number of rows that were drawn from: with as many the means are exact.
   */
  halfWidths(of = Infinity): Float64Array | null {
    const rows = this.#rows;
    if (rows >= of) return new Float64Array(this.#sums.length);
    if (rows < 2 || this.#weight === 0) return null;
    const t = studentTQuantile(0.975, rows - 1);
    const factor = (rows / (rows - 1)) * (1 - rows / of);
    return this.#sums.map((sum, at) => {
      const mean = sum / this.#weight;
      const [linear = 0, squares = 0] = [this.#linear[at], this.#squares[at]];
      const spread = squares - 2 * mean * linear + mean * mean * this.#squaredWeight;
      return (t * Math.sqrt(Math.max(0, spread) * factor)) / this.#weight;
    });
  }
}
