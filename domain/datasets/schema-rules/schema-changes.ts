import type { Field, Schema } from "../schema.ts";
import { fieldsByName, typeText } from "./named.ts";

/** One difference between two schemas. A column's `before` and `after` are as the member has them, null where it is not set. */
export type SchemaChange =
  | { change: "added"; column: string; position: number; type: string; nullable: boolean }
  | { change: "removed"; column: string; position: number; type: string; nullable: boolean }
  | { change: "type"; column: string; before: string; after: string }
  | { change: "nullable"; column: string; before: boolean; after: boolean }
  | { change: "sampling_rate_hz"; column: string; before: number | null; after: number | null }
  | {
      change: "unit" | "description";
      column: string;
      before: string | null;
      after: string | null;
    }
  /** Of the columns that both have, in another order. Positions count from 0. */
  | { change: "order"; before: string[]; after: string[] }
  | {
      change: "primary_key" | "partition_keys";
      before: string[] | null;
      after: string[] | null;
    };

/**
 * What is different in `after`: by column in the order of `before`, then the added columns, the
 * order of those in both, and the keys. Columns are the same where their names are.
 */
export function schemaChanges(before: Schema, after: Schema): SchemaChange[] {
  const [old, fresh] = [fieldsByName(before), fieldsByName(after)];
  return [
    ...before.fields.flatMap((field, position) => {
      const now = fresh.get(field.name);
      return now === undefined ? [presence("removed", field, position)] : fieldChanges(field, now);
    }),
    ...after.fields.flatMap((field, position) =>
      old.has(field.name) ? [] : [presence("added", field, position)],
    ),
    ...orderChange(namesIn(before, fresh), namesIn(after, old)),
    ...keyChange("primary_key", before, after),
    ...keyChange("partition_keys", before, after),
  ];
}

/** Those of a schema's columns that another one has too, in the first one's order. */
export const namesIn = ({ fields }: Schema, other: ReadonlyMap<string, Field>): string[] =>
  fields.map(({ name }) => name).filter((name) => other.has(name));

const presence = (change: "added" | "removed", field: Field, position: number): SchemaChange => ({
  change,
  column: field.name,
  position,
  type: typeText(field),
  nullable: field.nullable,
});

function fieldChanges(before: Field, after: Field): SchemaChange[] {
  const column = before.name;
  const changes: SchemaChange[] = [];
  if (typeText(before) !== typeText(after))
    changes.push({ change: "type", column, before: typeText(before), after: typeText(after) });
  if (before.nullable !== after.nullable)
    changes.push({ change: "nullable", column, before: before.nullable, after: after.nullable });
  const [rateBefore, rateAfter] = [before.sampling_rate_hz, after.sampling_rate_hz];
  if (rateBefore !== rateAfter)
    changes.push({
      change: "sampling_rate_hz",
      column,
      before: rateBefore ?? null,
      after: rateAfter ?? null,
    });
  for (const change of ["unit", "description"] as const)
    if (before[change] !== after[change])
      changes.push({
        change,
        column,
        before: before[change] ?? null,
        after: after[change] ?? null,
      });
  return changes;
}

const same = (a: readonly string[] | undefined, b: readonly string[] | undefined): boolean =>
  JSON.stringify(a) === JSON.stringify(b);

const orderChange = (before: string[], after: string[]): SchemaChange[] =>
  same(before, after) ? [] : [{ change: "order", before, after }];

const keyChange = (
  change: "primary_key" | "partition_keys",
  before: Schema,
  after: Schema,
): SchemaChange[] =>
  same(before[change], after[change])
    ? []
    : [{ change, before: before[change] ?? null, after: after[change] ?? null }];

export type SuspectedRename = { from: string; to: string; position: number };

/** A column that went and one that came with the same type at the same position, which may be one column renamed. */
export function suspectedRenames(before: Schema, after: Schema): SuspectedRename[] {
  const [old, fresh] = [fieldsByName(before), fieldsByName(after)];
  return before.fields.flatMap((field, position) => {
    const now = after.fields[position];
    if (now === undefined || fresh.has(field.name) || old.has(now.name)) return [];
    if (typeText(field) !== typeText(now)) return [];
    return [{ from: field.name, to: now.name, position }];
  });
}
