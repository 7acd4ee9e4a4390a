import { float16Bits } from "../../../onnx/tensors.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import type { ColumnType, Field, Schema } from "../../schema.ts";
import type { Batch, Cell, TensorCell, TwoPassWriter } from "../../table.ts";
import { utf8Encode } from "../../../text/utf8.ts";
import type { HoldsNull } from "../missing-values.ts";
import { elementCount } from "../tensor-data.ts";

const PIECE = 64 * 1024;
const LARGEST_ROW = 32 * 1024 * 1024;
const NOT_A_TIME = -(2n ** 63n);

const NUMBERS: Partial<Record<ColumnType, string>> = {
  bool: "|b1",
  int8: "|i1",
  int16: "<i2",
  int32: "<i4",
  int64: "<i8",
  uint8: "|u1",
  uint16: "<u2",
  uint32: "<u4",
  uint64: "<u8",
  float16: "<f2",
  float32: "<f4",
  float64: "<f8",
};

/** NaN, and NaT of a time. */
export const npyHoldsNull: HoldsNull = ({ type }) =>
  type.startsWith("float") || type === "date" || type === "timestamp";

/** How a column lies in each row. */
type Place = { field: Field; descr: string; size: number; shape: number[]; offset: number };

/**
 * A .npy file: of one column, an array of its values or tensors, which loses its name; of several,
 * an array of structures with a field for each. Numbers keep their types, texts are filled up to
 * the longest (`U`), dates and times are `datetime64[D]` and `[us]`. No value is NaN in a float and
 * NaT in a time. Throws a DatasetFault `option_invalid` naming the column for what numpy has no
 * place for: other nulls, tensors of differing sizes, bytes and JSON.
 */
export const writeNpy: TwoPassWriter = async function* (schema, openBatches, rows) {
  const lengths = await textLengths(schema, openBatches);
  const places = placesOf(schema, lengths);
  const rowSize = places.reduce((sum, { size }) => sum + size, 0);
  yield headerOf(places, rows);
  let row = 0;
  for await (const batch of openBatches()) {
    const atOnce = Math.max(1, Math.floor(PIECE / rowSize));
    for (let from = 0; from < batch.rows; from += atOnce) {
      const count = Math.min(atOnce, batch.rows - from);
      yield rowsOf(places, batch, from, count, row + from, rowSize);
    }
    row += batch.rows;
  }
  if (row !== rows) throw new RangeError(`there are ${row} rows, not ${rows}`);
};

/** How many characters the longest text of each text column has, by the column's place. */
async function textLengths(
  { fields }: Schema,
  openBatches: () => AsyncIterable<Batch>,
): Promise<number[]> {
  // numpy reads a type of no characters as one of any length.
  const lengths = fields.map(() => 1);
  if (!fields.some(({ type }) => type === "string")) return lengths;
  for await (const { columns } of openBatches())
    fields.forEach(({ type }, place) => {
      if (type !== "string") return;
      for (const cell of columns[place] ?? [])
        if (typeof cell === "string")
          lengths[place] = Math.max(lengths[place] ?? 1, charactersOf(cell, fields[place]));
    });
  return lengths;
}

/** Zeros at the end of a text would be taken for what fills it up. */
function charactersOf(text: string, field?: Field): number {
  if (field && text.endsWith("\0")) throw refused(field, "has a text that ends in a zero");
  return Array.from(text).length;
}

function placesOf({ fields }: Schema, lengths: readonly number[]): Place[] {
  if (fields.length === 0) throw new DatasetFault("option_invalid", "there is no column to write");
  let offset = 0;
  return fields.map((field, index) => {
    const scalar = scalarOf(field, lengths[index] ?? 1);
    const shape = (field.shape ?? []).map((size) => {
      if (size !== null) return size;
      throw refused(field, "has tensors of differing sizes, which an array cannot hold");
    });
    const size = scalar.size * elementCount(shape);
    if (size === 0) throw refused(field, "has tensors without elements");
    const place = { field, ...scalar, size, shape, offset };
    offset += size;
    if (offset > LARGEST_ROW) throw refused(field, `makes rows of more than ${LARGEST_ROW} bytes`);
    return place;
  });
}

function scalarOf(field: Field, length: number): { descr: string; size: number } {
  const number = NUMBERS[field.type];
  if (number) return { descr: number, size: Number(number.slice(2)) };
  if (field.type === "string") return { descr: `<U${length}`, size: 4 * length };
  if (field.type === "date") return { descr: "<M8[D]", size: 8 };
  if (field.type === "timestamp") return { descr: "<M8[us]", size: 8 };
  throw refused(field, `is ${field.type}, which a .npy file has no type for`);
}

