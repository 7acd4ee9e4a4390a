import { seededRandom } from "../../../domain/statistics/random.ts";

/** A table as columns, the way every format here is written from. */
export type Column = {
  name: string;
  type: "INT64" | "DOUBLE" | "STRING" | "BOOLEAN";
  cells: unknown[];
};
export type EditedTable = { edit: string; columns: Column[] };

/**
 * A table such as a laboratory keeps (a counter, a time, names, measured values, free text), and what
 * people do to such a table between two versions of it. The same for the same number of rows.
 */
export function editedTables(rows: number): { before: Column[]; edits: EditedTable[] } {
  const before = recordings(rows, 0, "recordings");
  const block = Math.round(rows / 100);
  const more = (count: number) => recordings(count, rows, "more");
  const spliced = (at: number, removed: number, added: Column[]): Column[] =>
    before.map((column, index) => ({
      ...column,
      cells: column.cells.toSpliced(at, removed, ...(added[index]?.cells ?? [])),
    }));
  const none = more(0);
  return {
    before,
    edits: [
      { edit: "uploaded again", columns: before },
      { edit: "10 % of rows appended", columns: spliced(rows, 0, more(10 * block)) },
      { edit: "1 % of rows inserted in the middle", columns: spliced(rows >> 1, 0, more(block)) },
      {
        edit: "1 % of rows deleted at a third",
        columns: spliced(Math.round(rows / 3), block, none),
      },
      {
        edit: "1 % of a column's cells changed, in one run",
        columns: changed(before, rows >> 1, 1),
      },
      { edit: "1 % of a column's cells changed, anywhere", columns: changed(before, 0, 100) },
      { edit: "a column added", columns: [...before, gradeColumn(rows)] },
      { edit: "a column dropped", columns: before.filter(({ name }) => name !== "value") },
    ],
  };
}

const SENSORS = Array.from(
  { length: 40 },
  (_, index) => `sensor-${String(index).padStart(3, "0")}`,
);
const WORDS =
  "signal drift noise clean spike electrode loose moved subject calm alert left right baseline artefact".split(
    " ",
  );

function recordings(rows: number, from: number, seed: string): Column[] {
  const random = seededRandom(seed);
  const column = (name: string, type: Column["type"], cell: (row: number) => unknown): Column => ({
    name,
    type,
    cells: Array.from({ length: rows }, (_, row) => cell(from + row)),
  });
  const wordOf = (): string => WORDS[random.integer(WORDS.length)] ?? "";
  return [
    column("id", "INT64", (row) => BigInt(row)),
    column("recorded_at", "INT64", (row) =>
      BigInt(1_700_000_000_000 + row * 40 + random.integer(9)),
    ),
    column("sensor", "STRING", () => SENSORS[random.integer(SENSORS.length)]),
    column("value", "DOUBLE", () => Math.round(random.normal() * 1e6) / 1e3),
    column("temperature", "DOUBLE", () => Math.round(3_650 + random.normal() * 40) / 100),
    column("label", "INT64", () => BigInt(random.integer(4))),
    column("is_clean", "BOOLEAN", () => random.uniform() < 0.9),
    column("note", "STRING", () => Array.from({ length: 1 + random.integer(8) }, wordOf).join(" ")),
  ];
}

/** New values in one of `apart` rows from `from` on, for a hundredth of the rows. */
function changed(columns: readonly Column[], from: number, apart: number): Column[] {
  return columns.map((column) => {
    if (column.name !== "value") return column;
    const cells = [...column.cells];
    const random = seededRandom("changed");
    for (let change = 0; change < cells.length / 100; change++)
      cells[from + change * apart + random.integer(apart)] =
        Math.round(random.normal() * 1e6) / 1e3;
    return { ...column, cells };
  });
}

function gradeColumn(rows: number): Column {
  const random = seededRandom("grade");
  const cells = Array.from({ length: rows }, () => Math.round(random.uniform() * 1e4) / 1e4);
  return { name: "grade", type: "DOUBLE", cells };
}
