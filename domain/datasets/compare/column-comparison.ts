import { CellHash } from "../profile/cell-hash.ts";
import { rowToJson } from "../preview/preview-rows.ts";
import type { ComparedTable } from "./compared-table.ts";
import { hashCell } from "./hash-cell.ts";
import type { Side } from "./held-rows.ts";
import type { FoundRows, SampleRow, TableComparison } from "./table-comparison.ts";

/** Cells of changed rows whose hashes are held at a time; 8 MB. */
const MOST_CELLS = 2 ** 20;

/** Reads rows that differ: counts the columns that changed, and keeps the first rows to be shown. */
export class ColumnComparison {
  readonly #tables: Record<Side, ComparedTable>;
  readonly #samples: number;
  readonly #counts: Float64Array;
  #added: SampleRow[] = [];
  #removed: SampleRow[] = [];
  #changed: { before: SampleRow; after: SampleRow; columns: string[] }[] = [];

  constructor(tables: Record<Side, ComparedTable>, samples: number) {
    this.#tables = tables;
    this.#samples = samples;
    this.#counts = new Float64Array(tables.a.fields.length);
  }

  /** False where the work allowed did not suffice. */
  async add({ added, removed, changed }: FoundRows): Promise<boolean> {
    const slice = Math.max(1, Math.floor(MOST_CELLS / Math.max(1, this.#counts.length)));
    for (let from = 0; from < Math.max(1, changed.length); from += slice) {
      const isFirst = from === 0;
      const done = await this.#addSlice({
        added: isFirst ? this.#wanted(added, this.#added) : [],
        removed: isFirst ? this.#wanted(removed, this.#removed) : [],
        changed: changed.slice(from, from + slice),
      });
      if (!done) return false;
    }
    return true;
  }

  into(comparison: TableComparison): TableComparison {
    return {
      ...comparison,
      changed_by_column: this.#tables.a.fields.flatMap(({ name }, at) => {
        const rows = this.#counts[at] ?? 0;
        return rows === 0 ? [] : [{ column: name, rows }];
      }),
      samples: {
        added: this.#first(this.#added),
        removed: this.#first(this.#removed),
        changed: this.#changed.sort((x, y) => byRow(x.before, y.before)).slice(0, this.#samples),
      },
    };
  }

  #first(rows: SampleRow[]): SampleRow[] {
    return rows.sort(byRow).slice(0, this.#samples);
  }

  /** Those rows that come before one that is shown, or for which there is room. */
  #wanted(rows: number[], shown: SampleRow[]): number[] {
    const last = this.#first(shown)[this.#samples - 1]?.row ?? Infinity;
    return rows.filter((row) => row < last);
  }

  async #addSlice({ added, removed, changed }: FoundRows): Promise<boolean> {
    const shown = changed.slice(0, this.#samples);
    const a = new RowReader(
      this.#tables.a,
      changed.map(({ rowA }) => rowA),
      [...removed, ...shown.map(({ rowA }) => rowA)],
    );
    const b = new RowReader(
      this.#tables.b,
      changed.map(({ rowB }) => rowB),
      [...added, ...shown.map(({ rowB }) => rowB)],
    );
    if (!((await a.read()) && (await b.read()))) return false;
    this.#removed.push(...a.samplesOf(removed));
    this.#added.push(...b.samplesOf(added));
    for (const [at, { rowA, rowB }] of changed.entries()) {
      const columns = this.#tables.a.fields.flatMap(({ name }, column) => {
        if (a.equals(b, at, column)) return [];
        this.#counts[column] = (this.#counts[column] ?? 0) + 1;
        return [name];
      });
      const [before] = a.samplesOf([rowA]);
      const [after] = b.samplesOf([rowB]);
      if (before !== undefined && after !== undefined && at < shown.length)
        this.#changed.push({ before, after, columns });
    }
    return true;
  }
}

const byRow = (x: SampleRow, y: SampleRow): number => (x.row ?? 0) - (y.row ?? 0);

/** Reads the hashes of the cells of some rows and the values of others. */
class RowReader {
  readonly #table: ComparedTable;
  /** By row the place where it was asked for. */
  readonly #places: Map<number, number>;
  readonly #samples: Map<number, SampleRow | null>;
  readonly #hashes: Int32Array;

  constructor(table: ComparedTable, rows: readonly number[], samples: readonly number[]) {
    this.#table = table;
    this.#places = new Map(rows.map((row, place) => [row, place]));
    this.#samples = new Map(samples.map((row) => [row, null]));
    this.#hashes = new Int32Array(2 * rows.length * table.fields.length);
  }

  async read(): Promise<boolean> {
    if (this.#places.size === 0 && this.#samples.size === 0) return true;
    const { fields } = this.#table;
    const hash = new CellHash();
    return this.#table.eachBatch((batch, from) => {
      for (let at = 0; at < batch.rows; at++) {
        const row = from + at;
        if (this.#samples.has(row))
          this.#samples.set(row, { row, values: rowToJson(batch, at, fields).json });
        const place = this.#places.get(row);
        if (place === undefined) continue;
        for (const [column, field] of fields.entries()) {
          hash.begin();
          hashCell(hash, batch.columns[column]?.[at] ?? null, field);
          hash.end();
          const cell = 2 * (place * fields.length + column);
          this.#hashes[cell] = hash.high;
          this.#hashes[cell + 1] = hash.low;
        }
      }
    });
  }

  /** Whether the cells of the row in a place have the same value in both. */
  equals(other: RowReader, place: number, column: number): boolean {
    const cell = 2 * (place * this.#table.fields.length + column);
    return (
      this.#hashes[cell] === other.#hashes[cell] &&
      this.#hashes[cell + 1] === other.#hashes[cell + 1]
    );
  }

  samplesOf(rows: readonly number[]): SampleRow[] {
    return rows.flatMap((row) => this.#samples.get(row) ?? []);
  }
}
