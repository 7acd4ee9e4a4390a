import type { Schema } from "../schema.ts";
import type { ReadOptions } from "../table.ts";

/** A schema whose tensor columns have the rate that was given, where they have none. */
export const withSamplingRate = (schema: Schema, { sampling_rate_hz }: ReadOptions): Schema =>
  sampling_rate_hz === undefined
    ? schema
    : {
        ...schema,
        fields: schema.fields.map((field) =>
          field.shape ? { sampling_rate_hz, ...field } : field,
        ),
      };
