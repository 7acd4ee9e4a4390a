import type { ByteSource } from "../../domain/datasets/byte-source.ts";
import { DatasetFault } from "../../domain/datasets/dataset-fault.ts";
import { FORMAT_TABLE, readerOf } from "../../domain/datasets/formats/formats.ts";
import { type PickleImport, scanPickle } from "../../domain/datasets/formats/pickle/scan-pickle.ts";
import type { ColumnType, Schema } from "../../domain/datasets/schema.ts";
import { checkSchema } from "../../domain/datasets/schema-rules/check-schema.ts";
import { evolutionFault, evolutionProblems } from "../../domain/datasets/schema-rules/evolution.ts";
import type { Follows } from "../../contract/dataset-work.ts";
import { SNIFFED_BYTES, sniffFormat } from "../../domain/datasets/formats/sniff-format.ts";
import type { Inspection } from "../../domain/datasets/inspection.ts";
import { newProfiler } from "../../domain/datasets/profile/profiler.ts";
import type { Format, ReadOptions, Table } from "../../domain/datasets/table.ts";
import { platform } from "./platform.ts";

export const isSequential = (format: Format): boolean =>
  format === "pickle" || readerOf(format, platform).sequential;

/** Refuses a file whose first bytes are those of another format than the dataset's. */
export function refuseOther(head: Uint8Array, format: Format): void {
  const found = sniffFormat(head.subarray(0, SNIFFED_BYTES));
  // Text may be either, MAT files of today are HDF5, and a short one may begin like anything.
  const isTelling = found && found !== format && !ALIKE.has(found) && head.length >= TELLING_BYTES;
  if (isTelling && !(found === "hdf5" && format === "mat"))
    throw new DatasetFault(
      "file_invalid",
      `the dataset is ${FORMAT_TABLE[format].title}, and this file begins like ${FORMAT_TABLE[found].title}: send it to a dataset of its format, or convert it`,
    );
}
const ALIKE: ReadonlySet<Format> = new Set(["csv", "json", "mat", "pickle"]);
const TELLING_BYTES = 64;

/** Reads a file to its end. Types that are guessed, and that a later row does not fit, end it. */
export async function inspectSource(
  source: ByteSource,
  format: Format,
  options: ReadOptions,
  follows: Follows | null = null,
): Promise<Inspection> {
  if (format === "pickle") return inspectPickle(source);
  const table = await readerOf(format, platform).read(source, options);
  checkSchema(table.schema);
  if (follows) refuseUnfit(table.schema, follows);
  return profile(table);
}

/** Types that are guessed from the first rows become wider with later ones; these do not. */
const WIDEST: ReadonlySet<ColumnType> = new Set(["string", "json"]);

/** Refuses columns that break the dataset's rule whatever is still to be read. */
function refuseUnfit({ fields }: Schema, { schema, compatibility }: Follows): void {
  const widest = new Set(fields.filter(({ type }) => WIDEST.has(type)).map(({ name }) => name));
  const broken = evolutionProblems(schema, { fields }, compatibility).errors.find(
    ({ rule, column }) =>
      rule === "column_missing" ||
      (rule === "type_incompatible" && column !== null && widest.has(column)),
  );
  if (broken) throw evolutionFault(broken);
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
