import { DatasetFault } from "../../dataset-fault.ts";
import type { Field } from "../../schema.ts";
import type { Cell, TensorCell } from "../../table.ts";
import { elementsIn, type NumericData } from "../../../tensors/element-arrays.ts";
import { float16Bits } from "../../../onnx/tensors.ts";
import { utf8Encode } from "../../../text/utf8.ts";
import { elementCount, newTensorData } from "../tensor-data.ts";
import { numberCell } from "../number-cell.ts";
import type { HoldsNull } from "../missing-values.ts";
import type { HeapWriter } from "./write-heap.ts";
import {
  datatypeMessage,
  sequenceType,
  sizeOf,
  STORED_AS,
  textType,
  VARIABLE_SIZE,
  type StoredType,
} from "./write-types.ts";

const MOST_DIMENSIONS = 31;

/** NaN of floats, but not of sequences, and `null` of JSON. */
export const hdf5HoldsNull: HoldsNull = ({ type, shape }) =>
  type === "json" || (type.startsWith("float") && !shape?.includes(null));

/** How a column is stored. */
export type WrittenColumn = {
  field: Field;
  /** The datatype message. */
  type: Uint8Array;
  elementSize: number;
  /** The sizes of a row's elements. */
  rest: readonly number[];
  /** Whether what its elements name lies in a heap. */
  isVariable: boolean;
  /** Puts the cell of a row at an element of a chunk. */
  write(cell: Cell, row: number, chunk: NumericData, at: number, heap: HeapWriter): void;
  /** The chunk's elements, to be written. */
  view(chunk: Uint8Array): NumericData;
};

/** Refuses a column that HDF5 cannot hold. */
export function writtenColumn(field: Field): WrittenColumn {
  const { name, type, shape } = field;
  if (shape === undefined) return scalarColumn(field);
  if (
    type === "string" ||
    type === "binary" ||
    type === "json" ||
    newTensorData(type, 0) === undefined
  )
    throw cannotHold(name, `tensors of ${type}`, "turn it into json or numbers");
  if (shape.length === 1 && shape[0] === null) return sequenceColumn(field, STORED_AS[type]);
  const rest = shape.filter((size) => size !== null);
  if (rest.length !== shape.length)
    throw cannotHold(
      name,
      `tensors of the sizes ${shape.map((size) => size ?? "any").join(" x ")}`,
      "give all rows one size, or only one axis",
    );
  if (rest.length > MOST_DIMENSIONS)
    throw cannotHold(name, `tensors of ${rest.length} axes`, `use at most ${MOST_DIMENSIONS}`);
  return tensorColumn(field, STORED_AS[type], rest);
}

function cannotHold(column: string, what: string, advice: string): DatasetFault {
  return new DatasetFault(
    "file_unsupported",
    `column '${column}': HDF5 files cannot hold ${what}; ${advice}, or export to parquet`,
    { field: column },
  );
}

function misfit({ name, type }: Field, row: number, found: string): DatasetFault {
  return new DatasetFault(
    "schema_mismatch",
    `row ${row} of column '${name}' is ${found}, where ${type} is expected`,
    { field: name, row },
  );
}

function noValue({ name, type }: Field, row: number): DatasetFault {
  return new DatasetFault(
    "schema_mismatch",
    `row ${row} of column '${name}' has no value, which HDF5 keeps for floats alone and not for ${type}: fill it first, or export to parquet`,
    { field: name, row },
  );
}

/** The chunk's elements as an array over its own bytes. */
const viewOf =
  (stored: StoredType) =>
  (chunk: Uint8Array): NumericData =>
    elementsIn(stored, chunk) ?? chunk;

function scalarColumn(field: Field): WrittenColumn {
  const { type } = field;
  if (type === "string" || type === "json" || type === "binary") return variableColumn(field);
  const stored = STORED_AS[type];
  return {
    field,
    type: datatypeMessage(stored),
    elementSize: sizeOf(stored),
    rest: [],
    isVariable: false,
    view: viewOf(stored),
    write(cell, row, chunk, at) {
      chunk[at] = storedNumber(field, stored, cell, row) as never;
    },
  };
}

