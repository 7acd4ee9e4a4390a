import { DatasetFault } from "../../dataset-fault.ts";
import type { TextDecoding } from "../text/decoder.ts";
import { KIND } from "../text/kinds.ts";
import { asciiText, ScannedValue } from "../text/scanned-value.ts";

const DEEPEST = 100;
/** Of an integer; a float64 has no more. */
const MOST_DIGITS = 309;

const [QUOTE, BACKSLASH, COMMA, COLON] = [34, 92, 44, 58];
const [OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [123, 125, 91, 93];
const [NEWLINE, RETURN, SPACE, TAB] = [10, 13, 32, 9];
const [MINUS, PLUS, POINT, ZERO, NINE] = [45, 43, 46, 48, 57];

const ESCAPES = new Map([
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["\\", "\\"],
  ["/", "/"],
  ['"', '"'],
]);

const WORDS = new Map<string, [kind: number, value: Scalar]>([
  ["null", [0, null]],
  ["true", [KIND.bool, true]],
  ["false", [KIND.bool, false]],
  ["NaN", [KIND.float, Number.NaN]],
  ["Infinity", [KIND.float, Infinity]],
]);

type Scalar = null | boolean | number | bigint | string;

/** A value as it was written: a bigint is an integer beyond 2^53. */
export type Scanned = Scalar | Scanned[] | { [name: string]: Scanned };

/** What a value has in it that a JSON value here cannot be. */
export const EXTRA = { notFinite: 1, long: 2 } as const;

/**
 * Reads JSON (RFC 8259) from bytes, keeping apart what JSON.parse does not: `1` from `1.0`, integers
 * beyond 2^53, and a key that an object has twice. `NaN` and `Infinity` are read as Python writes
 * them; who cannot hold them asks for `extras`.
 */
export class JsonScanner {
  at = 0;
  /** The kind of the value read last; 0 for null. */
  kind = 0;
  /** Bits of EXTRA that were met since this was last set to 0. */
  extras = 0;
  /** Whether a value may go on over the end of a line. */
  manyLines = true;
  #bytes: Uint8Array = new Uint8Array(0);
  /** Where in the file the first of `bytes` lies, for messages. */
  #position = 0;
  readonly #decoding: TextDecoding;
  readonly #scanned = new ScannedValue();
  #depth = 0;

  constructor(decoding: TextDecoding) {
    this.#decoding = decoding;
  }

  /** Whether all bytes there are were looked at, so that more of them may make a fault right. */
  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  /** The byte at `at`. */
  get byte(): number | undefined {
    return this.#bytes[this.at];
  }

  /** Goes on at `at` of `bytes`, the first of which lies at `position` of the file. */
  restart(bytes: Uint8Array, at: number, position: number): void {
    this.#bytes = bytes;
    this.at = at;
    this.#position = position;
    this.#depth = 0;
  }

  /** The object at `at`: `member` is told each name and reads its value. */
  members(member: (name: string) => void): void {
    this.#enter();
    this.#pass(OPEN, "an object");
    this.blanks();
    if (this.#bytes[this.at] !== CLOSE)
      for (;;) {
        this.blanks();
        const name = this.#string();
        this.blanks();
        this.#pass(COLON, "a colon");
        this.blanks();
        member(name);
        this.blanks();
        if (this.#bytes[this.at] === CLOSE) break;
        this.#pass(COMMA, "a comma or the end of the object");
      }
    this.#leave();
  }

  /** The value at `at`. */
  value(): Scanned {
    const byte = this.#bytes[this.at] ?? 0;
    if (byte === QUOTE) {
      const text = this.#string();
      this.kind = KIND.text;
      return text;
    }
    if (byte === MINUS || (byte >= ZERO && byte <= NINE)) return this.#number();
    if (byte === OPEN) return this.#nested(() => this.#object());
    if (byte === OPEN_LIST) return this.#nested(() => this.#list());
    return this.#word();
  }

  blanks(): void {
    for (;;) {
      const byte = this.#bytes[this.at];
      const isBlank = byte === SPACE || byte === TAB || byte === RETURN;
      if (!isBlank && !(byte === NEWLINE && this.manyLines)) return;
      this.at++;
    }
  }

  fault(what: string): DatasetFault {
    const at = this.at;
    const bytes = this.#bytes;
    const found = at >= bytes.length ? "the end" : JSON.stringify(asciiText(bytes, at, at + 1));
    return new DatasetFault("file_invalid", `byte ${this.#position + at} is ${found}, not ${what}`);
  }

  #nested(read: () => Scanned): Scanned {
    const value = read();
    this.kind = KIND.nested;
    return value;
  }

  #object(): Scanned {
    const members = new Map<string, Scanned>();
    this.members((name) => {
      if (members.has(name)) throw this.fault(`a second value of ${JSON.stringify(name)}`);
      members.set(name, this.value());
    });
    // Not by assignment, to which `__proto__` is no name like others.
    return Object.fromEntries(members);
  }

  #list(): Scanned[] {
    this.#enter();
    this.at++;
    const items: Scanned[] = [];
    this.blanks();
    if (this.#bytes[this.at] !== CLOSE_LIST)
      for (;;) {
        this.blanks();
        items.push(this.value());
        this.blanks();
        if (this.#bytes[this.at] === CLOSE_LIST) break;
        this.#pass(COMMA, "a comma or the end of the list");
      }
    this.#leave();
    return items;
  }

  #enter(): void {
    if (++this.#depth > DEEPEST)
      throw new DatasetFault(
        "file_unsupported",
        `byte ${this.#position + this.at} lies more than ${DEEPEST} lists and objects deep`,
      );
  }

  #leave(): void {
    this.at++;
    this.#depth--;
  }

  #pass(byte: number, what: string): void {
    if (this.#bytes[this.at] !== byte) throw this.fault(what);
    this.at++;
  }

  #word(): Scalar {
    const start = this.at;
    let end = start;
    while (end - start < 9 && isLetter(this.#bytes[end])) end++;
    const known = WORDS.get(asciiText(this.#bytes, start, end));
    if (!known) {
      if (end === this.#bytes.length) this.at = end;
      throw this.fault("a JSON value");
    }
    this.at = end;
    const [kind, value] = known;
    this.kind = kind;
    if (kind === KIND.float) this.extras |= EXTRA.notFinite;
    return value;
  }

  #number(): number | bigint {
    const bytes = this.#bytes;
    const start = this.at;
    if (bytes[start] === MINUS) this.at++;
    if (bytes[this.at] === 73) {
      const value = this.#word();
      if (value === Infinity) return -Infinity;
    }
    const first = this.at;
    const digits = this.#digits();
    if (digits > 1 && bytes[first] === ZERO) throw this.fault("a number without leading zeros");
    const whole = this.at;
    if (bytes[this.at] === POINT) {
      this.at++;
      this.#digits();
    }
    if (((bytes[this.at] ?? 0) | 32) === 101) {
      const sign = bytes[++this.at];
      if (sign === MINUS || sign === PLUS) this.at++;
      this.#digits();
    }
    this.kind = this.#scanned.scan(bytes, start, this.at);
    if (this.kind !== KIND.long && this.kind !== KIND.text) return this.#scanned.number;
    this.extras |= EXTRA.long;
    if (this.kind === KIND.long) return this.#scanned.long;
    if (this.at > whole || whole - start > MOST_DIGITS)
      throw this.fault("behind a number that a float64 can hold");
    this.kind = KIND.nested;
    return BigInt(asciiText(bytes, start, whole));
  }

  #digits(): number {
    const start = this.at;
    while (isDigit(this.#bytes[this.at])) this.at++;
    if (this.at === start) throw this.fault("a digit");
    return this.at - start;
  }

  #string(): string {
    const bytes = this.#bytes;
    const start = this.at + 1;
    this.#pass(QUOTE, "a text in quotes");
    let escaped = false;
    for (; ; this.at++) {
      const byte = bytes[this.at];
      if (byte === QUOTE) break;
      if (byte === undefined) throw this.fault("the end of a text");
      if (byte < SPACE) throw this.fault("a character that may stand in a text: escape it");
      if (byte === BACKSLASH) {
        escaped = true;
        this.at++;
      }
    }
    const text = this.#decoding.text(bytes, start, this.at++, this.#position);
    return escaped ? this.#unescaped(text) : text;
  }

  #unescaped(text: string): string {
    const plain = text.replace(/\\(u[0-9a-fA-F]{4}|[^])/g, (_, escape: string) => {
      if (escape.length === 5) return String.fromCharCode(Number.parseInt(escape.slice(1), 16));
      const character = ESCAPES.get(escape);
      if (character === undefined) throw this.fault("behind a text whose escapes JSON knows");
      return character;
    });
    if (!plain.isWellFormed()) throw this.fault("behind a text without half surrogates");
    return plain;
  }
}

const isDigit = (byte: number | undefined): boolean =>
  byte !== undefined && byte >= ZERO && byte <= NINE;

const isLetter = (byte: number | undefined): boolean =>
  byte !== undefined && (byte | 32) >= 97 && (byte | 32) <= 122;
