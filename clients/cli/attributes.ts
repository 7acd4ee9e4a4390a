import type { Attributes } from "@linnet/sdk";
import { UsageError } from "./exit-codes.ts";

/** What targeting looks at: text, numbers, true or false, and lists of text by name. */
export function attributesOf(given: Record<string, unknown>): Attributes {
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(given)) {
    if (!isAttribute(value))
      throw new UsageError(
        `the attribute '${name}' is not text, a number, a boolean or a list of text`,
      );
    attributes[name] = value;
  }
  return attributes;
}

const isAttribute = (value: unknown): value is Attributes[string] =>
  ["string", "number", "boolean"].includes(typeof value) ||
  (Array.isArray(value) && value.every((entry) => typeof entry === "string"));
