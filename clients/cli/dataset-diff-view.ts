import type { Comparison } from "@linnet/sdk";
import { counted, formatBytes, formatCount, formatNumber, formatSigned } from "./format.ts";
import { cellOf, renderRows } from "./dataset-rows-view.ts";
import { renderFields, renderTable, type TableOptions } from "./table.ts";

type SchemaChange = Comparison["schema_changes"][number];
type Moved = Comparison["columns"]["columns"][number];
type Samples = Comparison["samples"];

/** Of a population stability index, from which on it is commonly said that a column has moved. */
const MOVED = 0.1;

/** What differs between two versions, the widest first: columns, values, rows. */
export function renderComparison(view: Comparison, options: TableOptions): string {
  const { from, to, row_counts, key } = view;
  const fields = renderFields(
    [
      ["from", `${from.dataset}@${from.version_number} (${from.version_id})`],
      ["to", `${to.dataset}@${to.version_number} (${to.version_id})`],
      ["rows", `${countOf(row_counts.before)} to ${countOf(row_counts.after)}`],
      ["size", `${formatBytes(from.size_bytes)} to ${formatBytes(to.size_bytes)}`],
      ["bytes", `${formatBytes(view.shared_bytes)} shared, ${formatBytes(view.changed_bytes)} not`],
      ["told apart by", key === null ? "all their values" : key.join(", ")],
      ["note", view.truncated ? "not all was compared: the work allowed did not suffice" : null],
    ],
    options,
  );
  return [
    fields,
    schemaLines(view.schema_changes, options),
    renderMoved(view.columns.columns, options),
    countLine(view, options),
    sampleTables(view, options),
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

const countOf = (rows: number | null): string => (rows === null ? "?" : formatCount(rows));

const schemaLines = (changes: readonly SchemaChange[], { paint }: TableOptions): string =>
  changes
    .map((change) => {
      if (change.change === "added") return paint.green(`+ ${change.column} ${change.type}`);
      if (change.change === "removed") return paint.red(`- ${change.column} ${change.type}`);
      const { before, after } = change;
      const what = "column" in change ? `${change.column}, ${change.change}` : change.change;
      return paint.yellow(`~ ${what}: ${textOf(before)} to ${textOf(after)}`);
    })
    .join("\n");

const textOf = (value: string | number | boolean | string[] | null): string =>
  Array.isArray(value) ? value.join(", ") : String(value ?? "none");

function renderMoved(columns: readonly Moved[], options: TableOptions): string {
  const moved = columns.filter(
    ({ population_stability_index: psi, nulls }) =>
      (psi ?? 0) >= MOVED || nulls.before !== nulls.after,
  );
  if (moved.length === 0) return "";
  return renderTable(
    [
      { title: "column that moved", flexible: true, value: ({ column }) => column },
      {
        title: "PSI",
        align: "right",
        value: ({ population_stability_index: psi }) => formatNumber(psi),
      },
      { title: "mean", align: "right", value: ({ mean }) => changeOf(mean) },
      {
        title: "in sd",
        align: "right",
        value: ({ standardised_mean_change: change }) =>
          change === null ? "" : formatSigned(change),
      },
      { title: "nulls", align: "right", value: ({ nulls }) => changeOf(nulls) },
    ],
    moved,
    options,
  );
}

const changeOf = (change: { before: number; after: number } | null): string =>
  change === null ? "" : `${formatNumber(change.before)} to ${formatNumber(change.after)}`;

function countLine(view: Comparison, { paint }: TableOptions): string {
  const { added, removed, changed, changed_by_column } = view;
  if (added + removed + changed === 0) return "no row differs";
  const columns = changed_by_column
    .map(({ column, rows }) => `${column} ${formatCount(rows)}`)
    .join(", ");
  return [
    paint.green(`+ ${counted(added, "row")}`),
    paint.red(`- ${counted(removed, "row")}`),
    paint.yellow(`~ ${counted(changed, "row")}${columns === "" ? "" : ` (${columns})`}`),
  ].join("\n");
}

/** Rows that are on one side alone as they are; of a changed row what has changed in it. */
function sampleTables(
  { samples: { added, removed, changed }, key }: Comparison,
  options: TableOptions,
): string {
  const { paint } = options;
  const marked = (sign: string) => (row: Sample) => ({ "": sign, ...row.values });
  const oneSided = [...removed.map(marked("-")), ...added.map(marked("+"))];
  return [
    ...(oneSided.length === 0 ? [] : [`${paint.dim("samples")}\n${renderRows(oneSided, options)}`]),
    ...(changed.length === 0
      ? []
      : [`${paint.dim("samples of changes")}\n${renderChanges(changed, key ?? [], options)}`]),
  ].join("\n\n");
}

type Sample = Samples["added"][number];

/** A line for each column in which a row has changed; its key says which row. */
function renderChanges(
  changed: Samples["changed"],
  key: readonly string[],
  options: TableOptions,
): string {
  const cells = changed.flatMap(({ before, after, columns }) =>
    columns.map((column) => ({ column, before: before.values, after: after.values })),
  );
  return renderTable(
    [
      ...key.map((title) => ({
        title,
        flexible: true,
        value: ({ after }: (typeof cells)[number]) => cellOf(after[title]),
      })),
      { title: "column", flexible: true, value: ({ column }) => column },
      { title: "from", flexible: true, value: ({ column, before }) => cellOf(before[column]) },
      { title: "to", flexible: true, value: ({ column, after }) => cellOf(after[column]) },
    ],
    cells,
    options,
  );
}
