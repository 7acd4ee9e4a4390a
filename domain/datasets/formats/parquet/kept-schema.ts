import type { Field, Schema } from "../../schema.ts";
import { COLUMN_TYPES } from "../../schema.ts";
import type { Json } from "../../table.ts";

/** The key of a file's metadata under which its columns stand as they were: shapes, units, rates. */
export const SCHEMA_KEY = "linnet.schema";

export const keptSchema = ({ fields, primary_key, partition_keys }: Schema): string =>
  JSON.stringify({
    fields,
    ...(primary_key === undefined ? {} : { primary_key }),
    ...(partition_keys === undefined ? {} : { partition_keys }),
  });

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isShape = (value: unknown): value is (number | null)[] =>
  Array.isArray(value) &&
  value.length <= 32 &&
  value.every((size) => size === null || (Number.isSafeInteger(size) && size >= 0));

function asField(value: unknown): Field | undefined {
  if (!isRecord(value)) return undefined;
  const { name, type, nullable, shape, sampling_rate_hz, unit, description } = value;
  const known = COLUMN_TYPES.find((each) => each === type);
  if (typeof name !== "string" || known === undefined) return undefined;
  return {
    name,
    type: known,
    nullable: nullable !== false,
    ...(isShape(shape) ? { shape } : {}),
    ...(typeof sampling_rate_hz === "number" && sampling_rate_hz > 0 ? { sampling_rate_hz } : {}),
    ...(typeof unit === "string" ? { unit } : {}),
    ...(typeof description === "string" ? { description } : {}),
  };
}

const names = (value: unknown): string[] | undefined =>
  Array.isArray(value) && value.every((name): name is string => typeof name === "string")
    ? value
    : undefined;

/** What a file says that its columns were; other programs may have changed them since, or written anything. */
export function readKeptSchema(text: string | undefined): Partial<Schema> & { fields: Field[] } {
  let kept: Json = null;
  try {
    kept = JSON.parse(text ?? "null") as Json;
  } catch {
    // Not ours: the columns are what the file's own schema says.
  }
  if (!isRecord(kept) || !Array.isArray(kept["fields"])) return { fields: [] };
  const primary = names(kept["primary_key"]);
  const partition = names(kept["partition_keys"]);
  return {
    fields: kept["fields"].map(asField).filter((field) => field !== undefined),
    ...(primary === undefined ? {} : { primary_key: primary }),
    ...(partition === undefined ? {} : { partition_keys: partition }),
  };
}
