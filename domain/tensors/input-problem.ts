import type { TensorSpec } from "./tensor.ts";

/**
 * Why a model input was refused. `expected` and `found` are phrases for a person; `path` leads
 * into the value, such as `[3][0]`.
 */
export type InputProblem = {
  code: "input_shape" | "input_type" | "input_missing" | "input_unknown";
  input: string;
  expected: string;
  found: string;
  path?: string;
};

/** `float32 [batch, 30]`; a dimension without a name or size is `?`. */
export const describeSpec = ({ type, shape }: TensorSpec): string =>
  shape.length === 0
    ? `${type} of any shape`
    : `${type} [${shape.map((dimension) => dimension ?? "?").join(", ")}]`;

export const describeDims = (dims: readonly number[]): string =>
  dims.length === 0 ? "a single value" : `[${dims.join(", ")}]`;

export function describeValue(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (value === null) return "null";
  return value === undefined ? "nothing" : `an ${typeof value}`;
}

export const describeNames = (names: readonly string[]): string =>
  names.length === 0 ? "none" : names.map(quote).join(", ");

/** The text in quotes, cut so that a hostile value cannot make a long message. */
export const quote = (text: string): string =>
  JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
