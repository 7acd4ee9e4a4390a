import { DatasetFault } from "../../dataset-fault.ts";
import type { Field } from "../../schema.ts";
import { quoted, typeText } from "../../schema-rules/named.ts";
import type { Cell, TensorCell } from "../../table.ts";
import { isTensorCell, newTensorData } from "../tensor-data.ts";
import { firstFastest } from "./first-fastest.ts";

type Data = TensorCell["data"];

export type NumberColumn = {
  kind: "numbers";
  field: Field;
  place: number;
  name: string;
  bytes: number;
  /** The sizes of a row's tensor; none of a scalar. */
  dims: number[];
};

const isFloat = ({ type }: Field): boolean => type.startsWith("float");

/** Numbers of a column's type; days as int32, microseconds as int64. */
export function newNumbers({ type }: Field, length: number): Data {
  const stored = type === "date" ? "int32" : type === "timestamp" ? "int64" : type;
  const data = newTensorData(stored, length);
  if (data === undefined) throw new TypeError(`${type} is no type of numbers`);
  return data;
}

/** A cell as a number; none is NaN. */
export function numberOf(field: Field, cell: Cell, row: number): number | bigint {
  if (typeof cell === "boolean") return cell ? 1 : 0;
  if (typeof cell === "number" || typeof cell === "bigint") return cell;
  if (cell === null && isFloat(field)) return Number.NaN;
  throw new DatasetFault(
    "schema_mismatch",
    `a MAT file cannot hold that column ${quoted(field.name)} (${typeText(field)}) has no value in row ${row}: fill it in, make it a float, or export parquet`,
    { field: field.name, row },
  );
}

/** Numbers of a column from one element of its rows to another, all rows of the first before the next. */
export class Slab {
  readonly data: Data;
  readonly #column: NumberColumn;
  readonly #rows: number;
  readonly #positions: number[];

  constructor(column: NumberColumn, rows: number, from: number, to: number) {
    this.#column = column;
    this.#rows = rows;
    this.#positions = Array.from({ length: to - from }, (_, i) =>
      firstFastest(column.dims, from + i),
    );
    this.data = newNumbers(column.field, rows * (to - from));
  }

  put(cell: Cell, row: number): void {
    const { field } = this.#column;
    const isTensor = field.shape !== undefined;
    for (const [i, position] of this.#positions.entries()) {
      const value =
        isTensor && isTensorCell(cell) ? (cell.data[position] ?? 0) : numberOf(field, cell, row);
      this.data[i * this.#rows + row] = value as never;
    }
  }

  get bytes(): Uint8Array {
    const { buffer, byteOffset, byteLength } = this.data;
    return new Uint8Array(buffer, byteOffset, byteLength);
  }
}
