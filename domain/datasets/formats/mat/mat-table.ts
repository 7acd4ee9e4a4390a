import { DatasetFault } from "../../dataset-fault.ts";
import type { Field } from "../../schema.ts";
import { quoted } from "../../schema-rules/named.ts";
import type { Batch, Cell, Range, ReadOptions, Table, TensorCell } from "../../table.ts";
import { MOST_COLUMNS } from "../../schema-rules/check-schema.ts";
import { BATCH_BYTES, BATCH_ROWS } from "../limits.ts";
import { resolveRange } from "../range.ts";
import type { MatArray, Plane } from "./mat-array.ts";
import { MatrixRows } from "./matrix-rows.ts";

const MOST_WARNINGS = 100;
const RATE = /^(?:.*\.)?(?:fs|sampling_?rate(?:_hz)?|sample_?rate)$/i;

/** A column of so many rows; a vector has one number in each. */
type MatColumn = {
  field: Field;
  rowBytes: number;
  cells(from: number, count: number): Promise<Cell[]>;
  slice?(row: number, from: number, to: number): Promise<TensorCell>;
};

const isVector = ({ dims }: MatArray): boolean =>
  dims.length <= 2 && dims.some((size) => size === 1);
const isScalar = ({ dims }: MatArray): boolean => dims.every((size) => size === 1);

/** The numbers of rows that an array could have: a vector that lies down may be one row as well. */
function possibleRows(array: MatArray): number[] {
  const [first = 1] = array.dims;
  if (!isVector(array)) return [first];
  const length = Math.max(...array.dims);
  return array.kind === "numbers" && length !== first ? [length, first] : [length];
}

/** As many rows as most arrays have, the more where it is even; scalars count only where there is nothing else. */
function mostRows(arrays: readonly MatArray[]): number | undefined {
  const counts = new Map<number, number>();
  const vectors = arrays.filter((array) => !isScalar(array));
  for (const array of vectors.length > 0 ? vectors : arrays) {
    const [rows = 1] = possibleRows(array);
    counts.set(rows, (counts.get(rows) ?? 0) + 1);
  }
  const ordered = [...counts].sort(([a, votesA], [b, votesB]) => votesB - votesA || b - a);
  return ordered[0]?.[0];
}

function chosenRows(arrays: readonly MatArray[]): number {
  const [first, ...rest] = arrays.map(possibleRows);
  const common = first?.find((rows) => rest.every((others) => others.includes(rows)));
  if (common === undefined)
    throw new DatasetFault(
      "option_invalid",
      `the arrays ${arrays.map(({ name, dims }) => `${name} (${dims.join(" x ")})`).join(", ")} have no number of rows in common; choose arrays that have`,
      { field: "arrays" },
    );
  return common;
}

function named(arrays: readonly MatArray[], names: readonly string[]): MatArray[] {
  return names.map((name) => {
    const array = arrays.find((each) => each.name === name);
    if (array === undefined)
      throw new DatasetFault(
        "column_unknown",
        `there is no array ${quoted(name)} in the file; it has ${arrays
          .map((each) => each.name)
          .slice(0, 20)
          .join(", ")}`,
        { field: "arrays" },
      );
    if (array.kind === "other")
      throw new DatasetFault(
        "file_unsupported",
        `${quoted(name)} is ${array.what}, which is not read`,
        { field: name },
      );
    return array;
  });
}

/** What stands in a warning of an array that is no column. */
async function told(array: MatArray): Promise<string> {
  if (array.kind === "other") return `${array.name} is ${array.what}, and not in the table`;
  if (isScalar(array) && array.kind === "texts")
    return `${array.name} = ${JSON.stringify((await array.texts(0, 1))[0])}`;
  if (isScalar(array) && array.kind === "numbers") {
    const [real] = await array.real.read(array.type, 0, 1);
    const [imaginary] = array.imaginary ? await array.imaginary.read(array.type, 0, 1) : [];
    return `${array.name} = ${real}${imaginary === undefined ? "" : ` + ${imaginary}i`}`;
  }
  const what = array.kind === "numbers" ? array.type : "texts";
  return `${array.name} (${array.dims.join(" x ")} ${what}) has another number of rows, and is not in the table; the option arrays picks it`;
}

const cellsOf = (data: TensorCell["data"], type: Field["type"]): Cell[] =>
  type === "bool"
    ? Array.from({ length: data.length }, (_, i) => Number(data[i]) !== 0)
    : Array.from<number | bigint>(data);

function numberColumn(
  name: string,
  type: Field["type"],
  plane: Plane,
  dims: number[],
  rows: number,
): MatColumn {
  const length = dims.reduce((product, size) => product * size, 1);
  const { width } = plane;
  if (length === rows)
    return {
      field: { name, type, nullable: false },
      rowBytes: 8,
      cells: async (from, count) => cellsOf(await plane.read(type, from, count), type),
    };
  const shape = dims[0] === rows ? dims.slice(1) : [length / rows];
  const matrix = new MatrixRows(plane, type, rows, shape);
  matrix.checkReadable(name);
  return {
    field: { name, type, nullable: false, shape },
    rowBytes: (length / rows) * width,
    cells: (from, count) => matrix.cells(from, count),
    slice: (row, from, to) => matrix.slice(row, from, to),
  };
}

