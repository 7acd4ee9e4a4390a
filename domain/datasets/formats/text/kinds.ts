import type { ColumnType, Field } from "../../schema.ts";

/** What a value that was met in a file is, one bit each, so that a set of them is a number. */
export const KIND = {
  bool: 1,
  /** Whole, and no further from 0 than 2^53. */
  integer: 2,
  /** Whole, beyond that and within 64 bits. */
  long: 4,
  float: 8,
  date: 16,
  timestamp: 32,
  text: 64,
  /** A list or an object, and whatever no column type but `json` can hold. */
  nested: 128,
} as const;

/**
 * The sets of kinds that a type holds without loss, the narrowest first. An integer beyond 2^53 is
 * not among the floats, which would lose its last digits.
 */
const HELD = [
  ["bool", KIND.bool],
  ["int64", KIND.integer | KIND.long],
  ["float64", KIND.integer | KIND.float],
  ["date", KIND.date],
  ["timestamp", KIND.date | KIND.timestamp],
  ["string", KIND.text],
] as const satisfies readonly (readonly [ColumnType, number])[];

/**
 * The type of a column in which these kinds were met; `otherwise` where no single type holds them.
 * Undefined where nothing was met yet. The kinds of two parts of a file are joined by `|`.
 */
export function typeOfKinds(kinds: number, otherwise: "string" | "json"): ColumnType | undefined {
  if (kinds === 0) return undefined;
  return HELD.find(([, held]) => (kinds & ~held) === 0)?.[0] ?? otherwise;
}

/** What a column in which these kinds were met may turn out to be, whatever is met next. */
export function fieldsOfKinds(name: string, kinds: number, otherwise: "string" | "json"): Field[] {
  const held = HELD.flatMap(([type, these]) => ((kinds & ~these) === 0 ? [type] : []));
  return [...held, otherwise].map((type) => ({ name, type, nullable: true }));
}

/** The kinds that may still be met in a column guessed to be of a type, the guess staying right. */
export function kindsHeld(type: ColumnType | undefined, otherwise: "string" | "json"): number {
  if (type === otherwise) return ~0;
  return HELD.find(([name]) => name === type)?.[1] ?? 0;
}

const WORDS: [kind: number, words: string][] = [
  [KIND.nested, "a list or an object"],
  [KIND.text, "text"],
  [KIND.timestamp, "a time"],
  [KIND.date, "a date"],
  [KIND.float, "a number with a fraction"],
  [KIND.long, "an integer beyond 2^53"],
  [KIND.integer, "an integer"],
  [KIND.bool, "a truth value"],
];

export const kindInWords = (kind: number): string =>
  WORDS.find(([bit]) => (kind & bit) !== 0)?.[1] ?? "nothing";
