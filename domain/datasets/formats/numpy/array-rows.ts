import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import { elementCount } from "../tensor-data.ts";
import { rowSizeOf } from "./array-columns.ts";
import type { NpyHeader } from "./npy-header.ts";

const LARGEST_ROW = 32 * 1024 * 1024;
/** An array in column-major order is held whole up to this size. */
const LARGEST_HELD = 32 * 1024 * 1024;
/** Less in one go are too many reads. */
const SHORTEST_RUN = 4096;
const RUNS_AT_ONCE = 8 * 1024 * 1024;
const BATCH = 2 * 1024 * 1024;
const BATCH_ROWS = 4096;
const SKIP = 1024 * 1024;

/** The bytes of rows, in row-major order whatever the file's is. */
export type ArrayRows = {
  /** How many rows to ask for at a time. */
  batchRows: number;
  read(from: number, rows: number): Promise<Uint8Array>;
};

/**
 * Reads rows of an array from a source that is read by ranges or, `isForward`, only from its
 * beginning to its end, the header having been read. Throws a DatasetFault for an array too large
 * for the way it lies.
 */
export async function arrayRows(
  source: ByteSource,
  header: NpyHeader,
  isForward: boolean,
): Promise<ArrayRows> {
  const rowSize = rowSizeOf(header);
  if (rowSize > LARGEST_ROW)
    throw new DatasetFault(
      "file_too_large",
      `one row of the array has ${rowSize} bytes, and ${LARGEST_ROW} are read at most: read parts of it`,
    );
  const batchRows = Math.max(1, Math.min(BATCH_ROWS, Math.floor(BATCH / Math.max(rowSize, 1))));
  if (header.isFortran && header.shape.length > 1)
    return columnMajorRows(source, header, isForward, batchRows);
  let at = header.start;
  return {
    batchRows,
    async read(from, rows) {
      const offset = header.start + from * rowSize;
      if (isForward) await skip(source, at, offset);
      at = offset + rows * rowSize;
      return source.read(offset, rows * rowSize);
    },
  };
}

/** Reads past what is not wanted, a part at a time. */
async function skip(source: ByteSource, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += SKIP) await source.read(at, Math.min(SKIP, to - at));
}

async function columnMajorRows(
  source: ByteSource,
  header: NpyHeader,
  isForward: boolean,
  batchRows: number,
): Promise<ArrayRows> {
  const [height = 0, ...rest] = header.shape;
  const { size } = header.dtype;
  const width = elementCount(rest);
  const total = height * width * size;
  const run = Math.floor(RUNS_AT_ONCE / Math.max(width * size, 1));
  const isHeld = total <= LARGEST_HELD;
  if (!isHeld && (isForward || run * size < SHORTEST_RUN))
    throw new DatasetFault(
      "file_too_large",
      `the array has ${total} bytes in column-major order, which cannot be read by rows: save numpy.ascontiguousarray(array)`,
    );
  const all = isHeld ? await source.read(header.start, total) : undefined;
  const places = rowMajorPlaces(rest);
  return {
    batchRows: isHeld ? batchRows : run,
    async read(from, rows) {
      const bytes = new Uint8Array(rows * width * size);
      for (let column = 0; column < width; column++) {
        const offset = (column * height + from) * size;
        const part = all
          ? all.subarray(offset, offset + rows * size)
          : await source.read(header.start + offset, rows * size);
        const place = places[column] ?? 0;
        for (let row = 0; row < rows; row++) {
          const to = (row * width + place) * size;
          for (let byte = 0; byte < size; byte++) bytes[to + byte] = part[row * size + byte] ?? 0;
        }
      }
      return bytes;
    },
  };
}

/** Where in row-major order each element lies, taken in column-major order. */
function rowMajorPlaces(dims: readonly number[]): Int32Array {
  const places = new Int32Array(elementCount(dims));
  for (let index = 0; index < places.length; index++) {
    let rest = index;
    let place = 0;
    for (let axis = 0; axis < dims.length; axis++) {
      const size = dims[axis] ?? 1;
      place = place * size + (rest % size);
      rest = Math.floor(rest / size);
    }
    places[index] = place;
  }
  return places;
}
