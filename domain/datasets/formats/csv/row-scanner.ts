import { DatasetFault } from "../../dataset-fault.ts";
import { MOST_COLUMNS } from "../../schema-rules/check-schema.ts";

export const [QUOTE, NEWLINE, RETURN] = [34, 10, 13];

/** How a cell is written: as it is, in quotes, in quotes with quotes doubled within. */
export const PLAIN = 0;
export const QUOTED = 1;
export const DOUBLED = 2;

/**
 * Finds where the cells of a row lie (RFC 4180; lines may also end in a carriage return alone, and
 * a quote within an unquoted cell is a character like others).
 */
export class RowScanner {
  /** How many cells the row has; of each, where it begins and ends without its quotes, and how it is written. */
  cells = 0;
  readonly starts = new Int32Array(MOST_COLUMNS + 1);
  readonly ends = new Int32Array(MOST_COLUMNS + 1);
  readonly forms = new Uint8Array(MOST_COLUMNS + 1);
  readonly #delimiter: number;
  /** 1 for the bytes that end an unquoted cell. */
  readonly #stops = new Uint8Array(256);

  constructor(delimiter: string) {
    this.#delimiter = delimiter.charCodeAt(0);
    for (const stop of [this.#delimiter, NEWLINE, RETURN]) this.#stops[stop] = 1;
  }

  /**
   * The position behind the row that begins at `from`, or -1 where `bytes` end before the row does;
   * `isLast` says that no bytes follow. Throws a DatasetFault.
   */
  scan(bytes: Uint8Array, from: number, isLast: boolean): number {
    const stops = this.#stops;
    const end = bytes.length;
    let at = from;
    for (this.cells = 0; ;) {
      const start = at;
      if (bytes[at] === QUOTE) {
        at = this.#quoted(bytes, start + 1, isLast);
        if (at < 0) return -1;
      } else {
        while (at < end && stops[bytes[at] ?? 0] === 0) at++;
        this.#add(start, at, PLAIN);
      }
      if (at >= end) return isLast ? end : -1;
      const stop = bytes[at];
      if (stop === this.#delimiter) at++;
      else if (stop === NEWLINE) return at + 1;
      else if (at + 1 === end && !isLast) return -1;
      else return bytes[at + 1] === NEWLINE ? at + 2 : at + 1;
    }
  }

  /** The position behind the closing quote, or -1. */
  #quoted(bytes: Uint8Array, start: number, isLast: boolean): number {
    let form = QUOTED;
    let at = start;
    for (;;) {
      while (at < bytes.length && bytes[at] !== QUOTE) at++;
      if (at + 1 >= bytes.length && !isLast) return -1;
      if (at >= bytes.length)
        throw new DatasetFault("file_invalid", "the file ends within a quoted cell");
      if (bytes[at + 1] !== QUOTE) break;
      form = DOUBLED;
      at += 2;
    }
    this.#add(start, at, form);
    at++;
    if (at < bytes.length && this.#stops[bytes[at] ?? 0] === 0)
      throw new DatasetFault(
        "file_invalid",
        `a quoted cell is followed by '${String.fromCharCode(bytes[at] ?? 0)}', not by the delimiter: quotes within a cell are written twice`,
      );
    return at;
  }

  #add(start: number, end: number, form: number): void {
    if (this.cells > MOST_COLUMNS)
      throw new DatasetFault(
        "file_unsupported",
        `a row has more than ${MOST_COLUMNS} cells: store such rows as one column of tensors, or name the delimiter`,
      );
    this.starts[this.cells] = start;
    this.ends[this.cells] = end;
    this.forms[this.cells++] = form;
  }
}

/** The bytes of a cell with its doubled quotes made single. */
export function undoubled(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const plain = new Uint8Array(to - from);
  let length = 0;
  for (let at = from; at < to; at++) {
    if (bytes[at] === QUOTE) at++;
    plain[length++] = bytes[at] ?? 0;
  }
  return plain.subarray(0, length);
}
