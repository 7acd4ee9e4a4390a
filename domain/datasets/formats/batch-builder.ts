import type { Batch, Cell } from "../table.ts";
import { BATCH_BYTES, BATCH_ROWS } from "./limits.ts";

/** Collects rows into batches of bounded size. */
export class BatchBuilder {
  columns: Cell[][];
  rows = 0;
  readonly #width: number;
  #from: number;

  /** `position` is where in the file the first row begins. */
  constructor(width: number, position: number) {
    this.#width = width;
    this.#from = position;
    this.columns = this.#empty();
  }

  /** Whether the rows so far make a batch, the file having been read up to `position`. */
  isFull(position: number): boolean {
    return this.rows >= BATCH_ROWS || position - this.#from >= BATCH_BYTES;
  }

  take(position: number): Batch {
    const { rows, columns } = this;
    this.rows = 0;
    this.columns = this.#empty();
    this.#from = position;
    return { rows, columns };
  }

  #empty(): Cell[][] {
    return Array.from({ length: this.#width }, () => []);
  }
}
