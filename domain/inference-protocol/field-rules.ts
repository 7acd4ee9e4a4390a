import { fail, ok, type Result } from "../result.ts";
import { describeValue } from "../tensors/input-problem.ts";
import type { ProtocolProblem } from "./protocol-problem.ts";

export type Fields = Record<string, unknown>;
export type Malformed = Extract<ProtocolProblem, { code: "request_malformed" }>;

/** What one field of a JSON object must be; `expected` says it to a person. */
export type FieldRule<T> = { fits: (value: unknown) => value is T; expected: string };

type Rules = Record<string, FieldRule<unknown>>;
type Fitted<R extends Rules> = Fields & {
  [Name in keyof R]: R[Name] extends FieldRule<infer T> ? T : never;
};

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const text: FieldRule<string> = {
  fits: (value) => typeof value === "string",
  expected: "a string",
};
export const flag: FieldRule<boolean> = {
  fits: (value) => typeof value === "boolean",
  expected: "true or false",
};
export const size: FieldRule<number> = {
  fits: (value): value is number =>
    typeof value === "number" && Number.isSafeInteger(value) && value >= 0,
  expected: "an integer from 0 on",
};
export const fields: FieldRule<Fields> = { fits: isFields, expected: "an object" };
export const list: FieldRule<unknown[]> = {
  fits: (value) => Array.isArray(value),
  expected: "an array",
};

export const listOf = <T>(rule: FieldRule<T>, most: number): FieldRule<T[]> => ({
  fits: (value): value is T[] =>
    Array.isArray(value) && value.length <= most && value.every((item) => rule.fits(item)),
  expected: `an array of at most ${most}, each ${rule.expected}`,
});

/** Null counts as absent: clients made from typed schemas write every field. */
export const optional = <T>({ fits, expected }: FieldRule<T>): FieldRule<T | null | undefined> => ({
  fits: (value): value is T | null | undefined =>
    value === undefined || value === null || fits(value),
  expected,
});

/** The value as an object whose fields fit their rules; fields without a rule are let through. */
export function readFields<R extends Rules>(
  value: unknown,
  path: string,
  rules: R,
): Result<Fitted<R>, Malformed> {
  if (!isFields(value)) return fail(malformed(path, fields.expected, describeValue(value)));
  for (const [name, { fits, expected }] of Object.entries(rules))
    if (!fits(value[name]))
      return fail(malformed(path ? `${path}.${name}` : name, expected, describeValue(value[name])));
  return ok(value as Fitted<R>);
}

export const malformed = (path: string, expected: string, found: string): Malformed => ({
  code: "request_malformed",
  path,
  expected,
  found,
});