/** Version 1 or, where the names need it, 2 or 3; the elements begin at a multiple of 64. */
function headerOf(places: readonly Place[], rows: number): Uint8Array {
  const [only] = places;
  const isSingle = places.length === 1 && only !== undefined;
  const shape = [rows, ...(isSingle ? only.shape : [])];
  const descr = isSingle ? `'${only.descr}'` : `[${places.map(fieldDescr).join(", ")}]`;
  const text = `{'descr': ${descr}, 'fortran_order': False, 'shape': ${tuple(shape)}, }`;
  // Version 1 and 2 are Latin-1, of which only ASCII is the same in UTF-8.
  const content = utf8Encode(text);
  const isAscii = content.length === text.length;
  const version = !isAscii ? 3 : content.length < 65_000 ? 1 : 2;
  const prefix = version === 1 ? 10 : 12;
  const size = Math.ceil((prefix + content.length + 1) / 64) * 64;
  const header = new Uint8Array(size).fill(0x20);
  header.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]);
  const view = new DataView(header.buffer);
  if (version === 1) view.setUint16(8, size - prefix, true);
  else view.setUint32(8, size - prefix, true);
  header.set(content, prefix);
  header[size - 1] = 0x0a;
  return header;
}

const tuple = (sizes: readonly number[]): string =>
  sizes.length === 1 ? `(${sizes[0]},)` : `(${sizes.join(", ")})`;

const fieldDescr = ({ field, descr, shape }: Place): string =>
  `(${pythonText(field.name)}, '${descr}'${shape.length > 0 ? `, ${tuple(shape)}` : ""})`;

const pythonText = (text: string): string =>
  `'${text.replace(/[\\']/g, (character) => `\\${character}`)}'`;

function rowsOf(
  places: readonly Place[],
  { columns }: Batch,
  from: number,
  count: number,
  firstRow: number,
  rowSize: number,
): Uint8Array {
  const bytes = new Uint8Array(count * rowSize);
  const view = new DataView(bytes.buffer);
  places.forEach((place, index) => {
    for (let row = 0; row < count; row++) {
      const cell = columns[index]?.[from + row] ?? null;
      const at = row * rowSize + place.offset;
      if (place.field.shape) writeTensor(place, view, at, cell, firstRow + row);
      else if (typeof cell === "string") writeText(place.field, view, at, place.size, cell);
      else writeCell(place.field, view, at, cell, firstRow + row);
    }
  });
  return bytes;
}

function writeTensor(place: Place, view: DataView, at: number, cell: Cell, row: number): void {
  const { field, shape, size } = place;
  if (cell === null) {
    const step = size / elementCount(shape);
    for (let offset = 0; offset < size; offset += step)
      writeCell(field, view, at + offset, null, row);
    return;
  }
  const { dims, data } = cell as TensorCell;
  if (dims.length !== shape.length || dims.some((length, axis) => length !== shape[axis]))
    throw refused(field, `has a tensor of ${dims.join(" x ")} in row ${row}`, row);
  const step = size / data.length;
  for (let index = 0; index < data.length; index++)
    writeCell(field, view, at + index * step, data[index] ?? 0, row);
}

function writeCell(field: Field, view: DataView, at: number, cell: Cell, row: number): void {
  const { type } = field;
  if (type === "date")
    view.setBigInt64(at, cell === null ? NOT_A_TIME : BigInt(Number(cell)), true);
  else if (type === "timestamp") view.setBigInt64(at, (cell as bigint | null) ?? NOT_A_TIME, true);
  else if (cell === null && type.startsWith("float")) writeNumber(type, view, at, Number.NaN);
  else if (cell !== null) writeNumber(type, view, at, cell);
  else throw refusedNull(field, row);
}

function writeNumber(type: ColumnType, view: DataView, at: number, cell: Cell): void {
  switch (type) {
    case "bool":
    case "uint8":
      return view.setUint8(at, Number(cell));
    case "int8":
      return view.setInt8(at, Number(cell));
    case "int16":
      return view.setInt16(at, Number(cell), true);
    case "uint16":
      return view.setUint16(at, Number(cell), true);
    case "int32":
      return view.setInt32(at, Number(cell), true);
    case "uint32":
      return view.setUint32(at, Number(cell), true);
    case "int64":
      return view.setBigInt64(at, cell as bigint, true);
    case "uint64":
      return view.setBigUint64(at, cell as bigint, true);
    case "float16":
      return view.setUint16(at, float16Bits(Number(cell)), true);
    case "float32":
      return view.setFloat32(at, Number(cell), true);
    default:
      return view.setFloat64(at, Number(cell), true);
  }
}

function writeText(field: Field, view: DataView, at: number, size: number, text: string): void {
  let offset = at;
  for (const character of text) {
    if (offset === at + size) throw new RangeError(`column '${field.name}' has another text`);
    view.setUint32(offset, character.codePointAt(0) ?? 0, true);
    offset += 4;
  }
}

const refused = (field: Field, what: string, row?: number): DatasetFault =>
  new DatasetFault(
    "option_invalid",
    `column '${field.name}' ${what}: leave it out, or export to parquet`,
    { field: field.name, ...(row === undefined ? {} : { row }) },
  );

const refusedNull = (field: Field, row: number): DatasetFault =>
  refused(field, `has no value in row ${row}, and ${field.type} has no way to say so`, row);
