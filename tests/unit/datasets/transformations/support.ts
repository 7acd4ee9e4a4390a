import { DatabaseSync } from "node:sqlite";
import { DatasetFault } from "../../../../domain/datasets/dataset-fault.ts";
import type { Field, Schema } from "../../../../domain/datasets/schema.ts";
import type { Batch, Cell, TensorCell } from "../../../../domain/datasets/table.ts";
import {
  checkTransformation,
  fitted,
} from "../../../../domain/datasets/transformations/check-transformation.ts";
import type {
  Database,
  SqlValue,
} from "../../../../domain/datasets/transformations/engine/database.ts";
import type { Source } from "../../../../domain/datasets/transformations/operation.ts";
import type { JsonObject } from "../../../../domain/datasets/transformations/parameters.ts";
import { runTransformation } from "../../../../domain/datasets/transformations/run-transformation.ts";
import type { TransformationType } from "../../../../domain/datasets/transformations/transformation.ts";

/** Rows as tests write them. */
export type Rows = { [column: string]: Cell }[];

/** SQLite of Node in the place of the actor's: integers come out as numbers there, too. */
export function database(): Database {
  const sqlite = new DatabaseSync(":memory:");
  return {
    run: (sql, ...values) => void sqlite.prepare(sql).run(...values),
    *rows(sql, ...values) {
      const statement = sqlite.prepare(sql);
      statement.setReturnArrays(true);
      for (const row of statement.all(...values)) yield row as unknown as SqlValue[];
    },
    together(work) {
      sqlite.exec("BEGIN");
      work();
      sqlite.exec("COMMIT");
    },
  };
}

export const field = (name: string, type: Field["type"], more: Partial<Field> = {}): Field => ({
  name,
  type,
  nullable: true,
  ...more,
});

/** A source that gives so many rows at a time. */
export function sourceOf(schema: Schema, rows: Rows, each = 7): Source {
  return {
    schema,
    async *batches(columns = schema.fields.map(({ name }) => name)) {
      for (let from = 0; from < rows.length; from += each) {
        const some = rows.slice(from, from + each);
        yield {
          rows: some.length,
          columns: columns.map((name) => some.map((row) => row[name] ?? null)),
        };
      }
    },
  };
}

export type Transformed = {
  schema: Schema;
  rows: Rows;
  parameters: JsonObject;
  outputs: Record<string, Rows>;
};

/** What a transformation makes of its sources, fitted first where it has something to learn. */
export async function transform(
  type: TransformationType,
  parameters: JsonObject,
  ...sources: Source[]
): Promise<Transformed> {
  const inputs = { sources, database: database() };
  const schemas = sources.map(({ schema }) => schema);
  const operation = await fitted(checkTransformation(type, parameters, schemas), inputs);
  const outputs: Record<string, Rows> = {};
  for (const { name } of operation.outputs ?? []) outputs[name ?? ""] = [];
  const schemaOf = (name: string | null): Schema =>
    operation.outputs?.find((one) => one.name === name)?.schema ?? { fields: [] };
  await runTransformation(operation, {
    ...inputs,
    push: async (name, batch) => {
      outputs[name ?? ""]?.push(...rowsOf(batch, schemaOf(name)));
    },
  });
  const schema = operation.outputs?.[0]?.schema ?? { fields: [] };
  return { schema, rows: outputs[""] ?? [], parameters: operation.parameters, outputs };
}

export function rowsOf({ rows, columns }: Batch, { fields }: Schema): Rows {
  return Array.from({ length: rows }, (_, at) =>
    Object.fromEntries(fields.map(({ name }, place) => [name, columns[place]?.[at] ?? null])),
  );
}

/** The fault of something that must be refused. */
export async function faultOf(work: () => unknown): Promise<DatasetFault["problem"]> {
  try {
    await work();
  } catch (error) {
    if (error instanceof DatasetFault) return error.problem;
    throw error;
  }
  throw new Error("it was not refused");
}

export const signal = (values: ArrayLike<number>, dims = [values.length]): TensorCell => ({
  dims,
  data: Float64Array.from(values),
});
