import type { Follows } from "../../contract/dataset-work.ts";
import { DatasetFault } from "../../domain/datasets/dataset-fault.ts";
import { FORMAT_TABLE } from "../../domain/datasets/formats/formats.ts";
import { SNIFFED_BYTES, sniffFormat } from "../../domain/datasets/formats/sniff-format.ts";
import { certainProblem } from "../../domain/datasets/schema-rules/certain-problem.ts";
import { checkSchema } from "../../domain/datasets/schema-rules/check-schema.ts";
import { evolutionFault } from "../../domain/datasets/schema-rules/evolution.ts";
import type { Format, Table } from "../../domain/datasets/table.ts";

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

/** Refuses columns that cannot be, or that break the dataset's rule whatever is still to be read. */
export function refuseUnfit(table: Table, follows: Follows | null): void {
  checkSchema(table.schema);
  const broken = follows && certainProblem(follows.schema, table, follows.compatibility);
  if (broken) throw evolutionFault(broken);
}
