import { KIND } from "./kinds.ts";
import { parseDate, parseTimestamp } from "./iso-time.ts";

/** Numbers with no more digits are exact as they are put together, and so is one multiplication or division by a power of ten in POWERS (Clinger 1990). */
const EXACT_DIGITS = 15;
const POWERS = Array.from({ length: 23 }, (_, exponent) => Number(`1e${exponent}`));

const NOT_FINITE = new Map([
  ["nan", Number.NaN],
  ["inf", Infinity],
  ["infinity", Infinity],
  ["-inf", -Infinity],
  ["-infinity", -Infinity],
  ["+inf", Infinity],
  ["+infinity", Infinity],
]);

/** The longest text that is looked at as a time, a truth value or a name of a number. */
const LONGEST_WORD = 40;
const LONGEST_NUMBER = 400;

/**
 * What the text of a cell means by itself, its blanks at both ends left out: `scan` tells the kind,
 * and the value is in the member that goes with it. A text that would lose something as a value,
 * such as `007`, `+49` or an integer of 80 bits, stays text.
 */
export class ScannedValue {
  /** Of an integer, a float, a date (days), a truth value (0 or 1). */
  number = 0;
  /** Of a long or a timestamp (microseconds). */
  long = 0n;

  scan(bytes: Uint8Array, from: number, to: number): number {
    let start = from;
    let end = to;
    while (start < end && isBlank(bytes[start])) start++;
    while (end > start && isBlank(bytes[end - 1])) end--;
    const negative = bytes[start] === MINUS;
    const first = negative ? start + 1 : start;
    const digit = (bytes[first] ?? 0) - ZERO;
    if (digit >= 0 && digit <= 9) return this.#number(bytes, start, first, end);
    if (bytes[first] === POINT && end - first > 1) return this.#decimal(bytes, start, first, end);
    if (end - start > LONGEST_WORD || !FIRST_OF_WORDS.has(bytes[start] ?? 0)) return KIND.text;
    return this.#word(asciiText(bytes, start, end));
  }

  #number(bytes: Uint8Array, start: number, first: number, end: number): number {
    let value = 0;
    let at = first;
    for (; at < end; at++) {
      const digit = (bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    const digits = at - first;
    if (digits > 1 && bytes[first] === ZERO && !isTime(bytes, at, digits)) return KIND.text;
    if (at < end) {
      if (isTime(bytes, at, digits))
        return end - start > LONGEST_WORD ? KIND.text : this.#time(asciiText(bytes, start, end));
      return this.#decimal(bytes, start, first, end);
    }
    const negative = first > start;
    if (digits > EXACT_DIGITS) return this.#long(bytes, start, end, digits);
    if (negative && value === 0) return this.#float(-0);
    this.number = negative ? -value : value;
    return KIND.integer;
  }

  #long(bytes: Uint8Array, start: number, end: number, digits: number): number {
    if (digits > 19) return KIND.text;
    const value = BigInt(asciiText(bytes, start, end));
    if (BigInt.asIntN(64, value) !== value) return KIND.text;
    if (value <= 2n ** 53n && value >= -(2n ** 53n)) {
      this.number = Number(value);
      return KIND.integer;
    }
    this.long = value;
    return KIND.long;
  }

  /** Digits with a point or an exponent: `1.5`, `.5`, `2.`, `1e-9`. */
  #decimal(bytes: Uint8Array, start: number, first: number, end: number): number {
    let mantissa = 0;
    let digits = 0;
    let point = -1;
    let at = first;
    for (; at < end; at++) {
      const byte = bytes[at] ?? 0;
      if (byte === POINT && point < 0) point = at;
      else if (byte >= ZERO && byte <= NINE) {
        mantissa = mantissa * 10 + (byte - ZERO);
        if (mantissa > 0) digits++;
      } else break;
    }
    const hasDigits = at - first > (point < 0 ? 0 : 1);
    if (!hasDigits) return KIND.text;
    const exponent = at === end ? 0 : exponentAt(bytes, at, end);
    if (exponent === undefined) return KIND.text;
    const scale = exponent - (point < 0 ? 0 : at - point - 1);
    const power = POWERS[Math.abs(scale)];
    const negative = first > start;
    if (digits > EXACT_DIGITS || power === undefined) {
      if (end - start > LONGEST_NUMBER) return KIND.text;
      const value = Number(asciiText(bytes, start, end));
      return Number.isFinite(value) ? this.#float(value) : KIND.text;
    }
    const value = scale < 0 ? mantissa / power : mantissa * power;
    return this.#float(negative ? -value : value);
  }

  #float(value: number): number {
    this.number = value;
    return KIND.float;
  }

  #word(word: string): number {
    if (word === "true" || word === "True" || word === "TRUE") {
      this.number = 1;
      return KIND.bool;
    }
    if (word === "false" || word === "False" || word === "FALSE") {
      this.number = 0;
      return KIND.bool;
    }
    const value = NOT_FINITE.get(word.toLowerCase());
    if (value !== undefined) return this.#float(value);
    return word.startsWith("+") ? this.#time(word) : KIND.text;
  }

  #time(text: string): number {
    const day = parseDate(text);
    if (day !== undefined) {
      this.number = day;
      return KIND.date;
    }
    const micros = parseTimestamp(text);
    if (micros === undefined) return KIND.text;
    this.long = micros;
    return KIND.timestamp;
  }
}

const ZERO = 48;
const NINE = 57;
const MINUS = 45;
const POINT = 46;

const FIRST_OF_WORDS = new Set(Array.from("tTfFnNiI+-", (letter) => letter.charCodeAt(0)));

const isBlank = (byte: number | undefined): boolean => byte === 32 || byte === 9;

/** Whether the digits before `at` are the year of a date. */
const isTime = (bytes: Uint8Array, at: number, digits: number): boolean =>
  (digits === 4 || digits === 6) && bytes[at] === MINUS;

/** The number behind an `e` or `E` at `at`; undefined where it is none. */
function exponentAt(bytes: Uint8Array, at: number, end: number): number | undefined {
  if (((bytes[at] ?? 0) | 32) !== 101) return undefined;
  const sign = bytes[at + 1];
  const signed = sign === MINUS || sign === 43;
  const from = signed ? at + 2 : at + 1;
  if (from >= end || end - from > 5) return undefined;
  let exponent = 0;
  for (let index = from; index < end; index++) {
    const digit = (bytes[index] ?? 0) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    exponent = exponent * 10 + digit;
  }
  return sign === MINUS ? -exponent : exponent;
}

/** Bytes as characters, of which those beyond ASCII are not what they stand for. */
export function asciiText(bytes: Uint8Array, from: number, to: number): string {
  let text = "";
  for (let at = from; at < to; at++) text += String.fromCharCode(bytes[at] ?? 0);
  return text;
}
