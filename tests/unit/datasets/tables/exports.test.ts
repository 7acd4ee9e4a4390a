import { describe, expect, it } from "vitest";
import { sourceOf } from "../../../../domain/datasets/byte-source.ts";
import {
  EXPORT_FORMATS,
  type ExportFormat,
} from "../../../../domain/datasets/formats/format-names.ts";
import { readerOf } from "../../../../domain/datasets/formats/formats.ts";
import {
  COLUMN_TYPES,
  type ColumnType,
  type Field,
  type Schema,
} from "../../../../domain/datasets/schema.ts";
import type { Cell, TensorCell } from "../../../../domain/datasets/table.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { nodePlatform } from "../../../fixtures/format-platform.ts";
import { randomCell } from "./random-tables.ts";
import { type Column, profiled, tableFrom, written } from "./exported.ts";
import { cellsOf } from "./tables.ts";

const SHAPES = [[2], [2, 2], [null], [null, 2], [null, null]];
const NULLS = ["none", "none", "in the last row", "anywhere", "everywhere"] as const;
const hasTensors = (type: ColumnType): boolean => /^(bool|u?int|float)/.test(type);

/** A column of any type, with nulls in one of the ways that a file may have them. */
function columnOf(format: ExportFormat, seed: string, rows: number): Column {
  const random = seededRandom(`${format} ${seed}`);
  const pick = <T>(values: readonly T[]): T => values[random.integer(values.length)] as T;
  const type = pick(COLUMN_TYPES);
  const shape = hasTensors(type) && random.uniform() < 0.3 ? { shape: pick(SHAPES) } : {};
  const field: Field = { name: `of_${seed}`, type, nullable: true, ...shape };
  const nulls = pick(NULLS);
  // Small numbers half of the time, since a float64 does not hold all others.
  const isSmall = random.uniform() < 0.5;
  const isNull = (row: number): boolean =>
    nulls === "everywhere" ||
    (nulls === "in the last row" && row === rows - 1) ||
    (nulls === "anywhere" && random.uniform() < 0.3);
  const cells = Array.from({ length: rows }, (_, row): Cell => {
    const cell = randomCell(random, { ...field, nullable: false });
    if (isNull(row)) return null;
    // Zeros are not text to what reads CSV.
    if (format === "csv" && cell === "\0") return "";
    return isSmall && typeof cell === "bigint" ? cell % 1000n : cell;
  });
  return { field, cells };
}

const isTensor = (cell: Cell | undefined): cell is TensorCell =>
  typeof cell === "object" && cell !== null && "dims" in cell && cell.data instanceof Object;
const isFloat = ({ type }: Field): boolean => type.startsWith("float");
const isTime = ({ type }: Field): boolean => type === "date" || type === "timestamp";
const isText = ({ type, shape }: Field): boolean =>
  shape === undefined && (type === "string" || type === "json");

/** Whether the documented rule makes the column float64, since it has nulls that the format has not. */
function isWidened(format: ExportFormat, { field, cells }: Column): boolean {
  if (["csv", "json", "parquet"].includes(format) || !cells.includes(null)) return false;
  if (isFloat(field) || field.type === "json") return false;
  if (format === "mat" && isText(field)) return false;
  return !(format === "numpy" && isTime(field));
}

const isBeyond = (value: unknown): boolean =>
  typeof value === "bigint" && !Number.isSafeInteger(Number(value));
const elementsOf = (cell: Cell): unknown[] => (isTensor(cell) ? [...cell.data] : [cell]);

/** Whether a format has no way to hold the column, by what the documentation says of it. */
function cannotHold(format: ExportFormat, column: Column): boolean {
  if (["csv", "json", "parquet"].includes(format)) return false;
  const { type, shape = [] } = column.field;
  const open = shape.filter((size) => size === null).length;
  const texts = column.cells.filter((cell) => typeof cell === "string");
  const sizes = new Set(column.cells.filter(isTensor).map(({ dims }) => dims.join()));
  const isLossy =
    isWidened(format, column) &&
    (type === "string" || type === "binary" || column.cells.flatMap(elementsOf).some(isBeyond));
  if (isLossy) return true;
  switch (format) {
    case "numpy":
      if (type === "string") return texts.some((text) => text.endsWith("\0"));
      return type === "binary" || type === "json" || open > 0;
    case "hdf5":
      if (type === "string") return texts.some((text) => text.includes("\0"));
      if (open > 0) return shape.length > 1 || column.cells.includes(null);
      return false;
    default:
      return type === "binary" || sizes.size > 1;
  }
}

