import type { ByteSource } from "../../domain/datasets/byte-source.ts";
import { DatasetFault } from "../../domain/datasets/dataset-fault.ts";
import { FORMAT_TABLE, readerOf } from "../../domain/datasets/formats/formats.ts";
import { type PickleImport, scanPickle } from "../../domain/datasets/formats/pickle/scan-pickle.ts";
import type { Follows } from "../../contract/dataset-work.ts";
import type { Inspection } from "../../domain/datasets/inspection.ts";
import { newProfiler } from "../../domain/datasets/profile/profiler.ts";
import type { Format, ReadOptions, Table } from "../../domain/datasets/table.ts";
import { platform } from "./platform.ts";
import { refuseUnfit } from "./refuse-file.ts";

export const isSequential = (format: Format): boolean =>
  format === "pickle" || readerOf(format, platform).sequential;

/** Reads a file to its end. Types that are guessed, and that a later row does not fit, end it. */
export async function inspectSource(
  source: ByteSource,
  format: Format,
  options: ReadOptions,
  follows: Follows | null = null,
): Promise<Inspection> {
  if (format === "pickle") return inspectPickle(source);
  const table = await readerOf(format, platform).read(source, options);
  refuseUnfit(table, follows);
  return profile(table);
}

/** Whether types were guessed from the first rows and a later one does not fit. */
export const wasGuessedWrong = (error: unknown, { schema }: ReadOptions): boolean =>
  schema === undefined && error instanceof DatasetFault && error.problem.code === "schema_mismatch";

/** As `inspectSource`, with types that every row fits; reads the file twice. */
export async function inferAndInspect(
  source: ByteSource,
  format: Format,
  options: ReadOptions,
): Promise<Inspection> {
  const { infer } = FORMAT_TABLE[format];
  if (!infer || options.schema) return inspectSource(source, format, options);
  const { schema } = await infer(platform)(source, options);
  return inspectSource(source, format, { ...options, schema });
}

async function profile(table: Table): Promise<Inspection> {
  const profiler = newProfiler(table.schema);
  let row_count = 0;
  for await (const batch of table.batches()) {
    profiler.add(batch);
    row_count += batch.rows;
    // A file may say much in few bytes, and others are heard in between.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const { schema, warnings } = table;
  return { schema, row_count, columns: profiler.finish(), warnings };
}

async function inspectPickle(source: ByteSource): Promise<Inspection> {
  const { imports, warnings } = await scanPickle(source);
  const flagged = [...namesOf(imports, "dangerous"), ...namesOf(imports, "unknown")];
  return { schema: null, row_count: null, columns: [], warnings: [...flagged, ...warnings] };
}

const FLAGS = {
  dangerous: "which can run commands or code: do not load it",
  unknown: "of which nothing is known: load it only where you trust who made it",
};

const namesOf = (imports: readonly PickleImport[], flag: keyof typeof FLAGS): string[] =>
  imports
    .filter(({ verdict }) => verdict === flag)
    .map(({ module, name }) => `loading it would import ${module}.${name}, ${FLAGS[flag]}`);
