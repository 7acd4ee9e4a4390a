import { DatasetFault } from "../../dataset-fault.ts";
import type { Field } from "../../schema.ts";
import type { TensorCell } from "../../table.ts";
import { newTensorData } from "../tensor-data.ts";
import type { Plane } from "./mat-array.ts";
import { firstFastest } from "./first-fastest.ts";

/** Bytes of matrices that are held whole, since their rows lie across the file. */
const HELD_BYTES = 16 * 2 ** 20;
/** Most bytes that one read of a part of a tensor passes over. */
const SPAN_BYTES = 4 * 2 ** 20;

/** Reads the rows of a matrix, whose numbers lie column by column. */
export class MatrixRows {
  readonly #plane: Plane;
  readonly #type: Field["type"];
  readonly #rows: number;
  readonly #dims: number[];
  readonly #elements: number;
  #held: TensorCell["data"] | null = null;

  constructor(plane: Plane, type: Field["type"], rows: number, dims: number[]) {
    this.#plane = plane;
    this.#type = type;
    this.#rows = rows;
    this.#dims = dims;
    this.#elements = dims.reduce((product, size) => product * size, 1);
  }

  get #bytes(): number {
    return this.#elements * this.#rows * this.#plane.width;
  }

  async cells(from: number, count: number): Promise<TensorCell[]> {
    const cells = Array.from({ length: count }, (): TensorCell => ({
      dims: this.#dims,
      data: newTensorData(this.#type, this.#elements) ?? new Float64Array(0),
    }));
    const isSmall = this.#bytes <= HELD_BYTES;
    if (isSmall) this.#held ??= await this.#plane.read(this.#type, 0, this.#elements * this.#rows);
    for (let i = 0; i < this.#elements; i++) {
      const start = i * this.#rows + from;
      const column =
        this.#held?.subarray(start, start + count) ??
        (await this.#plane.read(this.#type, start, count));
      const at = firstFastest(this.#dims, i);
      for (let row = 0; row < count; row++) {
        const cell = cells[row];
        if (cell !== undefined) cell.data[at] = column[row] as never;
      }
    }
    return cells;
  }

  async slice(row: number, from: number, to: number): Promise<TensorCell> {
    const last = this.#dims.at(-1) ?? 1;
    const outer = this.#elements / last;
    const dims = [...this.#dims.slice(0, -1), to - from];
    const data = newTensorData(this.#type, outer * (to - from)) ?? new Float64Array(0);
    const width = this.#plane.width;
    const stride = outer * this.#rows;
    const step = Math.max(Math.floor(SPAN_BYTES / (stride * width)), 1);
    // With the first index fastest, the elements of one last index lie together for all rows.
    for (let at = from; at < to; at += step) {
      const some = Math.min(step, to - at);
      const start = at * stride + row;
      const length = (some - 1) * stride + (outer - 1) * this.#rows + 1;
      const span = await this.#plane.read(this.#type, start, length);
      for (let i = 0; i < some; i++)
        for (let o = 0; o < outer; o++) {
          const position = firstFastest(this.#dims, o) / last;
          data[position * (to - from) + at - from + i] = span[i * stride + o * this.#rows] as never;
        }
    }
    return { dims, data };
  }

  checkReadable(name: string): void {
    if (this.#plane.byRange || this.#bytes <= HELD_BYTES) return;
    throw new DatasetFault(
      "file_too_large",
      `the matrix ${name} has ${this.#bytes} bytes that are compressed column by column, at most ${HELD_BYTES} can be read so; save the file with -v6 or -v7.3`,
      { field: name },
    );
  }
}