/** The column as it is read back from a file of the format. */
function readBack(format: ExportFormat, column: Column): { type: ColumnType; cells: Cell[] } {
  const { field, cells } = column;
  if (format === "parquet") return { type: field.type, cells };
  if (format === "csv" || format === "json")
    return { type: field.type, cells: cells.map((cell) => asList(field, cell)) };
  const widened = isWidened(format, column);
  const type = widened ? "float64" : typeIn(format, field.type);
  const sizes = sizesOf(column);
  const isNaN = widened || isFloat(field);
  return {
    type,
    cells: cells.map((cell): Cell => {
      if (cell === null && !isNaN) return null;
      if (field.type === "json" && format === "mat") return JSON.stringify(cell);
      if (!isNaN) return cell;
      if (field.shape === undefined) return cell === null ? Number.NaN : Number(cell);
      const none = { dims: sizes, data: new Float64Array(lengthOf(sizes)).fill(Number.NaN) };
      const { dims, data } = isTensor(cell) ? cell : none;
      const floats = Float64Array.from<number | bigint>(data, Number);
      return { dims, data: type === "float64" ? floats : Float32Array.from(floats) };
    }),
  };
}

const sizesOf = ({ field, cells }: Column): number[] =>
  cells.find(isTensor)?.dims ?? field.shape?.map((size) => size ?? 0) ?? [];
const lengthOf = (sizes: readonly number[]): number =>
  sizes.reduce((product, size) => product * size, 1);

/** An empty list of lists does not say how long those would have been. */
const asList = ({ shape }: Field, cell: Cell): Cell =>
  isTensor(cell) && cell.dims[0] === 0
    ? { ...cell, dims: cell.dims.map((_, axis) => shape?.[axis] ?? 0) }
    : cell;

const typeIn = (format: ExportFormat, type: ColumnType): ColumnType => {
  if (format !== "mat") return type;
  const inMatlab = {
    date: "int32",
    timestamp: "int64",
    float16: "float32",
    json: "string",
  } as const;
  return type in inMatlab ? inMatlab[type as keyof typeof inMatlab] : type;
};

describe("an export is refused before its first byte, or whole", () => {
  const seeds = Array.from({ length: 40 }, (_, seed) => seed);

  it.each(EXPORT_FORMATS)("%s of any columns, with nulls wherever they are", async (format) => {
    let whole = 0;
    for (const seed of seeds)
      // In a MAT file nothing tells one row from a row vector, and what is empty is not read.
      for (const rows of format === "mat" ? [5, 6, 7] : [0, 1, 7]) {
        const of = (place: number): Column => columnOf(format, `${seed}_${place}`, rows);
        // The second makes a record of numpy's, which keeps names.
        const columns = [of(0), { ...of(1), ...plainColumn(rows) }];
        const where = JSON.stringify(columns.map(({ field }) => field));
        const known = await profiled(tableFrom(columns));
        const result = await written(columns, format, known);
        expect(await written(columns, format), where).toEqual(result);
        const misfits = columns.filter((column) => cannotHold(format, column));
        if (typeof result === "string") {
          expect(
            misfits.map(({ field }) => field.name),
            where,
          ).toContain(result);
          continue;
        }
        expect(misfits, where).toEqual([]);
        whole++;
        const schema: Schema = { fields: columns.map(({ field }) => field) };
        const options = format === "csv" || format === "json" ? { schema } : {};
        const back = await readerOf(format, nodePlatform).read(sourceOf(result), options);
        const isThere = (column: Column) => format !== "mat" || lengthOf(sizesOf(column)) > 0;
        const wanted = columns.filter(isThere).map((column) => readBack(format, column));
        expect(await cellsOf(back), where).toEqual(wanted.map(({ cells }) => cells));
        const types = back.schema.fields.map(({ type }) => type);
        expect(types, where).toEqual(wanted.map(({ type }) => type));
      }
    expect(whole).toBeGreaterThan(seeds.length * 1.5);
  });
});

const plainColumn = (rows: number): Column => ({
  field: { name: "plain", type: "int16", nullable: false },
  cells: Array.from({ length: rows }, (_, row) => row),
});
