import { DatasetFault } from "../../dataset-fault.ts";
import type { Field } from "../../schema.ts";
import type { Cell } from "../../table.ts";
import { cellOfJson } from "../json/json-cells.ts";
import { JsonScanner } from "../json/json-scanner.ts";
import { misfit, missing, quoted } from "../misfit.ts";
import { numberCell } from "../number-cell.ts";
import { fromBase64 } from "../text/base64.ts";
import type { TextDecoding } from "../text/decoder.ts";
import { KIND, kindInWords } from "../text/kinds.ts";
import { ScannedValue } from "../text/scanned-value.ts";
import { DOUBLED, PLAIN, undoubled } from "./row-scanner.ts";

const DAY = 86_400_000_000n;
const INTEGER = /^[+-]?\d{1,40}$/;
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/** Which texts stand for no value: the empty one, unless others are named. */
export class NullTexts {
  readonly #texts: ReadonlySet<string>;
  readonly #longest: number;
  readonly #decoding: TextDecoding;
  readonly #isPlain: boolean;

  constructor(texts: readonly string[] | undefined, decoding: TextDecoding) {
    this.#texts = new Set(texts ?? [""]);
    this.#longest = Math.max(0, ...[...this.#texts].map((text) => text.length * 3));
    this.#decoding = decoding;
    this.#isPlain = this.#longest === 0;
  }

  /** An empty cell in quotes is the empty text, even where the empty text stands for no value. */
  has(bytes: Uint8Array, from: number, to: number, form: number): boolean {
    if (from === to) return form === PLAIN && this.#texts.has("");
    if (this.#isPlain || to - from > this.#longest) return false;
    return this.#texts.has(this.#decoding.text(bytes, from, to, 0));
  }
}

/** How one column's cells are made of their texts. */
export class CsvColumn {
  readonly field: Field;
  readonly #held: number | undefined;
  readonly #nulls: NullTexts;
  readonly #decoding: TextDecoding;
  readonly #scanned = new ScannedValue();
  readonly #json: JsonScanner;

  /** `held` are the kinds that a guessed column may have; a declared one has what fits its field. */
  constructor(field: Field, held: number | undefined, nulls: NullTexts, decoding: TextDecoding) {
    this.field = field;
    this.#held = held;
    this.#nulls = nulls;
    this.#decoding = decoding;
    this.#json = new JsonScanner(decoding);
  }

  /** Throws a DatasetFault `schema_mismatch` for a text that is not of the column. `position` is that of bytes[0] in the file. */
  cell(
    bytes: Uint8Array,
    from: number,
    to: number,
    form: number,
    row: number,
    position: number,
  ): Cell {
    if (this.#nulls.has(bytes, from, to, form)) return this.#none(row);
    if (form === DOUBLED) {
      const plain = undoubled(bytes, from, to);
      return this.#value(plain, 0, plain.length, row, position + from);
    }
    return this.#value(bytes, from, to, row, position);
  }

  #none(row: number): null {
    if (this.field.nullable) return null;
    throw missing(this.field, row);
  }

  #value(bytes: Uint8Array, from: number, to: number, row: number, position: number): Cell {
    const { type, shape } = this.field;
    // Nothing is known yet of a column that holds nothing; with empty texts alone it is one of texts.
    if (type === "string" && !shape && (this.#held !== 0 || from === to))
      return this.#decoding.text(bytes, from, to, position);
    // Whoever writes all cells in quotes writes an empty text for no value.
    if (from === to && type !== "binary") return this.#none(row);
    const cell =
      this.#held === undefined
        ? this.#declared(bytes, from, to, position)
        : this.#guessed(bytes, from, to, this.#held);
    if (cell !== undefined) return cell;
    const text = quoted(this.#decoding.text(bytes, from, to, position));
    const kind = kindInWords(this.#scanned.scan(bytes, from, to));
    throw misfit(this.field, row, `${text}, ${kind}`, this.#held !== undefined);
  }

  #guessed(bytes: Uint8Array, from: number, to: number, held: number): Cell | undefined {
    const kind = this.#scanned.scan(bytes, from, to);
    return (kind & held) === 0 ? undefined : this.#ofKind(kind);
  }

  #declared(bytes: Uint8Array, from: number, to: number, position: number): Cell | undefined {
    const { type, shape } = this.field;
    if (shape || type === "json") return this.#ofJson(bytes.subarray(from, to), position + from);
    if (type !== "binary") {
      const cell = this.#ofKind(this.#scanned.scan(bytes, from, to));
      if (cell !== undefined) return cell;
    }
    return this.#ofText(this.#decoding.text(bytes, from, to, position).trim());
  }

  /** The cell of a value of which only the text would tell more. */
  #ofKind(kind: number): Cell | undefined {
    const { type } = this.field;
    const { number, long } = this.#scanned;
    if (kind === KIND.long) return numberCell(type, long);
    if (kind === KIND.date) {
      if (type === "date") return number;
      return type === "timestamp" ? BigInt(number) * DAY : undefined;
    }
    if (kind === KIND.timestamp) return type === "timestamp" ? long : undefined;
    if (type === "bool") {
      const isBool =
        kind === KIND.bool || (kind === KIND.integer && (number === 0 || number === 1));
      return isBool ? number === 1 : undefined;
    }
    return kind === KIND.integer || kind === KIND.float ? numberCell(type, number) : undefined;
  }

  /** What is text by itself, and a value where a schema says so: `007`, `+49`, 64 bits without a sign. */
  #ofText(text: string): Cell | undefined {
    const { type } = this.field;
    if (type === "binary") return fromBase64(text);
    if (INTEGER.test(text) && type !== "bool")
      return numberCell(type, BigInt(text.replace("+", "")));
    return DECIMAL.test(text) && type !== "bool" ? numberCell(type, Number(text)) : undefined;
  }

  #ofJson(bytes: Uint8Array, position: number): Cell | undefined {
    const json = this.#json;
    json.restart(bytes, 0, position);
    json.extras = 0;
    try {
      json.blanks();
      const value = json.value();
      json.blanks();
      return json.isAtEnd ? cellOfJson(this.field, value, json.extras) : undefined;
    } catch (error) {
      if (error instanceof DatasetFault) return undefined;
      throw error;
    }
  }
}
