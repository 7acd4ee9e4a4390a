import type { ColumnType, Field } from "../../schema.ts";
import type { Cell, Json, TensorCell } from "../../table.ts";
import { scalarOf, type Hdf5Attribute } from "./attributes.ts";
import { elementCount } from "../tensor-data.ts";
import type { Hdf5Number, Hdf5Type } from "./datatype.ts";
import { rowsOf, unreadable, type Elements } from "./elements.ts";
import { quoted } from "../misfit.ts";
import { BYTES_TYPE, DAYS, JSON_TYPE, MICROSECONDS } from "./conventions.ts";
import { damaged } from "./hdf5-fault.ts";

/** How the elements of an array become the cells of a column. */
export type Column = {
  field: Field;
  /** As its elements are to be decoded: an enumeration in a tensor as its numbers. */
  type: Hdf5Type;
  /** The cells of as many rows as there are elements for. */
  cells(elements: Elements): Cell[];
};

type Attributes = ReadonlyMap<string, Hdf5Attribute>;

/** What the attributes of an array, or of its file, say of a column. */
export type Notes = {
  unit?: string;
  description?: string;
  mediaType?: string;
  samplingRate?: number;
};

export async function notesOf(own: Attributes, root: Attributes): Promise<Notes> {
  const text = async (name: string): Promise<string | undefined> => {
    const value = await quietly(own.get(name));
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const [unit, description, mediaType] = [
    await text("units"),
    await text("description"),
    await text("media_type"),
  ];
  const samplingRate = (await rateIn(own)) ?? (await rateIn(root));
  return {
    ...(unit !== undefined && { unit }),
    ...(description !== undefined && { description }),
    ...(mediaType !== undefined && { mediaType }),
    ...(samplingRate !== undefined && { samplingRate }),
  };
}

/** An attribute that cannot be read says nothing; it is not what was asked for. */
async function quietly(attribute: Hdf5Attribute | undefined): Promise<Cell> {
  return attribute === undefined || unreadable(attribute.type) !== null
    ? null
    : scalarOf(attribute);
}

async function rateIn(attributes: Attributes): Promise<number | undefined> {
  for (const name of ["sampling_rate_hz", "sampling_rate", "fs"]) {
    const value = await quietly(attributes.get(name));
    const rate = typeof value === "bigint" ? Number(value) : value;
    if (typeof rate === "number" && Number.isFinite(rate) && rate > 0) return rate;
  }
  return undefined;
}

/** The column of an array's elements, of which a row has the sizes `rest`; a text why there can be none. */
export function columnOf(
  name: string,
  type: Hdf5Type,
  rest: number[],
  notes: Notes,
): Column | string {
  const reason = unreadable(type);
  if (reason !== null) return reason;
  if (type.kind === "array") return columnOf(name, type.base, [...rest, ...type.dims], notes);
  const told = {
    ...(notes.unit !== undefined && { unit: notes.unit }),
    ...(notes.description !== undefined && { description: notes.description }),
  };
  const field = (columnType: ColumnType, extra: Partial<Field> = {}): Field => ({
    name,
    type: columnType,
    nullable: false,
    ...told,
    ...extra,
  });
  return rest.length === 0
    ? scalarColumn(type, field, notes)
    : tensorColumn(type, rest, field, notes);
}

type MakeField = (type: ColumnType, extra?: Partial<Field>) => Field;

function scalarColumn(type: Hdf5Type, field: MakeField, notes: Notes): Column | string {
  switch (type.kind) {
    case "number":
      return numberColumn(type, field, notes);
    case "boolean":
      return {
        field: field("bool"),
        type,
        cells: (all) => Array.from<Cell, Cell>(all, (value) => value === 1),
      };
    case "enum":
      return { field: field("string"), type, cells: listed };
    case "string":
    case "text":
      return notes.mediaType === JSON_TYPE
        ? jsonColumn(type, field("json"))
        : { field: field("string"), type, cells: listed };
    case "opaque":
      return { field: field("binary"), type, cells: listed };
    case "sequence":
      return sequenceColumn(type, field, notes);
    default:
      return "references to other objects";
  }
}

const jsonColumn = (type: Hdf5Type, field: Field): Column => ({
  field,
  type,
  cells: (all) => listed(all).map((text) => parsed(textOf(text), field.name)),
});

function parsed(text: string, name: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    throw damaged(`'${name}' says that it is JSON, and has ${quoted(text)}`);
  }
}

const textOf = (cell: Cell): string => (typeof cell === "string" ? cell : "");

const listed = (elements: Elements): Cell[] => Array.from<Cell>(elements);

/** Numbers, and days and microseconds since 1970 as the CF conventions name them. */
function numberColumn(type: Hdf5Number, field: MakeField, { unit }: Notes): Column {
  const asked =
    unit === DAYS ? "date" : unit === MICROSECONDS && type.element === "int64" ? "timestamp" : null;
  const isTime =
    asked === "timestamp" ||
    (asked === "date" && ["int8", "int16", "int32"].includes(type.element));
  if (!isTime || asked === null) return { field: field(type.element), type, cells: listed };
  const { unit: _, ...plain } = field(asked);
  return { field: plain, type, cells: listed };
}

function sequenceColumn(
  type: Extract<Hdf5Type, { kind: "sequence" }>,
  field: MakeField,
  notes: Notes,
): Column {
  const element = elementOf(type.base);
  if (element === null) return { field: field("json"), type, cells: listed };
  if (notes.mediaType === BYTES_TYPE && element === "uint8")
    return {
      field: field("binary"),
      type,
      cells: (all) =>
        listed(all).map((cell) => new Uint8Array((cell as TensorCell).data as Uint8Array)),
    };
  const rate = notes.samplingRate === undefined ? {} : { sampling_rate_hz: notes.samplingRate };
  return { field: field(element, { shape: [null], ...rate }), type, cells: listed };
}

/** What the elements of a tensor of such are; null where they are none. */
function elementOf(type: Hdf5Type): ColumnType | null {
  if (type.kind === "number") return type.element;
  if (type.kind === "boolean") return "bool";
  return type.kind === "enum" ? type.base.element : null;
}

function tensorColumn(
  type: Hdf5Type,
  rest: number[],
  field: MakeField,
  notes: Notes,
): Column | string {
  const element = elementOf(type);
  const numbers = type.kind === "enum" ? type.base : type;
  if (element !== null) {
    const rate = notes.samplingRate === undefined ? {} : { sampling_rate_hz: notes.samplingRate };
    return {
      field: field(element, { shape: rest, ...rate }),
      type: numbers,
      cells: (all) => (Array.isArray(all) ? [] : rowsOf(all, rest)),
    };
  }
  if (type.kind !== "string" && type.kind !== "text")
    return `an array of ${rest.length + 1} dimensions of anything but numbers and texts`;
  return { field: field("json"), type, cells: (all) => nested(listed(all), rest) };
}

/** A list of texts as lists in lists of the sizes `rest`, for each row. */
function nested(texts: Cell[], rest: number[]): Json[] {
  const size = elementCount(rest);
  const [, ...inner] = rest;
  const rows = size === 0 ? 0 : texts.length / size;
  return Array.from({ length: rows }, (_, row) => {
    const part = texts.slice(row * size, (row + 1) * size);
    return inner.length === 0 ? part.map(String) : nested(part, inner);
  });
}
