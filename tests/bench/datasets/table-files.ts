import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetWriteBuffer } from "hyparquet-writer";
import type { Column } from "./edited-tables.ts";

/** What a table is written as, and by what. */
export type FileKind = { name: string; write(columns: readonly Column[]): Uint8Array };

/** Those of pyarrow are there where `PYTHON` names an interpreter that has it. */
export const fileKinds = (python: string | undefined): FileKind[] => [
  { name: "CSV", write: csv },
  { name: "JSON lines", write: jsonLines },
  { name: "Parquet, hyparquet-writer", write: hyparquet("SNAPPY") },
  { name: "Parquet, hyparquet-writer, uncompressed", write: hyparquet("UNCOMPRESSED") },
  { name: "Parquet, hyparquet-writer, 10,000 rows a group", write: hyparquet("SNAPPY", 10_000) },
  ...(python ? pyarrowKinds(python) : []),
];

const linesOf = (columns: readonly Column[], line: (cells: unknown[]) => string): string =>
  (columns[0]?.cells ?? []).map((_, row) => line(columns.map(({ cells }) => cells[row]))).join("");

const csv = (columns: readonly Column[]): Uint8Array => {
  const head = `${columns.map(({ name }) => name).join(",")}\n`;
  return Buffer.from(head + linesOf(columns, (cells) => `${cells.map(String).join(",")}\n`));
};

const jsonLines = (columns: readonly Column[]): Uint8Array => {
  const member = (name: string, cell: unknown): string =>
    `${JSON.stringify(name)}:${typeof cell === "bigint" ? String(cell) : JSON.stringify(cell)}`;
  const line = (cells: unknown[]): string =>
    `{${columns.map(({ name }, index) => member(name, cells[index])).join(",")}}\n`;
  return Buffer.from(linesOf(columns, line));
};

const hyparquet =
  (codec: "SNAPPY" | "UNCOMPRESSED", rowGroupSize?: number) =>
  (columns: readonly Column[]): Uint8Array =>
    new Uint8Array(
      parquetWriteBuffer({
        codec,
        ...(rowGroupSize === undefined ? {} : { rowGroupSize }),
        columnData: columns.map(({ name, type, cells }) => ({ name, type, data: cells })),
      }),
    );

/** What pyarrow makes of a CSV file. */
const WRITE = `import sys, pyarrow.csv, pyarrow.parquet
source, target, codec, rows, content_defined = sys.argv[1:]
table = pyarrow.csv.read_csv(source).combine_chunks()
pyarrow.parquet.write_table(table, target, compression=codec,
  row_group_size=int(rows) or None, use_content_defined_chunking=content_defined == "cdc")`;

function pyarrowKinds(python: string): FileKind[] {
  const kind = (how: string, codec: string, rows = 0, chunking = "plain"): FileKind => ({
    name: `Parquet, pyarrow${how}`,
    write(columns) {
      const folder = mkdtempSync(join(tmpdir(), "linnet-bench-parquet-"));
      try {
        const [source, target] = [join(folder, "table.csv"), join(folder, "table.parquet")];
        writeFileSync(source, csv(columns));
        execFileSync(python, ["-c", WRITE, source, target, codec, String(rows), chunking]);
        return readFileSync(target);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  });
  return [
    kind("", "snappy"),
    kind(", uncompressed", "none"),
    kind(", 10,000 rows a group", "snappy", 10_000),
    kind(", its content-defined pages", "snappy", 0, "cdc"),
  ];
}
