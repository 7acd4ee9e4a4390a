import { canonicalJson } from "../../text/canonical-json.ts";
import type { ColumnProfile } from "../inspection.ts";
import type { Field } from "../schema.ts";
import { isTensor, type Cell, type Json, type TensorCell } from "../table.ts";
import { CellHash } from "./cell-hash.ts";
import { cdfOfCounts, type Cdf } from "./cdf.ts";
import { NumericProfile, type NumericProfileState } from "./numeric-profile.ts";
import type { ProfileLimits } from "./profile-limits.ts";
import { ValueCounter, type ValueCounterState } from "./value-counter.ts";

export type ColumnState = {
  count: number;
  nulls: number;
  not_finite: number;
  elements: number;
  shortest: number | null;
  longest: number | null;
  /** Integers in full, as decimal strings. */
  least: string | null;
  greatest: string | null;
  numbers: NumericProfileState | null;
  values: ValueCounterState;
  /** What the keys of values stand for, where they are not the values. */
  shown: [key: number, value: Json][];
};

const TOP = 20;
const BLOCK = 256;

/** What is known of one column, cell by cell. Memory is bounded by the limits, whatever the cells are. */
export class ColumnProfiler {
  readonly #field: Field;
  /** A longer text is known by its hash, and shown cut. */
  readonly #longestShown: number;
  readonly #keep: (cell: NonNullable<Cell>) => void;
  #count = 0;
  #nulls = 0;
  #notFinite = 0;
  #elements = 0;
  #shortest = Infinity;
  #longest = -1;
  #least: bigint | null = null;
  #greatest: bigint | null = null;
  #numbers: NumericProfile | null;
  #values: ValueCounter;
  #shown = new Map<number, Json>();
  #hash = new CellHash();
  #block = new Float64Array(BLOCK);
  #filled = 0;

  constructor(field: Field, limits: ProfileLimits) {
    this.#field = field;
    this.#longestShown = limits.shown;
    this.#keep = this.#keeperOf(field);
    this.#numbers = isNumeric(field) ? new NumericProfile(limits) : null;
    this.#values = new ValueCounter(limits.distinct);
  }

  addAll(cells: readonly Cell[]): void {
    this.#count += cells.length;
    for (const cell of cells)
      if (cell === null || cell === undefined) this.#nulls++;
      else this.#keep(cell);
    this.#flush();
  }

