import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import type { ReadOptions } from "../../table.ts";
import { ForwardBytes } from "../forward-bytes.ts";
import { LARGEST_CELL, SAMPLE_BYTES } from "../limits.ts";
import type { TextDecoding } from "../text/decoder.ts";
import { textStart } from "../text/encoding.ts";
import { checkDelimiter } from "./delimiter.ts";
import { DOUBLED, PLAIN, RowScanner, undoubled } from "./row-scanner.ts";

const DELIMITERS = [",", ";", "\t", "|"];
const LINES_TO_GUESS_FROM = 20;

/** What the beginning of a file tells of it. */
export type CsvFile = {
  source: ByteSource;
  head: Uint8Array;
  delimiter: string;
  names: string[];
  /** Where the first row begins, the line of names passed. */
  start: number;
  warnings: string[];
};

/** Throws a DatasetFault for a file that is not text in UTF-8, or has no columns. */
export async function openCsv(
  source: ByteSource,
  options: ReadOptions,
  decoding: TextDecoding,
): Promise<CsvFile> {
  const head = await source.read(0, Math.min(source.size, SAMPLE_BYTES));
  const first = textStart(head);
  const isWhole = head.length === source.size;
  const delimiter = options.delimiter ?? guessDelimiter(head, first, isWhole);
  checkDelimiter(delimiter);
  const scanner = new RowScanner(delimiter);
  const start = first < head.length ? scanner.scan(head, first, isWhole) : first;
  if (start < 0)
    throw new DatasetFault(
      "file_unsupported",
      `the first line is longer than ${SAMPLE_BYTES} bytes: the lines of a CSV file end in a newline`,
    );
  const warnings: string[] = [];
  if (options.header ?? true) {
    const names = namesOf(scanner, head, decoding, warnings);
    return { source, head, delimiter, names, start, warnings };
  }
  const names = Array.from({ length: scanner.cells }, (_, place) => `column_${place + 1}`);
  return { source, head, delimiter, names, start: first, warnings };
}

/** The delimiter with which the first lines have most cells, all the same number; a comma where none does. */
function guessDelimiter(head: Uint8Array, start: number, isWhole: boolean): string {
  const widths = DELIMITERS.map((delimiter) => commonWidth(delimiter, head, start, isWhole));
  const widest = Math.max(...widths);
  return (widest > 1 && DELIMITERS[widths.indexOf(widest)]) || ",";
}

/** How many cells each of the first lines has; 0 where they differ. */
function commonWidth(delimiter: string, head: Uint8Array, start: number, isWhole: boolean): number {
  const scanner = new RowScanner(delimiter);
  let width = 0;
  let at = start;
  try {
    for (let line = 0; line < LINES_TO_GUESS_FROM && at < head.length; line++) {
      at = scanner.scan(head, at, isWhole);
      if (at < 0) break;
      if (isBlankLine(scanner)) continue;
      if (width !== 0 && scanner.cells !== width) return 0;
      width = scanner.cells;
    }
  } catch (error) {
    if (error instanceof DatasetFault) return 0;
    throw error;
  }
  return width;
}

/** Whether the row scanned last has nothing at all. */
export const isBlankLine = ({ cells, starts, ends, forms }: RowScanner): boolean =>
  cells === 1 && starts[0] === ends[0] && forms[0] === PLAIN;

function namesOf(
  { cells, starts, ends, forms }: RowScanner,
  head: Uint8Array,
  decoding: TextDecoding,
  warnings: string[],
): string[] {
  if (cells === 0)
    throw new DatasetFault(
      "file_invalid",
      "the file is empty: a CSV file begins with a line that names its columns",
    );
  const names: string[] = [];
  for (let place = 0; place < cells; place++) {
    const [start = 0, end = 0] = [starts[place], ends[place]];
    const plain =
      forms[place] === DOUBLED ? undoubled(head, start, end) : head.subarray(start, end);
    const name = decoding.text(plain, 0, plain.length, start);
    if (name === "")
      warnings.push(`column ${place + 1} has no name and is called column_${place + 1}`);
    names.push(name === "" ? `column_${place + 1}` : name);
  }
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  if (twice === undefined) return names;
  throw new DatasetFault(
    "schema_invalid",
    `two columns are named '${twice}': give each its own name, or read with header: false`,
    { field: twice },
  );
}

/**
 * Goes through the rows: `row` is told the window in whose bytes the scanner has found the cells of
 * the row with the given number, and answers whether to go on.
 */
export class CsvRows {
  readonly scanner: RowScanner;
  readonly window: ForwardBytes;
  /** How many rows were passed. */
  row = 0;
  readonly #width: number;

  constructor(file: CsvFile) {
    this.scanner = new RowScanner(file.delimiter);
    this.window = new ForwardBytes(file.source, file.head);
    this.window.at = file.start;
    this.#width = file.names.length;
  }

  /**
   * Finds the next row's cells in the bytes that the window has already: the position behind them,
   * 0 at the end of these bytes. The caller sets the window there when it is done with the row.
   */
  next(): number {
    const { window, scanner } = this;
    while (window.at < window.bytes.length) {
      const end = this.#scan();
      if (end < 0) return 0;
      if (this.#width === 1 || !isBlankLine(scanner)) {
        if (scanner.cells !== this.#width) throw this.#ragged();
        return end;
      }
      window.at = end;
    }
    return 0;
  }

  /** Makes the window longer; false at the end of the file. */
  async more(): Promise<boolean> {
    const { window } = this;
    if (window.bytes.length - window.at >= LARGEST_CELL)
      throw new DatasetFault(
        "file_too_large",
        `row ${this.row} has no end within ${LARGEST_CELL} bytes: is a quote not closed?`,
        { row: this.row },
      );
    return window.more();
  }

  #scan(): number {
    const { window } = this;
    try {
      return this.scanner.scan(window.bytes, window.at, window.isComplete);
    } catch (error) {
      if (!(error instanceof DatasetFault)) throw error;
      const { code, message } = error.problem;
      throw new DatasetFault(code, `row ${this.row}: ${message}`, { row: this.row });
    }
  }

  #ragged(): DatasetFault {
    const { row } = this;
    return new DatasetFault(
      "file_invalid",
      `row ${row} has ${this.scanner.cells} cells where the first line has ${this.#width}: ` +
        "a cell that holds the delimiter is written in quotes",
      { row },
    );
  }
}
