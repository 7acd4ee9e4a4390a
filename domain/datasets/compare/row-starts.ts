import type { ByteSource } from "../byte-source.ts";
import { DatasetFault } from "../dataset-fault.ts";
import { isBlankLine } from "../formats/csv/csv-file.ts";
import { NEWLINE, QUOTE, RETURN, RowScanner } from "../formats/csv/row-scanner.ts";

/** How much is read to tell whether a row begins at a place: first this, then four times as much, up to the greatest. */
const FIRST_WINDOW = 16 * 1024;
const GREATEST_WINDOW = 1024 * 1024;

/** Tells of a place behind a newline whether a row begins there: null where it cannot be told. */
export type RowStarts = (source: ByteSource, at: number) => Promise<boolean | null>;

/** A text of JSON has no newline inside, so that every line is a row. */
export const jsonRowStarts: RowStarts = async () => true;

/**
 * In a CSV file a newline either ends a row or stands in a quoted cell. The file is valid, so one of
 * the two is so, and the other is ruled out as soon as what follows could not be read under it: a
 * quoted cell that goes on behind its closing quote, a row with another number of cells than
 * `width`, or a quoted cell that would be longer than any that the file has (reading under several
 * assumptions, as Ge et al. 2019, "Speculative Distributed CSV Data Parsing"). What is not ruled out
 * within 1 MiB stays open.
 *
 * @param longestCell bytes, at most, of a cell that can have a newline between its other characters;
 *   Infinity where nobody knows.
 */
export const csvRowStarts =
  (delimiter: string, width: number, longestCell: number): RowStarts =>
  async (source, at) => {
    for (let length = FIRST_WINDOW; length <= GREATEST_WINDOW; length *= 4) {
      const size = Math.min(length, source.size - at);
      const bytes = await source.read(at, size);
      const isLast = at + size === source.size;
      const outside = canBeRows(bytes, { delimiter, width, isLast, isInside: false });
      const inside =
        !isTooLong(bytes, longestCell) &&
        canBeRows(bytes, { delimiter, width, isLast, isInside: true });
      if (outside !== inside) return outside;
      if (isLast) return null;
    }
    return null;
  };

type Assumption = {
  delimiter: string;
  width: number;
  isLast: boolean;
  /** Whether the first byte is one of a quoted cell. */
  isInside: boolean;
};

/** Whether bytes can be read as rows from their beginning on, as far as they go. */
function canBeRows(bytes: Uint8Array, { delimiter, width, isLast, isInside }: Assumption): boolean {
  const scanner = new RowScanner(delimiter);
  const read = isInside ? behindQuote(bytes) : bytes;
  try {
    for (let at = 0, row = 0; at < read.length; row++) {
      at = scanner.scan(read, at, isLast);
      if (at < 0) return true;
      const isPart = isInside && row === 0;
      const isRow = isPart ? scanner.cells <= width : scanner.cells === width;
      if (!isRow && (isPart || !isBlankLine(scanner))) return false;
    }
    return true;
  } catch (error) {
    if (error instanceof DatasetFault) return false;
    throw error;
  }
}

function behindQuote(bytes: Uint8Array): Uint8Array {
  const quoted = new Uint8Array(bytes.length + 1);
  quoted[0] = QUOTE;
  quoted.set(bytes, 1);
  return quoted;
}

/**
 * Whether what comes before the closing quote is more than a cell can have. A cell of no text, such
 * as a number, may have newlines around it, and none between its characters.
 */
function isTooLong(bytes: Uint8Array, longestCell: number): boolean {
  let end = 0;
  while (end < bytes.length && bytes[end] !== QUOTE) end++;
  if (end <= longestCell) return false;
  let from = 0;
  while (from < end && isBlank(bytes[from])) from++;
  while (end > from && isBlank(bytes[end - 1])) end--;
  return bytes.subarray(from, end).some((byte) => byte === NEWLINE || byte === RETURN);
}

const isBlank = (byte: number | undefined): boolean => byte !== undefined && byte <= 32;
