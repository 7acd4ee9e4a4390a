import { utf8Decode } from "../../../text/utf8.ts";
import type { ByteSource } from "../../byte-source.ts";
import { DatasetFault } from "../../dataset-fault.ts";
import { ForwardBytes } from "../forward-bytes.ts";
import { LARGEST_CELL } from "../limits.ts";
import type { Argument } from "./opcodes.ts";
import { malformed, type Value } from "./pickle-machine.ts";

/** A longer text is no name of a module. */
const LONGEST_NAME = 300;
const NEWLINE = 10;

/** What an opcode has behind it: a number, or texts as far as they may be names. */
export type Arguments = { number: number; texts: Value[] };

type Block = Extract<Argument, { length: number }>;

const NONE: Arguments = { number: 0, texts: [] };
const NO_NAME: Arguments = { number: 0, texts: [null] };

/** Reads opcodes and their arguments from the beginning of a file to its end. */
export class PickleInput {
  readonly #window: ForwardBytes;
  /** Bytes of an argument that are still to be passed over. */
  #unread = 0;

  constructor(source: ByteSource) {
    this.#window = new ForwardBytes(source);
  }

  get position(): number {
    return this.#window.position;
  }

  get left(): number {
    return this.#window.left;
  }

  /** The next opcode, if it lies in the window; undefined asks for `arrive`. */
  opcode(): number | undefined {
    if (this.#unread > 0) return undefined;
    const { bytes, at } = this.#window;
    return at < bytes.length ? bytes[this.#window.at++] : undefined;
  }

  /** What follows the opcode, if it lies in the window; undefined asks for `arrive`. */
  arguments(argument: Argument): Arguments | undefined {
    if ("lines" in argument) return this.#lines(argument.lines);
    if ("bytes" in argument) {
      if (argument.bytes === 0) return NONE;
      const number = this.#number(argument.bytes, false);
      if (number === undefined) return undefined;
      this.#window.at += argument.bytes;
      return { number, texts: [] };
    }
    return this.#block(argument);
  }

  /** Waits for more of the file. Throws a DatasetFault at its end. */
  async arrive(): Promise<void> {
    const unread = this.#unread;
    this.#unread = 0;
    if (this.#window.bytes.length - this.#window.at > LARGEST_CELL)
      throw new DatasetFault(
        "file_too_large",
        `the pickle has a line of more than ${LARGEST_CELL} bytes: write it with protocol 4`,
      );
    const hasMore = unread > 0 ? await this.#window.skip(unread) : await this.#window.more();
    if (!hasMore) throw malformed("ends early");
  }

  #block({ length: size, signed = false, text = false }: Block): Arguments | undefined {
    const length = this.#number(size, signed);
    if (length === undefined) return undefined;
    if (length < 0) throw malformed(`has a length of ${length}`);
    const window = this.#window;
    const start = window.at + size;
    if (!text || length > LONGEST_NAME) {
      window.at = Math.min(start + length, window.bytes.length);
      this.#unread = start + length - window.at;
      return NO_NAME;
    }
    if (start + length > window.bytes.length) return undefined;
    window.at = start + length;
    return { number: 0, texts: [utf8Decode(window.bytes.subarray(start, window.at))] };
  }

  #number(size: number, isSigned: boolean): number | undefined {
    const { bytes, at } = this.#window;
    if (at + size > bytes.length) return undefined;
    let value = 0;
    for (let index = size - 1; index >= 0; index--) value = value * 256 + (bytes[at + index] ?? 0);
    return isSigned && value >= 2 ** (size * 8 - 1) ? value - 2 ** (size * 8) : value;
  }

  #lines(count: number): Arguments | undefined {
    const window = this.#window;
    const texts: Value[] = [];
    let at = window.at;
    for (let line = 0; line < count; line++) {
      const end = window.bytes.indexOf(NEWLINE, at);
      if (end < 0) return undefined;
      texts.push(end - at > LONGEST_NAME ? null : utf8Decode(window.bytes.subarray(at, end)));
      at = end + 1;
    }
    window.at = at;
    return { number: Number(texts[0] ?? Number.NaN), texts };
  }
}
