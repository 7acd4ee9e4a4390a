import type { SchemaElement } from "hyparquet-writer";
import type { ColumnType, Field, Schema } from "../../schema.ts";
import { DATA, DIMS } from "./columns.ts";

type Physical = Omit<SchemaElement, "name" | "repetition_type">;

/** Without its logical type, of which hyparquet-writer 0.17.0 writes the width as no reader expects it. */
const integer = (bits: 8 | 16 | 32 | 64, isSigned: boolean): Physical => ({
  type: bits === 64 ? "INT64" : "INT32",
  converted_type: `${isSigned ? "" : "U"}INT_${bits}`,
});

/** How the values of each column type lie in a file; the logical type is for newer readers, the converted one for older ones. */
const PHYSICAL: Record<ColumnType, Physical> = {
  bool: { type: "BOOLEAN" },
  int8: integer(8, true),
  int16: integer(16, true),
  int32: integer(32, true),
  int64: integer(64, true),
  uint8: integer(8, false),
  uint16: integer(16, false),
  uint32: integer(32, false),
  uint64: integer(64, false),
  float16: { type: "FIXED_LEN_BYTE_ARRAY", type_length: 2, logical_type: { type: "FLOAT16" } },
  float32: { type: "FLOAT" },
  float64: { type: "DOUBLE" },
  string: { type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } },
  binary: { type: "BYTE_ARRAY" },
  date: { type: "INT32", converted_type: "DATE", logical_type: { type: "DATE" } },
  timestamp: {
    type: "INT64",
    converted_type: "TIMESTAMP_MICROS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
  },
  json: { type: "BYTE_ARRAY", converted_type: "JSON", logical_type: { type: "JSON" } },
};

/** One leaf of the file: the elements on the way to it, itself last. */
export type WrittenLeaf = { element: SchemaElement; path: string[] };
export type WrittenColumn = {
  field: Field;
  elements: SchemaElement[];
  leaves: WrittenLeaf[];
};

/** Whether a tensor's sizes cannot be told from how many elements it has. */
export const needsSizes = ({ shape = [] }: Field): boolean =>
  shape.filter((size) => size === null).length > (shape.includes(0) ? 0 : 1);

const repetition = (nullable: boolean) => (nullable ? "OPTIONAL" : "REQUIRED");

/** A list as the format's LogicalTypes.md describes it, of elements that are all there. */
function listOf(name: string, type: ColumnType, nullable: boolean): SchemaElement[] {
  return [
    {
      name,
      repetition_type: repetition(nullable),
      num_children: 1,
      converted_type: "LIST",
      logical_type: { type: "LIST" },
    },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", repetition_type: "REQUIRED", ...PHYSICAL[type] },
  ];
}

const leafOf = (elements: readonly SchemaElement[], path: string[]): WrittenLeaf[] => {
  const element = elements.at(-1);
  return element === undefined ? [] : [{ element, path }];
};

function writtenColumn(field: Field): WrittenColumn {
  const { name, type, nullable, shape } = field;
  if (shape === undefined) {
    const elements = [{ name, repetition_type: repetition(nullable), ...PHYSICAL[type] } as const];
    return { field, elements, leaves: leafOf(elements, [name]) };
  }
  if (!needsSizes(field)) {
    const elements = listOf(name, type, nullable);
    return { field, elements, leaves: leafOf(elements, [name, "list", "element"]) };
  }
  const dims = listOf(DIMS, "int32", false);
  const data = listOf(DATA, type, false);
  return {
    field,
    elements: [{ name, repetition_type: repetition(nullable), num_children: 2 }, ...dims, ...data],
    leaves: [
      ...leafOf(dims, [name, DIMS, "list", "element"]),
      ...leafOf(data, [name, DATA, "list", "element"]),
    ],
  };
}

/** The columns of a file for this schema. */
export const writtenColumns = ({ fields }: Schema): WrittenColumn[] => fields.map(writtenColumn);
