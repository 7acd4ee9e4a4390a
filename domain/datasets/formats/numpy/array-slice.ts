import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import type { TensorCell } from "../../table.ts";
import { elementCount } from "../tensor-data.ts";
import { type ArrayColumn, rowSizeOf } from "./array-columns.ts";
import { decodeTensor } from "./decode-elements.ts";
import type { NpyHeader } from "./npy-header.ts";

const MOST_READS = 1024;

/**
 * Part of one row's tensor along its last axis, of an array in row-major order, reading nothing
 * else. Throws a DatasetFault for what lies outside, and for a tensor whose last axis is cut too often.
 */
export async function sliceOfArray(
  source: ByteSource,
  header: NpyHeader,
  { field, scalar, offset, dims }: ArrayColumn,
  row: number,
  from: number,
  to: number,
): Promise<TensorCell> {
  const length = dims.at(-1) ?? 0;
  const isInside = [row, from, to].every(Number.isSafeInteger) && 0 <= from && from <= to;
  if (dims.length === 0 || !isInside || to > length || row < 0 || row >= (header.shape[0] ?? 0))
    throw new DatasetFault(
      "option_invalid",
      `column '${field.name}' has ${header.shape[0]} rows of ${dims.join(" x ") || "one value"}: there is no row ${row} with elements ${from} to ${to}`,
      { field: field.name },
    );
  const outer = elementCount(dims.slice(0, -1));
  if (outer > MOST_READS)
    throw new DatasetFault(
      "file_too_large",
      `the tensors of '${field.name}' have ${outer} runs along their last axis: read the whole row`,
    );
  const size = (to - from) * scalar.size;
  const start = header.start + row * rowSizeOf(header) + offset + from * scalar.size;
  const bytes = new Uint8Array(outer * size);
  for (let run = 0; run < outer; run++)
    bytes.set(await source.read(start + run * length * scalar.size, size), run * size);
  return {
    dims: [...dims.slice(0, -1), to - from],
    data: decodeTensor(bytes, 0, outer * (to - from), scalar),
  };
}
