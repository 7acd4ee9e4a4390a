import { base64 } from "../../../explain/plots/base64.ts";
import type { Field, Schema } from "../../schema.ts";
import type { Batch, Cell, Writer } from "../../table.ts";
import { jsonText } from "../json/json-text.ts";
import { encodePieces } from "../text/encode-pieces.ts";
import { floatText } from "../text/float-text.ts";
import { writeDate, writeTimestamp } from "../text/iso-time.ts";
import { checkDelimiter } from "./delimiter.ts";

/** However long the cells of a row are, a text is not much longer than one of them. */
const PIECE_CHARACTERS = 2 ** 18;

/**
 * CSV (RFC 4180) with a line of names and newlines alone. Quotes stand where they must; no value is
 * the empty text and the empty text is `""`. Bytes are in base 64, tensors and JSON as JSON, and
 * what is no finite number is `NaN`, `Infinity` or `-Infinity`. Read with the schema, it gives the
 * same rows. Throws a DatasetFault `option_invalid` for the delimiter.
 */
export const writeCsv: Writer = (schema, batches, { delimiter = "," } = {}) => {
  checkDelimiter(delimiter);
  return encodePieces(lines(schema, batches, delimiter));
};

async function* lines(
  { fields }: Schema,
  batches: AsyncIterable<Batch>,
  delimiter: string,
): AsyncGenerator<string> {
  const quote = quoting(delimiter);
  yield `${fields.map(({ name }) => quote(name)).join(delimiter)}\n`;
  const writers = fields.map((field) => cellWriter(field, quote));
  for await (const { rows, columns } of batches) {
    let text = "";
    for (let row = 0; row < rows; row++) {
      for (let place = 0; place < writers.length; place++) {
        const cell = columns[place]?.[row] ?? null;
        if (place > 0) text += delimiter;
        if (cell !== null) text += writers[place]?.(cell) ?? "";
        if (text.length < PIECE_CHARACTERS) continue;
        yield text;
        text = "";
      }
      text += "\n";
    }
    yield text;
  }
}

/** Puts a text in quotes where it would be read as something else without. */
function quoting(delimiter: string): (text: string) => string {
  const code = delimiter.charCodeAt(0).toString(16).padStart(2, "0");
  const special = new RegExp(`["\\n\\r\\x${code}]|^\\uFEFF|^$`);
  return (text) => (special.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
}

const plainText = (value: number | bigint | boolean): string => String(value);

const numberText = (value: number, type: Field["type"]): string =>
  Number.isFinite(value) ? floatText(value, type) : String(value);

function cellWriter(
  field: Field,
  quote: (text: string) => string,
): (cell: Exclude<Cell, null>) => string {
  if (field.shape || field.type === "json") return (cell) => quote(jsonText(field, cell));
  switch (field.type) {
    case "string":
      return (cell) => quote(cell as string);
    case "binary":
      return (cell) => quote(base64(cell as Uint8Array));
    case "date":
      return (cell) => quote(writeDate(cell as number));
    case "timestamp":
      return (cell) => quote(writeTimestamp(cell as bigint));
    case "float16":
    case "float32":
    case "float64":
      return (cell) => quote(numberText(cell as number, field.type));
    default:
      return (cell) => quote(plainText(cell as number | bigint | boolean));
  }
}
