import { DatasetFault } from "../dataset-fault.ts";
import type { ColumnProfile } from "../inspection.ts";
import type { Field, Schema } from "../schema.ts";
import { fieldsByName, quoted, typeText } from "./named.ts";
import { promotion, shapeFits } from "./type-promotion.ts";

/**
 * The schema of data that was declared and read: the declared one, in its order, with
 * the sampling rates that only the data tells. Throws `schema_mismatch`, naming the
 * column, where the data has a column too few or too many, or values that the declared column does
 * not hold. An int64 fits a float64, rounded beyond 2^53.
 *
 * What a file says of a column is not always what is in it: with `profiles`, the nulls that were
 * counted decide instead of `nullable`, and a column of nothing but nulls has any type.
 */
export function fitInferred(
  declared: Schema,
  inferred: Schema,
  profiles: readonly ColumnProfile[] = [],
): Schema {
  const found = fieldsByName(inferred);
  const profileOf = new Map(profiles.map((profile) => [profile.name, profile]));
  const wanted = fieldsByName(declared);
  const extra = inferred.fields.find(({ name }) => !wanted.has(name));
  if (extra !== undefined)
    throw mismatch(
      extra.name,
      `the data has the column ${quoted(extra.name)} (${typeText(extra)}), and the schema has none of this name: add it to the schema, or take it out of the data`,
    );
  const fields = declared.fields.map((field) => {
    const data = found.get(field.name);
    if (data === undefined)
      throw mismatch(
        field.name,
        `the schema has the column ${quoted(field.name)} (${typeText(field)}), and the data has none of this name`,
      );
    return fitField(field, data, profileOf.get(field.name));
  });
  return { ...declared, fields };
}

const mismatch = (field: string, message: string): DatasetFault =>
  new DatasetFault("schema_mismatch", message, { field });

function fitField(declared: Field, data: Field, profile: ColumnProfile | undefined): Field {
  const name = quoted(declared.name);
  const hasNulls = profile === undefined ? data.nullable : profile.nulls > 0;
  if (hasNulls && !declared.nullable)
    throw mismatch(
      declared.name,
      `column ${name} ${profile === undefined ? "may be null" : `is null in ${profile.nulls} of ${profile.count} rows`}, and its schema does not allow it: fill it in, or declare it nullable`,
    );
  if (profile !== undefined && profile.nulls === profile.count) return declared;
  if (promotion(data.type, declared.type) === null || !shapeFits(data.shape, declared.shape))
    throw mismatch(
      declared.name,
      `column ${name} is ${typeText(data)}, and should be ${typeText(declared)}: convert it, or declare what it is`,
    );
  if (unlike(declared.sampling_rate_hz, data.sampling_rate_hz))
    throw mismatch(
      declared.name,
      `column ${name} has ${data.sampling_rate_hz} samples a second, and should have ${declared.sampling_rate_hz}`,
    );
  const rate = declared.sampling_rate_hz ?? data.sampling_rate_hz;
  return rate === undefined ? declared : { ...declared, sampling_rate_hz: rate };
}

const unlike = (a: number | undefined, b: number | undefined): boolean =>
  a !== undefined && b !== undefined && a !== b;
