import type { JsonObject } from "./parameters.ts";
import type { TransformationType } from "./transformation.ts";

type Made = { output: string | null; row_count: number | null };

/** What people should know of an output: that no row came out, where rows were asked for. */
export function outputWarnings(
  type: TransformationType,
  parameters: JsonObject,
  { output, row_count }: Made,
): string[] {
  if (row_count !== 0) return [];
  if (type !== "split") return ["no row came out: expected at least one"];
  const { parts } = parameters;
  const asked = Array.isArray(parts)
    ? parts.find((part) => isObject(part) && part["name"] === output)
    : undefined;
  if (isObject(asked) && asked["fraction"] === 0) return [];
  return [
    `part '${output}' has no rows: give it a larger fraction, or divide more rows, groups or strata`,
  ];
}

const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);
