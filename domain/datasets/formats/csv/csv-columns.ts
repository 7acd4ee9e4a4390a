import { DatasetFault } from "../../dataset-fault.ts";
import type { Field, Schema } from "../../schema.ts";
import type { Cell } from "../../table.ts";
import type { TextDecoding } from "../text/decoder.ts";
import { KIND, kindsHeld, typeOfKinds } from "../text/kinds.ts";
import { ScannedValue } from "../text/scanned-value.ts";
import { CsvColumn, type NullTexts } from "./csv-cells.ts";
import type { CsvRows } from "./csv-file.ts";
import { DOUBLED } from "./row-scanner.ts";

/** The kinds of values met in each column so far. */
export class CsvKinds {
  readonly kinds: Int32Array;
  readonly #nulls: NullTexts;
  readonly #scanned = new ScannedValue();

  constructor(width: number, nulls: NullTexts) {
    this.kinds = new Int32Array(width);
    this.#nulls = nulls;
  }

  /** Takes in the row that was scanned last. */
  observe({ scanner, window }: CsvRows): void {
    const { kinds } = this;
    const { starts, ends, forms } = scanner;
    for (let place = 0; place < kinds.length; place++) {
      const known = kinds[place] ?? 0;
      if ((known & KIND.text) !== 0) continue;
      const from = starts[place] ?? 0;
      const to = ends[place] ?? 0;
      const form = forms[place] ?? 0;
      if (from === to || this.#nulls.has(window.bytes, from, to, form)) continue;
      const kind = form === DOUBLED ? KIND.text : this.#scanned.scan(window.bytes, from, to);
      kinds[place] = known | kind;
    }
  }
}

export const guessedSchema = (names: readonly string[], { kinds }: CsvKinds): Schema => ({
  fields: names.map((name, place) => ({
    name,
    type: typeOfKinds(kinds[place] ?? 0, "string") ?? "string",
    nullable: true,
  })),
});

/** How each column of a schema is read, and from which cell of a row. */
export type PlacedColumn = { column: CsvColumn; place: number };

export function guessedColumns(
  schema: Schema,
  { kinds }: CsvKinds,
  isWhole: boolean,
  nulls: NullTexts,
  decoding: TextDecoding,
): PlacedColumn[] {
  return schema.fields.map((field, place) => {
    const known = kinds[place] ?? 0;
    const isUndecided = known === 0 && !isWhole;
    const held = kindsHeld(isUndecided ? undefined : field.type, "string");
    return { column: new CsvColumn(field, held, nulls, decoding), place };
  });
}

/** Throws a DatasetFault `schema_mismatch` where the columns of the file are not those of the schema. */
export function declaredColumns(
  schema: Schema,
  names: readonly string[],
  isNamed: boolean,
  nulls: NullTexts,
  decoding: TextDecoding,
): PlacedColumn[] {
  const { fields } = schema;
  if (!isNamed && names.length !== fields.length)
    throw new DatasetFault(
      "schema_mismatch",
      `the file has ${names.length} columns and the schema ${fields.length}`,
    );
  const known = new Set(fields.map(({ name }) => name));
  const unknown = isNamed ? names.find((name) => !known.has(name)) : undefined;
  if (unknown !== undefined)
    throw new DatasetFault(
      "schema_mismatch",
      `the file has a column '${unknown}', which the schema does not have`,
      { field: unknown },
    );
  return fields.map((field, index) => {
    const place = isNamed ? names.indexOf(field.name) : index;
    if (place < 0) throw absent(field);
    return { column: new CsvColumn(field, undefined, nulls, decoding), place };
  });
}

const absent = ({ name }: Field): DatasetFault =>
  new DatasetFault("schema_mismatch", `the file has no column '${name}', which the schema has`, {
    field: name,
  });

/** The cell of a column in the row that was scanned last. */
export function cellAt({ column, place }: PlacedColumn, { scanner, window, row }: CsvRows): Cell {
  const { starts, ends, forms } = scanner;
  const from = starts[place] ?? 0;
  const to = ends[place] ?? 0;
  const form = forms[place] ?? 0;
  return column.cell(window.bytes, from, to, form, row, window.position - window.at);
}
