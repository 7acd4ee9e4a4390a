import type { Field, Schema } from "../../schema.ts";
import type { Cell } from "../../table.ts";
import { canonicalJson } from "../../../text/canonical-json.ts";
import { unitPosition } from "../../../experiments/unit-position.ts";
import { WHOLE } from "../../../experiments/weight.ts";
import { isTensorCell } from "./row-codec.ts";

/** Columns whose values together name a row or a group; null for the row's number. */
export type Key = readonly Field[] | null;

/** The text of some cells: equal texts for equal cells alone. */
export const cellsText = (cells: readonly Cell[]): string => canonicalJson(cells.map(tagged));

function tagged(cell: Cell): unknown {
  if (typeof cell === "bigint") return ["int", String(cell)];
  if (typeof cell === "number")
    return Number.isFinite(cell) ? ["float", cell === 0 ? 0 : cell] : ["float", String(cell)];
  if (cell instanceof Uint8Array) return ["bytes", [...cell]];
  if (isTensorCell(cell)) return ["tensor", cell.dims, Array.from(cell.data, String)];
  return ["json", cell];
}

/** A reader of the key's text in rows that have these columns. */
export function keyReader(
  key: Key,
  columns: readonly Field[],
): (cells: readonly (readonly Cell[])[], at: number, row: number) => string {
  if (key === null) return (_cells, _at, row) => String(row);
  const places = key.map((field) => columns.indexOf(field));
  return (cells, at) => cellsText(places.map((place) => cells[place]?.[at] ?? null));
}

/** Where a key falls in [0, 1), by its hash: the same wherever its row lies and whatever others there are. */
export const shareOf = (salt: string, key: string): number => unitPosition(salt, key) / WHOLE;

/** The columns of a source that these keys are read from, each once. */
export const columnsOf = ({ fields }: Schema, ...keys: Key[]): Field[] =>
  fields.filter((field) => keys.some((key) => key?.includes(field) === true));