  merge(other: ColumnProfiler): void {
    this.#count += other.#count;
    this.#nulls += other.#nulls;
    this.#notFinite += other.#notFinite;
    this.#elements += other.#elements;
    this.#shortest = Math.min(this.#shortest, other.#shortest);
    this.#longest = Math.max(this.#longest, other.#longest);
    if (other.#least !== null) this.#reach(other.#least);
    if (other.#greatest !== null) this.#reach(other.#greatest);
    if (other.#numbers !== null) this.#numbers?.merge(other.#numbers);
    for (const [key, value] of other.#shown) this.#shown.set(key, value);
    this.#values.merge(other.#values);
    this.#forget();
  }

  finish(): ColumnProfile {
    const values = this.#values;
    const top = values.top(TOP).map(({ key, count }) => ({ value: this.#valueOf(key), count }));
    return {
      name: this.#field.name,
      count: this.#count,
      nulls: this.#nulls,
      ...(isFloat(this.#field) ? { not_finite: this.#notFinite } : {}),
      ...this.#numbers?.finish(this.#counts()),
      ...(this.#least === null ? {} : { min: asNumber(this.#least) }),
      ...(this.#greatest === null ? {} : { max: asNumber(this.#greatest) }),
      distinct: values.distinct(),
      distinct_is_exact: values.isExact,
      ...(top.length === 0 ? {} : { top }),
      ...(this.#longest < 0 ? {} : { min_length: this.#shortest, max_length: this.#longest }),
      ...(isTensor(this.#field) ? { elements: this.#elements } : {}),
    };
  }

  /** Of the finite numbers of the column; null where it has none. */
  cdf(): Cdf | null {
    if (this.#numbers === null || this.#numbers.count === 0) return null;
    const counts = this.#counts();
    return counts === null ? this.#numbers.cdf() : cdfOfCounts(counts);
  }

  state(): ColumnState {
    return {
      count: this.#count,
      nulls: this.#nulls,
      not_finite: this.#notFinite,
      elements: this.#elements,
      shortest: this.#longest < 0 ? null : this.#shortest,
      longest: this.#longest < 0 ? null : this.#longest,
      least: this.#least === null ? null : String(this.#least),
      greatest: this.#greatest === null ? null : String(this.#greatest),
      numbers: this.#numbers?.state() ?? null,
      values: this.#values.state(),
      shown: [...this.#shown],
    };
  }

  static of(field: Field, limits: ProfileLimits, state: ColumnState): ColumnProfiler {
    const profiler = new ColumnProfiler(field, limits);
    profiler.#count = state.count;
    profiler.#nulls = state.nulls;
    profiler.#notFinite = state.not_finite;
    profiler.#elements = state.elements;
    profiler.#shortest = state.shortest ?? Infinity;
    profiler.#longest = state.longest ?? -1;
    profiler.#least = state.least === null ? null : BigInt(state.least);
    profiler.#greatest = state.greatest === null ? null : BigInt(state.greatest);
    profiler.#numbers = state.numbers && NumericProfile.of(state.numbers);
    profiler.#values = ValueCounter.of(state.values);
    profiler.#shown = new Map(state.shown);
    return profiler;
  }

  #keeperOf(field: Field): (cell: NonNullable<Cell>) => void {
    if (isTensor(field)) return (cell) => this.#keepTensor(cell as TensorCell);
    switch (field.type) {
      case "bool":
        return (cell) => this.#values.add(cell === true ? 1 : 0);
      case "string":
        return (cell) => this.#keepText(cell as string);
      case "binary":
        return (cell) => this.#keepBytes(cell as Uint8Array);
      case "json":
        return (cell) => this.#keepJson(cell as Json);
      case "int64":
      case "uint64":
      case "timestamp":
        return (cell) => this.#keepInteger(cell as bigint);
      default:
        return (cell) => this.#keepNumber(cell as number);
    }
  }

  #keepNumber(value: number): void {
    if (value - value !== 0) {
      this.#notFinite++;
      return;
    }
    // -0 becomes 0, which it equals.
    this.#block[this.#filled++] = value + 0;
    this.#values.add(value + 0);
    if (this.#filled === BLOCK) this.#flush();
  }

  #keepInteger(value: bigint): void {
    this.#reach(value);
    const rounded = Number(value);
    this.#block[this.#filled++] = rounded;
    if (Number.isSafeInteger(rounded)) this.#values.add(rounded);
    else this.#keepShown(`i${value}`, () => String(value));
    if (this.#filled === BLOCK) this.#flush();
  }

  #keepTensor({ data }: TensorCell): void {
    this.#elements += data.length;
    if (data instanceof BigInt64Array || data instanceof BigUint64Array)
      for (const value of data) this.#keepInteger(value);
    else for (let at = 0; at < data.length; at++) this.#keepNumber(data[at] ?? 0);
  }

  #keepText(text: string): void {
    let pairs = 0;
    for (let at = 0; at < text.length; at++) if ((text.charCodeAt(at) & 0xfc00) === 0xdc00) pairs++;
    this.#measure(text.length - pairs);
    this.#keepShown(text, () => this.#cut(text));
  }

  #keepBytes(bytes: Uint8Array): void {
    this.#measure(bytes.length);
    this.#hash.begin();
    this.#hash.bytes(bytes);
    this.#hash.end();
    this.#values.add(this.#hash.number53);
  }

  #keepJson(value: Json): void {
    const text = canonicalJson(value);
    this.#keepShown(text, () => (text.length <= this.#longestShown ? value : this.#cut(text)));
  }

  #keepShown(text: string, shown: () => Json): void {
    this.#hash.begin();
    this.#hash.text(text);
    this.#hash.end();
    const key = this.#hash.number53;
    if (!this.#values.add(key)) return;
    this.#shown.set(key, shown());
    this.#forget();
  }

  /** Drops what stands for values that the counter has dropped, when a fifth of it does. */
  #forget(): void {
    if (this.#shown.size < 1.25 * this.#values.size + 16) return;
    for (const key of this.#shown.keys()) if (!this.#values.has(key)) this.#shown.delete(key);
  }

  #cut(text: string): string {
    const most = this.#longestShown;
    return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
  }

  #measure(length: number): void {
    if (length < this.#shortest) this.#shortest = length;
    if (length > this.#longest) this.#longest = length;
  }

  #reach(value: bigint): void {
    if (this.#least === null || value < this.#least) this.#least = value;
    if (this.#greatest === null || value > this.#greatest) this.#greatest = value;
  }

  #flush(): void {
    this.#numbers?.addAll(this.#block, this.#filled);
    this.#filled = 0;
  }

  /** All numbers with their counts, in ascending order, where the counter holds them all as they are. */
  #counts(): (readonly [number, number])[] | null {
    if (!this.#values.isExact || this.#shown.size > 0) return null;
    return this.#values
      .entries()
      .map(({ key, count }) => [key, count] as const)
      .sort((a, b) => a[0] - b[0]);
  }

  #valueOf(key: number): Json {
    if (this.#field.type === "bool" && !isTensor(this.#field)) return key === 1;
    return this.#shown.get(key) ?? key;
  }
}

const isFloat = ({ type }: Field): boolean => type.startsWith("float");

const isNumeric = (field: Field): boolean =>
  isTensor(field) || !["bool", "string", "binary", "json"].includes(field.type);

const asNumber = (value: bigint): number | string =>
  Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
