import { avalanche } from "./cell-hash.ts";
import { HyperLogLog } from "./hyperloglog.ts";

export type CountedValue = { key: number; count: number };

export type ValueCounterState = {
  capacity: number;
  /** Keys and counts by turns. */
  pairs: number[];
  missed: number;
  /** Registers of the estimator; null while all values are held. */
  registers: number[] | null;
};

const float = new Float64Array(1);
const halves = new Int32Array(float.buffer);
const SAMPLE = 64;

/**
 * How often each value occurs, exactly for up to `capacity` different ones; beyond that, the
 * frequent ones with a bound on what was missed, and an estimate of how many there are.
 *
 * When there is no room for another value, the same amount is taken off every count and what has
 * nothing left goes (Misra & Gries 1982; with a sampled median as the amount, as Anderson et al.
 * 2017). Agarwal et al. 2012 show that this holds what Space-Saving (Metwally et al. 2005) holds,
 * and that it merges: a value occurred at least `count` and at most `count + missed` times, and one
 * that is not held at most `missed` times.
 *
 * A value is a finite number, or for others a number made of its hash.
 */
export class ValueCounter {
  readonly #capacity: number;
  #keys: Float64Array;
  /** 0 marks a free place. */
  #counts: Float64Array;
  #size = 0;
  #missed = 0;
  #estimator: HyperLogLog | null = null;

  constructor(capacity: number) {
    this.#capacity = capacity;
    const places = 2 ** Math.ceil(Math.log2(capacity * 2));
    this.#keys = new Float64Array(places);
    this.#counts = new Float64Array(places);
  }

  /** Whether every value is held with its count. */
  get isExact(): boolean {
    return this.#estimator === null;
  }

  /** How many values are held. */
  get size(): number {
    return this.#size;
  }

  /** How often a value can have occurred beyond its count. */
  get missed(): number {
    return this.#missed;
  }

  /** True where the value was not held before. */
  add(key: number, count = 1): boolean {
    const hash = hashOf(key);
    this.#estimator?.add(hash, secondHashOf(hash));
    const place = this.#placeOf(key, hash);
    const held = this.#counts[place] ?? 0;
    this.#counts[place] = held + count;
    if (held > 0) return false;
    this.#keys[place] = key;
    this.#size++;
    if (this.#size > this.#capacity) this.#makeRoom();
    return true;
  }

  /** The first so many of a list. */
  addAll(keys: Float64Array, count: number): void {
    for (let at = 0; at < count; at++) this.add(keys[at] ?? 0);
  }

  merge(other: ValueCounter): void {
    if (other.#estimator !== null) this.#startEstimating().merge(other.#estimator);
    this.#missed += other.#missed;
    for (const { key, count } of other.entries()) this.add(key, count);
  }

  has(key: number): boolean {
    return (this.#counts[this.#placeOf(key, hashOf(key))] ?? 0) > 0;
  }

  /** The values that are held, the most frequent first. */
  entries(): CountedValue[] {
    const held: CountedValue[] = [];
    for (const [place, count] of this.#counts.entries())
      if (count > 0) held.push({ key: this.#keys[place] ?? 0, count });
    return held.sort((a, b) => b.count - a.count || a.key - b.key);
  }

  /** At most so many of the most frequent values: those that certainly occur more often than any that is not held. */
  top(most: number): CountedValue[] {
    return this.entries()
      .filter(({ count }) => count > this.#missed)
      .slice(0, most);
  }

  distinct(): number {
    return this.#estimator === null ? this.#size : Math.max(this.#size, this.#estimator.estimate());
  }

  state(): ValueCounterState {
    return {
      capacity: this.#capacity,
      pairs: this.entries().flatMap(({ key, count }) => [key, count]),
      missed: this.#missed,
      registers: this.#estimator && [...this.#estimator.registers],
    };
  }

  static of({ capacity, pairs, missed, registers }: ValueCounterState): ValueCounter {
    const counter = new ValueCounter(capacity);
    for (let at = 0; at + 1 < pairs.length; at += 2)
      counter.add(pairs[at] ?? 0, pairs[at + 1] ?? 0);
    counter.#missed = missed;
    counter.#estimator = registers && new HyperLogLog(Uint8Array.from(registers));
    return counter;
  }

  #placeOf(key: number, hash: number): number {
    const [keys, counts, mask] = [this.#keys, this.#counts, this.#keys.length - 1];
    let place = hash & mask;
    while (counts[place] !== 0 && keys[place] !== key) place = (place + 1) & mask;
    return place;
  }

  /** From here on every value is told to the estimator, first those that are held. */
  #startEstimating(): HyperLogLog {
    if (this.#estimator !== null) return this.#estimator;
    const estimator = new HyperLogLog();
    for (const { key } of this.entries()) {
      const hash = hashOf(key);
      estimator.add(hash, secondHashOf(hash));
    }
    this.#estimator = estimator;
    return estimator;
  }

  #makeRoom(): void {
    this.#startEstimating();
    const amount = this.#sampledMedian();
    this.#missed += amount;
    const [keys, counts] = [this.#keys, this.#counts];
    this.#keys = new Float64Array(keys.length);
    this.#counts = new Float64Array(counts.length);
    this.#size = 0;
    for (let from = 0; from < counts.length; from++) {
      const [key, left] = [keys[from] ?? 0, (counts[from] ?? 0) - amount];
      if (left <= 0) continue;
      const place = this.#placeOf(key, hashOf(key));
      this.#keys[place] = key;
      this.#counts[place] = left;
      this.#size++;
    }
  }

  /** Of the first counts in the order of their places, which the hash has shuffled. */
  #sampledMedian(): number {
    const sample: number[] = [];
    for (let place = 0; place < this.#counts.length && sample.length < SAMPLE; place++) {
      const count = this.#counts[place] ?? 0;
      if (count > 0) sample.push(count);
    }
    return sample.sort((a, b) => a - b)[sample.length >> 1] ?? 1;
  }
}

/** Of all bits of the number; that of -0 is that of 0, which it equals. */
function hashOf(key: number): number {
  float[0] = key + 0;
  return avalanche(avalanche((halves[0] ?? 0) ^ 0x3c6ef372) ^ (halves[1] ?? 0));
}

/** Of the number that `hashOf` was asked of last, independent of what that gave. */
const secondHashOf = (hash: number): number =>
  avalanche(avalanche((halves[1] ?? 0) + 0x7f4a7c15) ^ ((halves[0] ?? 0) + hash));
