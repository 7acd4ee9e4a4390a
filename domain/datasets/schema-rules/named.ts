import type { Field, Schema } from "../schema.ts";

const LONGEST = 60;

/** A name in a message, however long it is and whatever is in it. */
export const quoted = (name: string): string =>
  JSON.stringify(name.length <= LONGEST ? name : `${name.slice(0, LONGEST - 1)}…`);

/** Such as `int64`, `float32[2048]` and `float32[?, 3]`. */
export const typeText = ({ type, shape }: Pick<Field, "type" | "shape">): string =>
  shape === undefined ? type : `${type}[${shape.map((size) => size ?? "?").join(", ")}]`;

/** A schema's fields by their names. */
export const fieldsByName = ({ fields }: Schema): Map<string, Field> =>
  new Map(fields.map((field) => [field.name, field]));
