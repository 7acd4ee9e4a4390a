import type { Random } from "../../statistics/random.ts";
import { ExplainFault } from "../explain-fault.ts";
import { newRows, type RowLayout, type Rows } from "../rows.ts";

/** How the size of a change is measured: its greatest part, or its Euclidean length. */
export type ChangeNorm = "linf" | "l2";

/** A number of the row that changes; `scaled` is the change in units of `scale`. */
export type ElementChange = { index: number; from: number; to: number; scaled: number };

export type AllowedOptions = {
  norm: ChangeNorm;
  /** The least and the greatest value of each number of a row. */
  bounds?: readonly (readonly [low: number, high: number])[];
  /** Numbers that stay as they are. */
  immutable?: readonly number[];
  /** Numbers that are whole. */
  integers?: readonly number[];
  /** What counts as a change of 1 of each number, such as its standard deviation; 1 for all by default. */
  scale?: ArrayLike<number>;
};

/**
 * Changes of one instance that are allowed, measured in units of `scale`. A change is held as the
 * row that it leads to.
 */
export class AllowedChanges {
  readonly layout: RowLayout;
  readonly instance: Rows;
  readonly norm: ChangeNorm;
  /** 0 for a number that stays. */
  readonly units: Float64Array;
  readonly #low: Float64Array;
  readonly #high: Float64Array;
  readonly #integers: readonly number[];

  /** Throws `ExplainFault` (option_invalid, value_invalid, feature_unknown) for what does not fit the instance. */
  constructor(layout: RowLayout, instance: Rows, options: AllowedOptions) {
    const { size } = layout;
    const { bounds, immutable = [], integers = [], scale, norm } = options;
    this.layout = layout;
    this.instance = instance;
    this.norm = norm;
    this.units = new Float64Array(size).fill(1);
    if (scale !== undefined) this.units.set(checkedScale(scale, size));
    checkLengths(instance, bounds, size);
    checkIndices(immutable, size, "immutable");
    checkIndices(integers, size, "integers");
    for (const index of immutable) this.units[index] = 0;
    if (this.units.every((unit) => unit === 0))
      throw new ExplainFault(
        "option_invalid",
        "every feature is immutable: leave some that may change",
        "immutable",
      );
    this.#low = Float64Array.from({ length: size }, (_, at) => bounds?.[at]?.[0] ?? -Infinity);
    this.#high = Float64Array.from({ length: size }, (_, at) => bounds?.[at]?.[1] ?? Infinity);
    this.#integers = integers.filter((index) => this.units[index] !== 0);
    for (const [at, value] of instance.entries()) this.#checkValue(at, value);
  }

  #checkValue(at: number, value: number): void {
    const [low, high] = [this.#low[at] ?? 0, this.#high[at] ?? 0];
    if (!Number.isFinite(value))
      throw new ExplainFault(
        "value_invalid",
        `value ${at} of the instance is ${value}, and is to be finite`,
      );
    if (!(low <= high))
      throw new ExplainFault(
        "option_invalid",
        `the bounds of value ${at} are [${low}, ${high}]`,
        "bounds",
      );
    if (this.units[at] !== 0 && (value < low || value > high))
      throw new ExplainFault(
        "value_invalid",
        `value ${at} of the instance is ${value}, outside its bounds [${low}, ${high}]: widen them or make it immutable`,
        "bounds",
      );
  }

  /** The size of the change that leads to a row. */
  sizeOf(row: Rows): number {
    let [greatest, squares] = [0, 0];
    for (const [at, unit] of this.units.entries()) {
      if (unit === 0) continue;
      const part = Math.abs((row[at] ?? 0) - (this.instance[at] ?? 0)) / unit;
      greatest = Math.max(greatest, part);
      squares += part * part;
    }
    return this.norm === "linf" ? greatest : Math.sqrt(squares);
  }

