import type { CheckedEnds, EndsTask } from "../../contract/dataset-work.ts";
import { DatasetFault } from "../../domain/datasets/dataset-fault.ts";
import { endsOf } from "../../domain/datasets/file-ends.ts";
import { readerOf } from "../../domain/datasets/formats/formats.ts";
import type { Platform } from "../../domain/datasets/formats/platform.ts";
import type { Table } from "../../domain/datasets/table.ts";
import { refuseOther, refuseUnfit } from "./refuse-file.ts";

/** As many as text of this length can have; what a few bytes of another format stand for can be more. */
const MOST_CELLS = 2 ** 20;

/**
 * Looks at the ends of a file as at the file, as far as they go, and throws what the whole would be
 * refused for. What can only be told by more of the file is left to who reads it whole.
 */
export async function checkEnds(
  platform: Platform,
  bytes: Uint8Array,
  { head, size_bytes, format, read_options, follows }: EndsTask,
): Promise<CheckedEnds> {
  const ends = endsOf(bytes, head, size_bytes);
  refuseOther(bytes.subarray(0, head), format);
  let told: CheckedEnds = { schema: null, warnings: [] };
  if (format === "pickle") return told;
  try {
    const table = await readerOf(format, platform).read(ends, read_options);
    // What a reader has passed over could have been a column.
    if (ends.hasMissed) return told;
    refuseUnfit(table, follows);
    told = { schema: table.schema, warnings: table.warnings };
    await readRows(table);
  } catch (error) {
    // A reader that was short of bytes may find fault with what it has.
    if (!ends.hasMissed) throw error;
  }
  return told;
}

/** A value that only contradicts what was guessed is no fault: the guess will be another. */
async function readRows(table: Table): Promise<void> {
  let cells = 0;
  try {
    for await (const { rows, columns } of table.batches()) {
      cells += rows * columns.length;
      if (cells > MOST_CELLS) return;
    }
  } catch (error) {
    const isGuess = table.mayBecome && error instanceof DatasetFault;
    if (!isGuess || error.problem.code !== "schema_mismatch") throw error;
  }
}
