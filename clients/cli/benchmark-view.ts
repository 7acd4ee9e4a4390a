import type { BenchmarkResult } from "@linnet/sdk";
import { formatBytes, formatCount, formatMs, formatRunMs } from "./format.ts";
import { type Column, renderTable, type TableOptions } from "./table.ts";

type Row = BenchmarkResult["batches"][number];

const TIMES = ["p50_ms", "p90_ms", "p95_ms", "p99_ms", "max_ms"] as const;
const COLUMNS: Column<Row>[] = [
  { title: "rows", align: "right", value: ({ batch_size }) => formatCount(batch_size) },
  { title: "runs", align: "right", value: ({ runs }) => formatCount(runs) },
  ...TIMES.map((name) => ({
    title: name.replace("_", " "),
    align: "right" as const,
    value: (row: Row) => formatRunMs(row[name]),
  })),
  {
    title: "rows/s",
    align: "right",
    value: ({ rows_per_second }) => formatCount(Math.round(rows_per_second)),
  },
];

/** A line for each batch size. */
export function renderBenchmark(found: BenchmarkResult, options: TableOptions): string {
  const { model, version, runtime, model_bytes, opening_ms } = found;
  const opened = `opened in ${formatMs(opening_ms)} ms by ${runtime}`;
  const head = `${model}@${version}  ${formatBytes(model_bytes)}, ${opened}`;
  return `${head}\n\n${renderTable(COLUMNS, found.batches, options)}`;
}