function columnsOf(array: MatArray, rows: number): MatColumn[] {
  const { name, dims } = array;
  if (array.kind === "other") return [];
  if (array.kind === "texts")
    return [
      {
        field: { name, type: "string", nullable: true },
        rowBytes: 32,
        cells: (from, count) => array.texts(from, count),
      },
    ];
  const { type, real, imaginary } = array;
  if (imaginary === null) return [numberColumn(name, type, real, dims, rows)];
  return [
    numberColumn(`${name}.real`, type, real, dims, rows),
    numberColumn(`${name}.imag`, type, imaginary, dims, rows),
  ];
}

async function rateOf(
  arrays: readonly MatArray[],
  given: number | undefined,
): Promise<number | undefined> {
  if (given !== undefined) return given;
  const rate = arrays.find((array) => RATE.test(array.name) && isScalar(array));
  if (rate?.kind !== "numbers") return undefined;
  const value = Number((await rate.real.read(rate.type, 0, 1))[0]);
  return Number.isFinite(value) && value > 0 ? value : undefined;
}

class MatTable {
  readonly rows: number;
  readonly columns: MatColumn[];

  constructor(rows: number, columns: MatColumn[]) {
    this.rows = rows;
    this.columns = columns;
  }

  column(name: string): MatColumn {
    const column = this.columns.find(({ field }) => field.name === name);
    if (column === undefined)
      throw new DatasetFault("column_unknown", `there is no column ${quoted(name)}`, {
        field: name,
      });
    return column;
  }

  async *batches(range?: Range): AsyncGenerator<Batch> {
    const schema = { fields: this.columns.map(({ field }) => field) };
    const { from, to, columns } = resolveRange(schema, range);
    const chosen = columns.flatMap((place) => this.columns[place] ?? []);
    const rowBytes = chosen.reduce((sum, column) => sum + column.rowBytes, 0);
    const step = Math.min(Math.max(Math.floor(BATCH_BYTES / Math.max(rowBytes, 1)), 1), BATCH_ROWS);
    const end = Math.min(to, this.rows);
    for (let at = from; at < end; at += step) {
      const rows = Math.min(step, end - at);
      const cells: Cell[][] = [];
      for (const column of chosen) cells.push(await column.cells(at, rows));
      yield { rows, columns: cells };
    }
  }

  async slice(name: string, row: number, from: number, to: number): Promise<TensorCell> {
    const column = this.column(name);
    const last = column.field.shape?.at(-1) ?? 0;
    if (
      column.slice === undefined ||
      !(row >= 0 && row < this.rows && from >= 0 && from <= to && to <= last)
    )
      throw new DatasetFault(
        "option_invalid",
        `the column ${quoted(name)} has no part from ${from} to ${to} in row ${row}: its last axis has ${last} elements, and it has ${this.rows} rows`,
        { field: name },
      );
    return column.slice(row, from, to);
  }
}

/**
 * Arrays as the columns of a table: those with as many rows as most, or those that the option
 * `arrays` names. A vector has one number a row, whichever way it lies; another array a tensor. What
 * is left out is told in the warnings, scalars with their value.
 */
export async function matTable(arrays: readonly MatArray[], options: ReadOptions): Promise<Table> {
  const readable = arrays.filter(({ kind }) => kind !== "other");
  const chosen = options.arrays === undefined ? readable : named(arrays, options.arrays);
  const rows = options.arrays === undefined ? mostRows(readable) : chosenRows(chosen);
  if (rows === undefined)
    throw new DatasetFault(
      "file_unsupported",
      `the MAT file has no array of numbers or texts${arrays.length > 0 ? `: ${arrays.map(({ name, kind, ...rest }) => `${name} is ${"what" in rest ? rest.what : kind}`).join(", ")}` : ""}`,
    );
  const isColumn = (array: MatArray): boolean =>
    options.arrays === undefined
      ? possibleRows(array)[0] === rows
      : possibleRows(array).includes(rows);
  const columns = chosen.filter(isColumn).flatMap((array) => columnsOf(array, rows));
  if (columns.length > MOST_COLUMNS)
    throw new DatasetFault(
      "file_too_large",
      `the file has ${columns.length} columns, at most ${MOST_COLUMNS} are read`,
    );
  const names = new Set(columns.map(({ field }) => field.name));
  if (names.size < columns.length)
    throw new DatasetFault("file_invalid", "the MAT file has two variables of one name");
  const rate = await rateOf(arrays, options.sampling_rate_hz);
  const rest =
    options.arrays === undefined
      ? arrays.filter((array) => array.kind === "other" || !isColumn(array))
      : [];
  const warnings: string[] = [];
  for (const array of rest.slice(0, MOST_WARNINGS)) warnings.push(await told(array));
  if (rest.length > MOST_WARNINGS) warnings.push(`and ${rest.length - MOST_WARNINGS} more arrays`);
  const table = new MatTable(rows, columns);
  const fields = columns.map(({ field }) =>
    field.shape === undefined || rate === undefined ? field : { ...field, sampling_rate_hz: rate },
  );
  const made: Table = {
    schema: { fields },
    rows,
    warnings,
    batches: (range) => table.batches(range),
  };
  return { ...made, slice: (column, row, from, to) => table.slice(column, row, from, to) };
}