function storedNumber(field: Field, stored: StoredType, cell: Cell, row: number): number | bigint {
  if (cell === null && !stored.startsWith("float")) throw noValue(field, row);
  if (stored === "bool") {
    if (typeof cell !== "boolean") throw misfit(field, row, typeof cell);
    return Number(cell);
  }
  const value = cell ?? Number.NaN;
  const number =
    typeof value === "number" || typeof value === "bigint" ? numberCell(stored, value) : undefined;
  if (number === undefined)
    throw misfit(field, row, typeof cell === "object" ? "no number" : `${cell}`);
  return stored === "float16" ? float16Bits(Number(number)) : number;
}

function variableColumn(field: Field): WrittenColumn {
  const isBytes = field.type === "binary";
  return {
    field,
    type: isBytes ? sequenceType("uint8") : textType(),
    elementSize: VARIABLE_SIZE,
    rest: [],
    isVariable: true,
    view: (chunk) => chunk,
    write(cell, row, chunk, at, heap) {
      if (cell === null && field.type !== "json") throw noValue(field, row);
      const bytes = isBytes ? cell : utf8Encode(textOf(field, cell, row));
      if (!(bytes instanceof Uint8Array)) throw misfit(field, row, typeof cell);
      heap.add(bytes, bytes.length, chunk as Uint8Array, at * VARIABLE_SIZE);
    },
  };
}

function textOf(field: Field, cell: Cell, row: number): string {
  if (field.type === "json") return JSON.stringify(cell);
  if (typeof cell !== "string") throw misfit(field, row, typeof cell);
  // Readers take a zero for the end.
  if (cell.includes("\0"))
    throw cannotHold(field.name, `the text of row ${row}, which has a zero character`, "remove it");
  return cell;
}

function sequenceColumn(field: Field, stored: StoredType): WrittenColumn {
  return {
    field,
    type: sequenceType(stored),
    elementSize: VARIABLE_SIZE,
    rest: [],
    isVariable: true,
    view: (chunk) => chunk,
    write(cell, row, chunk, at, heap) {
      const data = tensorData(field, cell, row);
      const bytes = bytesOf(stored, data);
      heap.add(bytes, data.length, chunk as Uint8Array, at * VARIABLE_SIZE);
    },
  };
}

function tensorColumn(field: Field, stored: StoredType, rest: readonly number[]): WrittenColumn {
  const size = elementCount(rest);
  return {
    field,
    type: datatypeMessage(stored),
    elementSize: sizeOf(stored),
    rest,
    isVariable: false,
    view: (chunk) => chunk,
    write(cell, row, chunk, at) {
      const byteSize = size * sizeOf(stored);
      const isMissing = cell === null && stored.startsWith("float");
      const data = isMissing
        ? (newTensorData(field.type, size)?.fill(Number.NaN as never) ?? new Float64Array(0))
        : tensorData(field, cell, row);
      const bytes = bytesOf(stored, data);
      if (bytes.length !== byteSize)
        throw misfit(field, row, `a tensor of ${data.length} elements`);
      (chunk as Uint8Array).set(bytes, at * byteSize);
    },
  };
}

function tensorData(field: Field, cell: Cell, row: number): TensorCell["data"] {
  if (cell === null) throw noValue(field, row);
  if (typeof cell !== "object" || !("dims" in cell) || !("data" in cell))
    throw misfit(field, row, "no tensor");
  const { dims, data } = cell as TensorCell;
  const fits =
    dims.length === field.shape?.length &&
    field.shape.every((size, axis) => size === null || size === dims[axis]) &&
    newTensorData(field.type, 0)?.constructor === data.constructor;
  if (!fits) throw misfit(field, row, `a tensor of the sizes ${dims.join(" x ")}`);
  return data;
}

function bytesOf(stored: StoredType, data: TensorCell["data"]): Uint8Array {
  const elements =
    stored === "float16"
      ? Uint16Array.from<number | bigint>(data, (value) => float16Bits(Number(value)))
      : data;
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}
