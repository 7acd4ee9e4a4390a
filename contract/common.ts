import * as z from "zod";
import { type IdPrefix, idPattern } from "../domain/ids.ts";
import { isNestedWithin, MOST_LEVELS } from "../domain/text/json-levels.ts";

export const id = (prefix: IdPrefix) =>
  z.string().regex(idPattern(prefix), `expected an id such as ${prefix}_01jd…`);

/** RFC 3339 UTC; the wire never carries another form. */
export const Instant = z.iso.datetime().meta({ example: "2026-11-21T09:30:00.000Z" });

export const NAME_RULE =
  "1 to 64 characters: lower-case letters, digits, '.', '_' or '-', starting and ending with a letter or digit";

/** Starts and ends with a letter or digit, so that it is safe in a path and in a shell. */
export const Name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/, `expected ${NAME_RULE}`)
  .meta({ example: "wdbc" });

const text = (pattern: RegExp, expected: string) =>
  // The pattern is given as meta too, because the generator of OpenAPI keeps the flags in its own.
  z.string().regex(pattern, expected).meta({ pattern: pattern.source });

/** One line for people. A lone surrogate would not come back from storage as it went in. */
export const line = (most: number, example: string) =>
  text(
    new RegExp(String.raw`^[^\p{Cc}\p{Cs}]{1,${most}}$`, "u"),
    `expected 1 to ${most} characters, none of them a control character`,
  ).meta({ example });

export const Description = text(
  /^(?:[^\p{Cc}\p{Cs}]|[\t\n\r]){0,2000}$/u,
  "expected up to 2000 characters, none of them a control character but tabs and line breaks",
);

/** JSON of whatever shape. */
export const AnyJson = z.unknown().refine((value) => isNestedWithin(value, MOST_LEVELS), {
  error: `expected at most ${MOST_LEVELS} levels of lists and objects`,
});

export const IdempotencyKey = z.string().min(1).max(200);

export const PageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().max(200).optional().meta({ description: "`next_cursor` of the page before" }),
});

export const pageOf = <T extends z.ZodType>(item: T, itemId: string) =>
  z
    .object({ items: z.array(item), next_cursor: z.string().nullable() })
    .meta({ id: `${itemId}Page` });

export type Page<T> = { items: T[]; next_cursor: string | null };