  /** Moves a row by `length` in the direction in which `slopes` rise the fastest; in a random one where they are level. */
  climb(row: Rows, slopes: Rows, length: number, random: Random): void {
    const { units, norm } = this;
    const squares = units.reduce((sum, unit, at) => sum + (unit * (slopes[at] ?? 0)) ** 2, 0);
    const steepness = Math.sqrt(squares);
    for (const [at, unit] of units.entries()) {
      const slope = steepness === 0 ? random.normal() : unit * (slopes[at] ?? 0);
      const part =
        norm === "linf" ? Math.sign(slope) : slope / (steepness || Math.sqrt(units.length));
      row[at] = (row[at] ?? 0) + length * unit * part;
    }
  }

  /** Moves a row to a random change, evenly within `size` (linf) or as long as it (l2). */
  scatter(row: Rows, size: number, random: Random): void {
    const draw = this.norm === "linf" ? () => 2 * random.uniform() - 1 : () => random.normal();
    const direction = this.units.map((unit) => (unit === 0 ? 0 : draw()));
    const length = Math.sqrt(direction.reduce((sum, part) => sum + part * part, 0));
    const factor = this.norm === "linf" ? size : size / length;
    for (const [at, unit] of this.units.entries())
      row[at] = (this.instance[at] ?? 0) + factor * unit * (direction[at] ?? 0);
  }

  /** Brings a row back to a change of at most `size`, inside the bounds. */
  project(row: Rows, size: number): void {
    const { units, instance } = this;
    const found = this.sizeOf(row);
    const factor = this.norm === "l2" && found > size ? size / found : 1;
    for (const [at, unit] of units.entries()) {
      const from = instance[at] ?? 0;
      const change = factor * ((row[at] ?? 0) - from);
      const most = size * unit;
      row[at] = this.#bounded(at, from + Math.max(-most, Math.min(most, change)));
    }
  }

  /** The row that `share` of the change to another leads to. */
  towards(row: Rows, share: number): Rows {
    const moved = newRows(this.layout, 1);
    for (const [at, from] of this.instance.entries())
      moved[at] = this.#bounded(at, from + share * ((row[at] ?? 0) - from));
    return moved;
  }

  /** What is different in a row, the greatest change first. */
  changesTo(row: Rows): ElementChange[] {
    const changes: ElementChange[] = [];
    for (const [index, from] of this.instance.entries()) {
      const to = row[index] ?? 0;
      if (to !== from)
        changes.push({ index, from, to, scaled: (to - from) / (this.units[index] ?? 1) });
    }
    return changes.sort((a, b) => Math.abs(b.scaled) - Math.abs(a.scaled));
  }

  /** The row with the nearest whole number where there has to be one. */
  settled(row: Rows): Rows {
    const whole = row.slice();
    for (const at of this.#integers) {
      const [low, high] = [Math.ceil(this.#low[at] ?? 0), Math.floor(this.#high[at] ?? 0)];
      whole[at] = Math.max(low, Math.min(high, Math.round(row[at] ?? 0)));
    }
    return whole;
  }

  #bounded(at: number, value: number): number {
    if (this.units[at] === 0) return this.instance[at] ?? 0;
    return Math.max(this.#low[at] ?? 0, Math.min(this.#high[at] ?? 0, value));
  }
}

function checkedScale(scale: ArrayLike<number>, size: number): ArrayLike<number> {
  const isSound = Array.from(scale).every((unit) => Number.isFinite(unit) && unit > 0);
  if (scale.length === size && isSound) return scale;
  throw new ExplainFault(
    "option_invalid",
    `'scale' is to have a positive number for each of ${size} values; make one that does not vary immutable`,
    "scale",
  );
}

function checkLengths(instance: Rows, bounds: AllowedOptions["bounds"], size: number): void {
  if (instance.length !== size)
    throw new ExplainFault(
      "value_invalid",
      `the instance has ${instance.length} values and is to have ${size}`,
    );
  if (bounds !== undefined && bounds.length !== size)
    throw new ExplainFault(
      "option_invalid",
      `'bounds' has ${bounds.length} pairs and is to have ${size}`,
      "bounds",
    );
}

function checkIndices(indices: readonly number[], size: number, field: string): void {
  for (const index of indices)
    if (!(Number.isInteger(index) && index >= 0 && index < size))
      throw new ExplainFault(
        "feature_unknown",
        `'${field}' names value ${index}, and a row has those from 0 to ${size - 1}`,
        field,
      );
}
