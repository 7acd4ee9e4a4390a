import { DatasetFault } from "../../dataset-fault.ts";
import type { Field } from "../../schema.ts";
import type { Cell, TensorCell } from "../../table.ts";
import { elementCount, newTensorData } from "../tensor-data.ts";
import type { TextDecoding } from "../text/decoder.ts";
import type { LeafRows } from "./leaf-cursor.ts";
import { leafType } from "./leaf-type.ts";
import { flatCells, jsonCells, type Leaf, numberLists } from "./records.ts";
import { leavesOf, listElement, REPEATED, type SchemaNode } from "./schema-tree.ts";

/** A column of the table, and how the rows of its leaves become its cells. */
export type ParquetColumn = {
  field: Field;
  node: SchemaNode;
  leaves: Leaf[];
  notes: string[];
  /** `first` is the first row's number in the file, for messages. */
  cells(rows: readonly LeafRows[], count: number, first: number): Cell[];
};

/** The list that this node is, if it is one of numbers that are not nested deeper. */
function numberList(
  node: SchemaNode,
  decoding: TextDecoding,
): { leaf: Leaf; listed: number } | undefined {
  const element = listElement(node);
  const [repeated] = node.children;
  if (element === undefined || element.children.length > 0 || repeated === undefined)
    return undefined;
  const type = leafType(element.element, decoding);
  if (newTensorData(type.type, 0) === undefined) return undefined;
  return { leaf: { node: element, type }, listed: repeated.definition };
}

/** A tensor with more than one size that differs: a structure of its sizes and its elements. */
export const DIMS = "dims";
export const DATA = "data";

function shapeFault(field: Field, row: number, found: string): DatasetFault {
  return new DatasetFault(
    "schema_mismatch",
    `the column ${field.name} has ${found} in row ${row}, which does not fit its shape [${(field.shape ?? []).map((size) => size ?? "?").join(", ")}]`,
    { field: field.name, row },
  );
}

/** The sizes of a tensor of so many elements, of which at most one is not known. */
function dimsOf(shape: readonly (number | null)[], elements: number): number[] | undefined {
  const known = elementCount(shape.map((size) => size ?? 1));
  const open = shape.includes(null) ? (known === 0 ? 0 : elements / known) : 1;
  const dims = shape.map((size) => size ?? open);
  return Number.isInteger(open) && elementCount(dims) === elements ? dims : undefined;
}

function tensorColumn(
  node: SchemaNode,
  field: Field,
  list: { leaf: Leaf; listed: number },
): ParquetColumn {
  const { shape = [null] } = field;
  const missing = (first: number) => (row: number) =>
    new DatasetFault(
      "schema_mismatch",
      `the list of the column ${field.name} in row ${first + row} has an element without a value; give the column the type json in the schema`,
      { field: field.name, row: first + row },
    );
  return {
    field: { ...field, shape },
    node,
    leaves: [list.leaf],
    notes: [],
    cells([rows = { segments: [], entries: 0 }], _count, first) {
      const lists = numberLists(rows, list.leaf, node.definition, list.listed, missing(first));
      return lists.map((data, row): TensorCell | null => {
        if (data === null) return null;
        const dims = dimsOf(shape, data.length);
        if (dims === undefined) throw shapeFault(field, first + row, `${data.length} elements`);
        return { dims, data };
      });
    },
  };
}

function sizedTensorColumn(
  node: SchemaNode,
  field: Field,
  sizes: { leaf: Leaf; listed: number },
  elements: { leaf: Leaf; listed: number },
): ParquetColumn {
  const missing = (row: number): Error => shapeFault(field, row, "an element without a value");
  return {
    field,
    node,
    leaves: [sizes.leaf, elements.leaf],
    notes: [],
    cells([sizeRows, dataRows], count, first) {
      const none: LeafRows = { segments: [], entries: 0 };
      const at = (row: number): Error => missing(first + row);
      const dims = numberLists(sizeRows ?? none, sizes.leaf, node.definition, sizes.listed, at);
      const data = numberLists(
        dataRows ?? none,
        elements.leaf,
        node.definition,
        elements.listed,
        at,
      );
      return Array.from({ length: count }, (_, row): TensorCell | null => {
        const cell = data[row] ?? null;
        const size = Array.from(dims[row] ?? [], Number);
        if (cell === null) return null;
        const fits =
          size.length === field.shape?.length &&
          size.every((value, axis) => value >= 0 && value === (field.shape?.[axis] ?? value)) &&
          elementCount(size) === cell.length;
        if (!fits)
          throw shapeFault(
            field,
            first + row,
            `${cell.length} elements of the sizes ${size.join(", ")}`,
          );
        return { dims: size, data: cell };
      });
    },
  };
}

function sizedTensor(
  node: SchemaNode,
  kept: Field,
  decoding: TextDecoding,
): ParquetColumn | undefined {
  const [dims, data] = node.children;
  if (node.children.length !== 2 || dims?.name !== DIMS || data?.name !== DATA) return undefined;
  const sizes = numberList(dims, decoding);
  const elements = numberList(data, decoding);
  if (sizes?.leaf.type.type !== "int32" || elements?.leaf.type.type !== kept.type) return undefined;
  return sizedTensorColumn(node, kept, sizes, elements);
}

/**
 * The column of the table that a column of the file becomes. `kept` is what it was when Linnet wrote
 * it; `asJson` makes JSON of a list of numbers, some of which may not be there.
 */
export function parquetColumn(
  node: SchemaNode,
  kept: Field | undefined,
  decoding: TextDecoding,
  asJson: boolean,
): ParquetColumn {
  const nullable = node.repetition !== 0;
  const field = (type: Field["type"]): Field => {
    const same = kept?.type === type ? kept : undefined;
    return { ...same, name: node.name, type, nullable };
  };
  if (node.children.length === 0 && node.repetition !== REPEATED) {
    const type = leafType(node.element, decoding);
    const { shape: _shape, ...scalar } = field(type.type);
    const leaf = { node, type };
    return {
      field: scalar,
      node,
      leaves: [leaf],
      notes: type.note === undefined ? [] : [type.note],
      cells: ([rows]) => flatCells(rows ?? { segments: [], entries: 0 }, leaf),
    };
  }
  const list = asJson ? undefined : numberList(node, decoding);
  if (list !== undefined) return tensorColumn(node, field(list.leaf.type.type), list);
  if (kept?.shape !== undefined && !asJson) {
    const tensor = sizedTensor(node, { ...kept, nullable }, decoding);
    if (tensor !== undefined) return tensor;
  }
  const leaves = leavesOf(node).map((leaf) => ({
    node: leaf,
    type: leafType(leaf.element, decoding),
  }));
  const { shape: _shape, ...json } = field("json");
  return {
    field: { ...json, nullable: nullable && node.repetition !== REPEATED },
    node,
    leaves,
    notes: ["its lists, structures or maps are JSON"],
    cells: (rows, count) => jsonCells(node, leaves, rows, count),
  };
}
