import type { Schema } from "../../schema.ts";
import type { Batch, Writer } from "../../table.ts";
import { encodePieces } from "../text/encode-pieces.ts";
import { jsonText } from "./json-text.ts";

/**
 * JSON lines, each column a member of each object, null where there is no value. Dates and times
 * are in ISO 8601, bytes in base 64, tensors lists in lists, and what is no finite number is
 * `"NaN"`, `"Infinity"` or `"-Infinity"`. Read with the schema, it gives the same rows.
 */
export const writeJson: Writer = (schema, batches) => encodePieces(lines(schema, batches));

async function* lines({ fields }: Schema, batches: AsyncIterable<Batch>): AsyncGenerator<string> {
  const keys = fields.map(({ name }) => `${JSON.stringify(name)}:`);
  for await (const { rows, columns } of batches)
    for (let row = 0; row < rows; row++) {
      const members = fields.map(
        (field, place) => `${keys[place]}${jsonText(field, columns[place]?.[row] ?? null)}`,
      );
      yield `{${members.join(",")}}\n`;
    }
}
