import type { Schema } from "../../schema.ts";
import type { Batch, Writer } from "../../table.ts";
import { encodePieces } from "../text/encode-pieces.ts";
import { jsonText } from "./json-text.ts";

/** However long the cells of a row are, a text is not much longer than one of them. */
const PIECE_CHARACTERS = 2 ** 18;

/**
 * JSON lines, each column a member of each object, null where there is no value. Dates and times
 * are in ISO 8601, bytes in base 64, tensors lists in lists, and what is no finite number is
 * `"NaN"`, `"Infinity"` or `"-Infinity"`. Read with the schema, it gives the same rows.
 */
export const writeJson: Writer = (schema, batches) => encodePieces(lines(schema, batches));

async function* lines({ fields }: Schema, batches: AsyncIterable<Batch>): AsyncGenerator<string> {
  const keys = fields.map(({ name }, at) => `${at === 0 ? "{" : ","}${JSON.stringify(name)}:`);
  const end = fields.length === 0 ? "{}\n" : "}\n";
  for await (const { rows, columns } of batches)
    for (let row = 0; row < rows; row++) {
      let text = "";
      for (const [place, field] of fields.entries()) {
        text += `${keys[place]}${jsonText(field, columns[place]?.[row] ?? null)}`;
        if (text.length < PIECE_CHARACTERS) continue;
        yield text;
        text = "";
      }
      yield text + end;
    }
}
