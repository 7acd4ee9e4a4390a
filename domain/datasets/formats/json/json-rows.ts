import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import { ForwardBytes } from "../forward-bytes.ts";
import { MOST_COLUMNS } from "../../schema-rules/check-schema.ts";
import { LARGEST_CELL, SAMPLE_BYTES } from "../limits.ts";
import type { TextDecoding } from "../text/decoder.ts";
import { textStart } from "../text/encoding.ts";
import { JsonScanner, type Scanned } from "./json-scanner.ts";

const [NEWLINE, COMMA, OPEN, OPEN_LIST, CLOSE_LIST] = [10, 44, 123, 91, 93];

/** What the beginning of a file tells of it. */
export type JsonFile = {
  source: ByteSource;
  head: Uint8Array;
  /** Whether the objects are the items of one list, and not a line each. */
  isList: boolean;
  /** Where the first object, or what stands in its place, is looked for. */
  start: number;
};

export async function openJson(source: ByteSource): Promise<JsonFile> {
  const head = await source.read(0, Math.min(source.size, SAMPLE_BYTES));
  const first = textStart(head);
  let at = first;
  while (at < head.length && [9, 10, 13, 32].includes(head[at] ?? 0)) at++;
  const isList = head[at] === OPEN_LIST;
  return { source, head, isList, start: isList ? at + 1 : first };
}

/** Goes through the objects of a file and finds the values of their members. */
export class JsonRows {
  readonly window: ForwardBytes;
  /** How many objects were passed. */
  row = 0;
  /** The members of the object read last, in its order: their columns, values, kinds, and bits of EXTRA. */
  members = 0;
  readonly places = new Int32Array(MOST_COLUMNS);
  readonly values: Scanned[] = [];
  readonly kinds = new Int32Array(MOST_COLUMNS);
  readonly extras = new Int32Array(MOST_COLUMNS);
  readonly #placeOf: (name: string, row: number) => number;
  readonly #scanner: JsonScanner;
  readonly #isList: boolean;
  /** By place, the attempt that met it last. */
  readonly #met = new Int32Array(MOST_COLUMNS);
  #attempt = 0;
  #isClosed = false;

  /** `placeOf` tells a column by its name, below MOST_COLUMNS; it may throw a DatasetFault. */
  constructor(
    file: JsonFile,
    decoding: TextDecoding,
    placeOf: (name: string, row: number) => number,
  ) {
    this.window = new ForwardBytes(file.source, file.head);
    this.window.at = file.start;
    this.#isList = file.isList;
    this.#scanner = new JsonScanner(decoding);
    this.#placeOf = placeOf;
  }

  /** Reads the next object from the bytes that the window has; false where they hold no whole one. */
  next(): boolean {
    const { window } = this;
    const scanner = this.#scanner;
    scanner.restart(window.bytes, window.at, window.position - window.at);
    try {
      if (!this.#begin()) return false;
      this.#object();
      this.#end();
    } catch (error) {
      if (!(error instanceof DatasetFault)) throw error;
      if (scanner.isAtEnd && !window.isComplete) return false;
      const { code, message, field } = error.problem;
      const at = { row: this.row, ...(field === undefined ? {} : { field }) };
      throw code === "file_invalid"
        ? new DatasetFault(code, `row ${this.row}: ${message}`, at)
        : error;
    }
    window.at = scanner.at;
    this.row++;
    return true;
  }

  /** Makes the window longer; false at the end of the file. */
  async more(): Promise<boolean> {
    const { window } = this;
    if (window.bytes.length - window.at >= LARGEST_CELL)
      throw new DatasetFault(
        "file_too_large",
        `row ${this.row} has no end within ${LARGEST_CELL} bytes`,
        {
          row: this.row,
        },
      );
    if (await window.more()) return true;
    if (this.#isList && !this.#isClosed)
      throw new DatasetFault("file_invalid", "the file ends within a list: it is truncated");
    return false;
  }

  /** Whether an object begins here; what was passed is not looked at again. */
  #begin(): boolean {
    const scanner = this.#scanner;
    scanner.manyLines = true;
    scanner.blanks();
    this.window.at = scanner.at;
    if (scanner.isAtEnd) return false;
    if (this.#isClosed) throw scanner.fault("the end of the file, which follows the list");
    if (this.#isList && this.row === 0 && scanner.byte === CLOSE_LIST) {
      this.window.at = ++scanner.at;
      this.#isClosed = true;
      return this.#begin();
    }
    if (scanner.byte !== OPEN) throw scanner.fault("an object: a row of JSON is one");
    return true;
  }

  #object(): void {
    const scanner = this.#scanner;
    const attempt = ++this.#attempt;
    let members = 0;
    scanner.manyLines = this.#isList;
    scanner.members((name) => {
      const place = this.#placeOf(name, this.row);
      if (this.#met[place] === attempt)
        throw scanner.fault(`a second value of ${JSON.stringify(name)}`);
      this.#met[place] = attempt;
      scanner.extras = 0;
      this.places[members] = place;
      this.values[members] = scanner.value();
      this.kinds[members] = scanner.kind;
      this.extras[members++] = scanner.extras;
    });
    this.members = members;
  }

  /** Passes what follows an object: the end of its line, or a comma or the end of the list. */
  #end(): void {
    const scanner = this.#scanner;
    scanner.blanks();
    if (scanner.isAtEnd && this.window.isComplete && !this.#isList) return;
    if (!this.#isList && scanner.byte !== NEWLINE)
      throw scanner.fault("the end of the line: each line is one object");
    if (this.#isList && scanner.byte === CLOSE_LIST) this.#isClosed = true;
    else if (this.#isList && scanner.byte !== COMMA)
      throw scanner.fault("a comma or the end of the list");
    scanner.at++;
  }
}

/** Gives each name a place in the order of their first appearance. */
export class Names {
  readonly names: string[] = [];
  readonly #places = new Map<string, number>();

  constructor(names: readonly string[] = []) {
    names.forEach((name) => this.add(name));
  }

  find(name: string): number | undefined {
    return this.#places.get(name);
  }

  add(name: string): number {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    if (this.names.length === MOST_COLUMNS)
      throw new DatasetFault(
        "file_unsupported",
        `the objects have more than ${MOST_COLUMNS} different names: store values that differ by row under one name`,
        { field: name },
      );
    this.#places.set(name, this.names.length);
    return this.names.push(name) - 1;
  }
}
