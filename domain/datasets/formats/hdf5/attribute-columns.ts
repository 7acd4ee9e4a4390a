import type { ColumnType, Field } from "../../schema.ts";
import type { Cell } from "../../table.ts";
import { MOST_COLUMNS } from "../../schema-rules/check-schema.ts";
import { scalarOf, type Hdf5Attribute } from "./attributes.ts";
import { unreadable } from "./elements.ts";
import { tooLarge } from "./hdf5-fault.ts";

/** They are held while the file is read. */
const MOST_CELLS = 4_000_000;

type Sparse = { cells: Cell[]; types: Set<ColumnType> };

/** The single values among the attributes of many arrays as columns, in the order in which they first appear. */
export class AttributeColumns {
  readonly #rows: number;
  readonly #taken: readonly string[];
  readonly #columns = new Map<string, Sparse>();

  /** `taken` are names that other columns have. */
  constructor(rows: number, taken: readonly string[]) {
    this.#rows = rows;
    this.#taken = taken;
  }

  async add(row: number, attributes: ReadonlyMap<string, Hdf5Attribute>): Promise<void> {
    for (const [name, attribute] of attributes) {
      if (unreadable(attribute.type) !== null) continue;
      const value = await scalarOf(attribute);
      if (value === null) continue;
      const column = this.#columns.get(name) ?? { cells: [], types: new Set() };
      this.#columns.set(name, column);
      column.cells[row] = value;
      column.types.add(typeOf(attribute, value));
      if (this.#columns.size > MOST_COLUMNS || this.#columns.size * this.#rows > MOST_CELLS)
        throw tooLarge(
          `its signals have ${this.#columns.size} different attributes, too many for columns`,
        );
    }
  }

  finish(): { field: Field; cells: Cell[] }[] {
    return [...this.#columns].map(([name, { cells: sparse, types }]) => {
      const cells = Array.from({ length: this.#rows }, (_, row) => sparse[row] ?? null);
      const type = commonType(types);
      const field = {
        name: this.#taken.includes(name) ? `attribute.${name}` : name,
        type,
        nullable: cells.includes(null),
      };
      return { field, cells: cells.map((value) => (value === null ? null : as(type, value))) };
    });
  }
}

/** Whole numbers as int64, other numbers as float64. */
function typeOf({ type }: Hdf5Attribute, value: Cell): ColumnType {
  if (type.kind === "boolean") return "bool";
  if (type.kind !== "number") return "string";
  if (type.element.startsWith("float")) return "float64";
  return typeof value === "bigint" && value >= 2n ** 63n ? "string" : "int64";
}

/** What is mixed becomes text. */
function commonType(types: ReadonlySet<ColumnType>): ColumnType {
  const [only = "string"] = types;
  if (types.size === 1) return only;
  return [...types].every((type) => type === "int64" || type === "float64") ? "float64" : "string";
}

function as(type: ColumnType, value: Cell): Cell {
  if (type === "string")
    return typeof value === "string" ? value : `${value as number | bigint | boolean}`;
  if (type === "int64") return BigInt(value as number | bigint);
  return type === "float64" ? Number(value) : value;
}
