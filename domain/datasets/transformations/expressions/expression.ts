import { DatasetFault } from "../../dataset-fault.ts";

/** An expression as it was written: operators and forms such as CASE are calls of their names. */
export type Expression =
  | { node: "literal"; kind: "null" | "boolean" | "integer" | "real" | "text"; text: string }
  | { node: "column"; name: string }
  | { node: "call"; name: string; inputs: Expression[] };

export const MOST_CHARACTERS = 4_000;
/** SQLite in workerd takes a depth of 100, and what is printed is deeper than what was written. */
export const DEEPEST = 40;
export const MOST_NODES = 500;

/** Refuses the expression of a parameter. */
export function refuseExpression(field: string, found: string): never {
  throw new DatasetFault("transformation_invalid", `${field}: ${found}`, { field });
}
