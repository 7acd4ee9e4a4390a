import type { InspectedFile, RowComparison } from "../../contract/dataset-work.ts";
import type { ByteSource } from "../../domain/datasets/byte-source.ts";
import type { ChangedRange } from "../../domain/datasets/chunks/changed-ranges.ts";
import { compareChanged } from "../../domain/datasets/compare/compare-changed.ts";
import {
  compareTables,
  type CompareOptions,
} from "../../domain/datasets/compare/compare-tables.ts";
import { readerOf } from "../../domain/datasets/formats/formats.ts";
import { DatasetFault } from "../../domain/datasets/dataset-fault.ts";
import { platform } from "./platform.ts";

type Side = { file: InspectedFile; source: ByteSource };

/** Which rows differ. Of files of lines only those are read that the changed bytes are part of. */
export async function compareFiles(
  a: Side,
  b: Side,
  changed: readonly ChangedRange[],
  options: CompareOptions,
): Promise<RowComparison> {
  const lines = [a, b].map(linesOf);
  const [before, after] = lines;
  if (before && after) return compareChanged(before, after, changed, platform, options);
  const [old, fresh] = await Promise.all([tableOf(a), tableOf(b)]);
  const bytes_compared = a.source.size + b.source.size;
  return { ...(await compareTables(old, fresh, options)), bytes_compared, whole: true };
}

function linesOf({ file, source }: Side) {
  const { format, read_options, inspection } = file;
  const { schema } = inspection;
  if (!schema)
    throw new DatasetFault("file_unsupported", "rows of a pickle are never read, nor compared");
  return format === "csv" || format === "json"
    ? { source, format, read_options, schema, inspection }
    : null;
}

const tableOf = ({ file, source }: Side) =>
  readerOf(file.format, platform).read(source, file.read_options);
