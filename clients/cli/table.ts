import type { Paint } from "./paint.ts";
import { clip, displayWidth, plain } from "./text-width.ts";

export type Column<Row> = {
  title: string;
  value: (row: Row) => string;
  /** Colours a finished cell. */
  style?: (cell: string, row: Row) => string;
  align?: "left" | "right";
  /** May be cut when the table is wider than the terminal. */
  flexible?: boolean;
};

export type TableOptions = { paint: Paint; width?: number | undefined };

const GAP = "  ";
const NARROWEST = 8;

/** A table without rules: a dim head, two blanks between columns, numbers to the right. */
export function renderTable<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { paint, width = Number.POSITIVE_INFINITY }: TableOptions,
): string {
  const cells = rows.map((row) => columns.map(({ value }) => plain(value(row))));
  const widths = columns.map(({ title }, index) =>
    Math.max(displayWidth(title), ...cells.map((line) => displayWidth(line[index] ?? ""))),
  );
  shrink(columns, widths, width);
  const fit = (text: string, index: number): string => {
    const room = widths[index] ?? 0;
    const shown = clip(text, room);
    const blanks = " ".repeat(room - displayWidth(shown));
    return columns[index]?.align === "right" ? blanks + shown : shown + blanks;
  };
  const head = columns.map(({ title }, index) => fit(title, index)).join(GAP);
  const body = rows.map((row, line) =>
    columns
      .map(({ style }, index) => {
        const cell = fit(cells[line]?.[index] ?? "", index);
        return style ? style(cell, row) : cell;
      })
      .join(GAP)
      .trimEnd(),
  );
  return [paint.dim(head.trimEnd()), ...body].join("\n");
}

function shrink<Row>(columns: readonly Column<Row>[], widths: number[], width: number): void {
  const gaps = GAP.length * (columns.length - 1);
  let excess = widths.reduce((sum, one) => sum + one, gaps) - width;
  for (const [index, { flexible }] of columns.entries()) {
    const room = widths[index] ?? 0;
    const cut = Math.min(excess, room - NARROWEST);
    if (flexible !== true || cut <= 0) continue;
    widths[index] = room - cut;
    excess -= cut;
  }
}

/** Labels and values, one pair a line; a pair without a value is left out. */
export function renderFields(
  fields: readonly (readonly [label: string, value: string | null | undefined])[],
  { paint }: TableOptions,
): string {
  const shown = fields.flatMap(([label, value]) =>
    value === null || value === undefined || value === "" ? [] : [[label, value] as const],
  );
  const room = Math.max(0, ...shown.map(([label]) => label.length));
  return shown
    .map(([label, value]) => `${paint.dim(label.padEnd(room))}${GAP}${plain(value)}`)
    .join("\n");
}
