import { DatasetFault } from "../../dataset-fault.ts";
import type { Field, Schema } from "../../schema.ts";
import type { Batch, Cell, Range, Table } from "../../table.ts";
import { BatchBuilder } from "../batch-builder.ts";
import type { InferFactory } from "../inferred.ts";
import { SAMPLE_ROWS } from "../limits.ts";
import { misfit, missing, quoted } from "../misfit.ts";
import type { ReaderFactory } from "../platform.ts";
import { resolveRange } from "../range.ts";
import { TextDecoding } from "../text/decoder.ts";
import { fieldsOfKinds, kindInWords, kindsHeld, typeOfKinds } from "../text/kinds.ts";
import { cellOfJson } from "./json-cells.ts";
import { type JsonFile, JsonRows, Names, openJson } from "./json-rows.ts";

/**
 * JSON lines, one object a line, or one list of objects. Without a schema the types are guessed
 * from the first rows, all columns nullable: whole numbers are `int64`, others `float64`, and what
 * no other type holds is `json`. A later value that would have made the guess another, or a name
 * not met before, ends the batches with a `schema_mismatch`; a table read to its end has thus the
 * schema that `inferJson` finds.
 */
export const jsonReader: ReaderFactory = (platform) => ({
  sequential: true,
  async read(source, { schema }) {
    const decoding = new TextDecoding(platform);
    const file = await openJson(source);
    if (schema) return tableOf(file, schema, schema.fields.map(declared), decoding);
    const seen = new JsonKinds(file, decoding);
    seen.observe(SAMPLE_ROWS);
    const isWhole = seen.rows.window.left === 0;
    const guess = seen.schema(isWhole);
    const columns = guess.fields.map((field, place) => ({
      field,
      held: kindsHeld(isWhole || seen.kinds[place] ? field.type : undefined, "json"),
    }));
    const table = tableOf(file, guess, columns, decoding);
    if (isWhole) return table;
    return { ...table, mayBecome: (name) => fieldsOfKinds(name, seen.kindsOf(name), "json") };
  },
});

/** The schema that all objects of a file fit. */
export const inferJson: InferFactory = (platform) => async (source) => {
  const seen = new JsonKinds(await openJson(source), new TextDecoding(platform));
  do {
    seen.observe(Infinity);
  } while (await seen.rows.more());
  return { schema: seen.schema(true), rows: seen.rows.row, warnings: [] };
};

/** The kinds of values met under each name so far. */
class JsonKinds {
  readonly kinds: number[] = [];
  readonly rows: JsonRows;
  readonly #names = new Names();

  constructor(file: JsonFile, decoding: TextDecoding) {
    this.rows = new JsonRows(file, decoding, (name) => this.#names.add(name));
  }

  /** Takes in the rows that the window holds, up to a number in all. */
  observe(most: number): void {
    const { rows, kinds } = this;
    while (rows.row < most && rows.next())
      for (let member = 0; member < rows.members; member++) {
        const place = rows.places[member] ?? 0;
        kinds[place] = (kinds[place] ?? 0) | (rows.kinds[member] ?? 0);
      }
  }

  kindsOf(name: string): number {
    return this.kinds[this.#names.find(name) ?? -1] ?? 0;
  }

  schema(isWhole: boolean): Schema {
    const { names } = this.#names;
    if (isWhole && names.length === 0)
      throw new DatasetFault(
        "file_invalid",
        "no object of the file has a member, so that it has no columns: is it empty?",
      );
    const fields = names.map((name, place) => ({
      name,
      type: typeOfKinds(this.kinds[place] ?? 0, "json") ?? ("json" as const),
      nullable: true,
    }));
    return { fields };
  }
}

/** A column and, where it was guessed, the kinds of values that leave the guess right. */
type Column = { field: Field; held: number | undefined };

const declared = (field: Field): Column => ({ field, held: undefined });

const tableOf = (
  file: JsonFile,
  schema: Schema,
  columns: Column[],
  decoding: TextDecoding,
): Table => ({
  schema,
  rows: null,
  warnings: [],
  batches: (range) => batchesOf(file, schema, columns, decoding, range),
});

async function* batchesOf(
  file: JsonFile,
  schema: Schema,
  columns: Column[],
  decoding: TextDecoding,
  range?: Range,
): AsyncGenerator<Batch> {
  const { from, to, columns: places } = resolveRange(schema, range);
  const names = new Names(schema.fields.map(({ name }) => name));
  const rows = new JsonRows(file, decoding, (name, row) => {
    const place = names.find(name);
    if (place !== undefined) return place;
    throw unknownName(
      name,
      row,
      columns.some(({ held }) => held !== undefined),
    );
  });
  const builder = new BatchBuilder(places.length, rows.window.position);
  const cells: Cell[] = [];
  do {
    while (rows.row < to && rows.next()) {
      if (rows.row <= from) continue;
      cellsOfRow(rows, columns, cells);
      for (let index = 0; index < places.length; index++)
        builder.columns[index]?.push(cells[places[index] ?? 0] ?? null);
      builder.rows++;
      if (builder.isFull(rows.window.position)) yield builder.take(rows.window.position);
    }
  } while (rows.row < to && (await rows.more()));
  if (builder.rows > 0) yield builder.take(rows.window.position);
}

/** The cells of the object read last, by the places of their columns. */
function cellsOfRow(rows: JsonRows, columns: readonly Column[], cells: Cell[]): void {
  const row = rows.row - 1;
  cells.length = 0;
  for (let place = 0; place < columns.length; place++) cells.push(null);
  for (let member = 0; member < rows.members; member++) {
    const place = rows.places[member] ?? 0;
    const column = columns[place];
    if (column) cells[place] = cellOf(column, rows, member, row);
  }
  for (let place = 0; place < columns.length; place++) {
    const field = columns[place]?.field;
    if (field && !field.nullable && cells[place] === null) throw missing(field, row);
  }
}

function cellOf({ field, held }: Column, rows: JsonRows, member: number, row: number): Cell {
  const value = rows.values[member] ?? null;
  const kind = rows.kinds[member] ?? 0;
  const isHeld = held === undefined || kind === 0 || (kind & held) !== 0;
  const cell = isHeld ? cellOfJson(field, value, rows.extras[member] ?? 0) : undefined;
  if (cell !== undefined) return cell;
  const text = typeof value === "object" ? "JSON" : quoted(String(value));
  throw misfit(field, row, `${text}, ${kindInWords(kind)}`, held !== undefined);
}

function unknownName(name: string, row: number, isGuess: boolean): DatasetFault {
  const advice = isGuess
    ? "the first rows do not have: infer the columns from the whole file, or give a schema"
    : "the schema does not have";
  return new DatasetFault(
    "schema_mismatch",
    `row ${row} has a member ${quoted(name)}, which ${advice}`,
    { field: name, row },
  );
}
