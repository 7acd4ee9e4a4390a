import type { Field } from "../../schema.ts";
import type { Batch } from "../../table.ts";
import type { Source } from "../operation.ts";
import { numbered } from "./batches.ts";
import { isTensorCell } from "./row-codec.ts";

/** Welford's running moments (1962), and the extremes. */
export class Spread {
  count = 0;
  mean = 0;
  /** Of the deviations from the mean. */
  squares = 0;
  least = Infinity;
  most = -Infinity;

  add(value: number): void {
    if (!Number.isFinite(value)) return;
    this.count += 1;
    const deviation = value - this.mean;
    this.mean += deviation / this.count;
    this.squares += deviation * (value - this.mean);
    if (value < this.least) this.least = value;
    if (value > this.most) this.most = value;
  }
}

/** Of the values of columns, and of the elements of their tensors. */
export async function spreadsOf(source: Source, columns: readonly Field[]): Promise<Spread[]> {
  const spreads = columns.map(() => new Spread());
  const names = columns.map(({ name }) => name);
  for await (const { batch } of numbered(source, names)) addBatch(spreads, batch);
  return spreads;
}

function addBatch(spreads: readonly Spread[], { columns }: Batch): void {
  for (const [at, spread] of spreads.entries())
    for (const cell of columns[at] ?? [])
      if (isTensorCell(cell)) for (const value of cell.data) spread.add(Number(value));
      else if (cell !== null) spread.add(Number(cell));
}
