import type { Field, Schema } from "../schema.ts";
import type { Table } from "../table.ts";
import { type EvolutionFinding, type EvolutionMode, evolutionProblems } from "./evolution.ts";
import { fieldsByName } from "./named.ts";

/**
 * What keeps the columns of a file from following those of `before`, whatever is still to be read
 * of it: types that were guessed from the first rows may become others, and each of these is a
 * problem as well.
 */
export function certainProblem(
  before: Schema,
  { schema, mayBecome }: Pick<Table, "schema" | "mayBecome">,
  mode: EvolutionMode,
): EvolutionFinding | undefined {
  const { errors } = evolutionProblems(before, schema, mode);
  if (!mayBecome) return errors[0];
  const old = fieldsByName(before);
  const isCertain = (column: string): boolean => {
    const was = old.get(column);
    const fields = was === undefined ? [] : [was];
    const fails = (field: Field): boolean =>
      evolutionProblems({ fields }, { fields: [field] }, mode).errors.length > 0;
    return mayBecome(column)?.every(fails) ?? false;
  };
  return errors.find(({ column }) => column === null || isCertain(column));
}
