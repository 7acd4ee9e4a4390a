import type { PreviewView, RowsView, SignalView, StatisticsView } from "@linnet/sdk";
import { counted, formatBytes, formatCount, formatNumber, formatPercent } from "./format.ts";
import { sparkline } from "./sparkline.ts";
import { type Column, renderFields, renderTable, type TableOptions } from "./table.ts";

type Row = RowsView["rows"][number];

/** Rows as a table, cut to the terminal. */
export const renderRows = (rows: readonly Row[], options: TableOptions): string =>
  renderTable(columnsOf(rows), rows, options);

const columnsOf = (rows: readonly Row[]): Column<Row>[] =>
  [...new Set(rows.flatMap((row) => Object.keys(row)))].map((title) => ({
    title,
    flexible: true,
    align: rows.every((row) => typeof (row[title] ?? 0) === "number") ? "right" : "left",
    value: (row) => cellOf(row[title]),
  }));

/** A cell of data, of a tensor its shape and how it begins. */
export const cellOf = (value: unknown): string => {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  return isTensor(value) ? tensorOf(value) : JSON.stringify(value);
};

type Tensor = { dims: number[]; values: unknown[] };

const isTensor = (value: unknown): value is Tensor =>
  typeof value === "object" &&
  value !== null &&
  "dims" in value &&
  Array.isArray(value.dims) &&
  "values" in value &&
  Array.isArray(value.values);

const NUMBERS_SHOWN = 4;

/** `[1024]  0.3456, 0.8216, 0.3304, -1.303, …`: its shape, and how it begins. */
function tensorOf({ dims, values }: Tensor): string {
  const size = dims.reduce((product, one) => product * one, 1);
  const shown = values
    .slice(0, NUMBERS_SHOWN)
    .map((value) => (typeof value === "number" ? formatNumber(value) : String(value)));
  return `[${dims.join(", ")}]  ${[...shown, ...(size > shown.length ? ["…"] : [])].join(", ")}`;
}

/** The first rows of each class behind one another. */
export const renderPreview = (
  { classes, rows_read, complete }: PreviewView,
  options: TableOptions,
): string =>
  [
    ...classes.map(({ value, count, rows }) => {
      const title = options.paint.bold(cellOf(value) === "" ? "no value" : cellOf(value));
      const table = renderRows(
        rows.map(({ values }) => values),
        options,
      );
      return `${title}  ${counted(count, "row")}\n${table}`;
    }),
    ...(complete ? [] : [`of the first ${counted(rows_read, "row")}`]),
  ].join("\n\n");

type Profile = StatisticsView["columns"][number];

export function renderStatistics(view: StatisticsView, options: TableOptions): string {
  const { row_count, size_bytes, warnings, columns } = view;
  const fields = renderFields(
    [
      ["rows", row_count === null ? null : formatCount(row_count)],
      ["size", formatBytes(size_bytes)],
      ["warning", warnings.join("; ")],
    ],
    options,
  );
  if (columns.length === 0) return fields;
  const number = (of: (column: Profile) => number | string | undefined) => (column: Profile) => {
    const value = of(column);
    return typeof value === "number" ? formatNumber(value) : (value ?? "");
  };
  const table = renderTable<Profile>(
    [
      { title: "column", flexible: true, value: ({ name }) => name },
      { title: "nulls", align: "right", value: nullShare },
      { title: "distinct", align: "right", value: distinctOf },
      { title: "min", align: "right", value: number(({ min }) => min) },
      { title: "mean", align: "right", value: number(({ mean }) => mean) },
      { title: "max", align: "right", value: number(({ max }) => max) },
      { title: "sd", align: "right", value: number((one) => one.standard_deviation) },
      {
        title: "values",
        flexible: true,
        value: ({ histogram, top = [] }) =>
          histogram
            ? sparkline(histogram.map(({ count }) => count))
            : top.map(({ value }) => cellOf(value)).join(", "),
      },
    ],
    columns,
    options,
  );
  return `${fields}\n\n${table}`;
}

const nullShare = ({ nulls, count }: Profile): string =>
  nulls === 0 ? "" : formatPercent(nulls / count);

const distinctOf = ({ distinct, distinct_is_exact }: Profile): string =>
  distinct === undefined ? "" : `${distinct_is_exact === false ? "~" : ""}${formatCount(distinct)}`;

/** Samples that a line of the terminal has room for. */
const SPARKS = 72;

export function renderSignal(view: SignalView, options: TableOptions): string {
  const { sampling_rate_hz: rate, from, to } = view;
  const numbers = view.values.filter((value) => value !== null);
  const seconds = rate === null ? null : (at: number) => `${formatNumber(at / rate)} s`;
  const fields = renderFields(
    [
      ["column", view.column],
      ["row", String(view.row)],
      ["samples", `${formatCount(from)} to ${formatCount(to)} of ${formatCount(view.length)}`],
      ["time", seconds && `${seconds(from)} to ${seconds(to)} of ${seconds(view.length)}`],
      ["rate", rate === null ? null : `${formatNumber(rate)} Hz`],
      ["range", rangeOf(numbers)],
    ],
    options,
  );
  const step = Math.max(1, Math.ceil(numbers.length / SPARKS));
  return `${fields}\n\n${sparkline(numbers.filter((_, at) => at % step === 0))}`;
}

function rangeOf(numbers: readonly number[]): string | null {
  if (numbers.length === 0) return null;
  const [low, high] = numbers.reduce(
    ([least, most], value) => [Math.min(least, value), Math.max(most, value)],
    [Infinity, -Infinity],
  );
  return `${formatNumber(low)} to ${formatNumber(high)}`;
}
