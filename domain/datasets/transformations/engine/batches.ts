import type { Batch, Cell } from "../../table.ts";
import type { Source } from "../operation.ts";

/** The rows of a batch at these positions, a row as often as it is named. */
export const pick = ({ columns }: Batch, at: readonly number[]): Batch => ({
  rows: at.length,
  columns: columns.map((cells) => at.map((row) => cells[row] ?? null)),
});

/** Each batch with how many rows were before it. */
export async function* numbered(
  source: Source,
  columns?: readonly string[],
): AsyncIterable<{ batch: Batch; first: number }> {
  // Rows of no column are counted by one that is read for nothing else.
  const isCount = columns?.length === 0;
  const read = isCount ? source.schema.fields.slice(0, 1).map(({ name }) => name) : columns;
  let first = 0;
  for await (const batch of source.batches(read)) {
    yield { batch: isCount ? { rows: batch.rows, columns: [] } : batch, first };
    first += batch.rows;
  }
}

const MOST_ROWS = 4_096;
/** As they lie in memory, roughly. */
const MOST_BYTES = 2 ** 21;

/** Hands rows on in batches of a good size, whatever the size they come in. */
export class Gathered {
  readonly #push: (batch: Batch) => Promise<void>;
  #rows = 0;
  #bytes = 0;
  #columns: Cell[][] = [];

  constructor(push: (batch: Batch) => Promise<void>) {
    this.#push = push;
  }

  async push(batch: Batch): Promise<void> {
    if (batch.rows === 0) return;
    if (this.#rows === 0) this.#columns = batch.columns.map(() => []);
    for (const [at, cells] of batch.columns.entries()) {
      const own = this.#columns[at];
      for (const cell of cells) {
        own?.push(cell);
        this.#bytes += bytesOf(cell);
      }
    }
    this.#rows += batch.rows;
    if (this.#rows >= MOST_ROWS || this.#bytes >= MOST_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#rows === 0) return;
    const batch = { rows: this.#rows, columns: this.#columns };
    this.#rows = 0;
    this.#bytes = 0;
    this.#columns = [];
    await this.#push(batch);
  }
}

function bytesOf(cell: Cell): number {
  if (typeof cell === "string") return 2 * cell.length;
  if (typeof cell !== "object" || cell === null) return 8;
  if (cell instanceof Uint8Array) return cell.length;
  if ("data" in cell && ArrayBuffer.isView(cell.data)) return cell.data.byteLength;
  return 64;
}
