import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { type Random, seededRandom } from "../../../domain/statistics/random.ts";

export const HEADER = "id,recorded_at,sensor,value,temperature,label,is_clean,note\n";
/** Of each hundred of these one is edited, so 1 % of the rows. */
export const EDITED_RUN = 1_000;
const EDITED_FROM = 50 * EDITED_RUN;
const PIECE_ROWS = 10_000;
const WORDS =
  "signal drift noise clean spike electrode loose moved subject calm alert left right baseline artefact".split(
    " ",
  );

/** A CSV file of at least so many bytes, and the same with new values in 1 % of the rows. */
export async function writeLargeCsv(
  bytes: number,
  { before, after }: { before: string; after: string },
): Promise<{ rows: number; bytes: number }> {
  const [random, edits] = [seededRandom("large table"), seededRandom("edits")];
  const [first, second] = [createWriteStream(before), createWriteStream(after)];
  await Promise.all([write(first, HEADER), write(second, HEADER)]);
  let written = HEADER.length;
  let rows = 0;
  while (written < bytes) {
    let [old, fresh] = ["", ""];
    for (let count = 0; count < PIECE_ROWS; count += 1, rows += 1) {
      const [head, tail] = rowOf(rows, random);
      const value = valueOf(random);
      const at = rows % (100 * EDITED_RUN);
      const isEdited = at >= EDITED_FROM && at < EDITED_FROM + EDITED_RUN;
      old += head + value + tail;
      fresh += head + (isEdited ? valueOf(edits) : value) + tail;
    }
    written += old.length;
    await Promise.all([write(first, old), write(second, fresh)]);
  }
  await Promise.all([closed(first), closed(second)]);
  return { rows, bytes: written };
}

/** A small file of the same columns, another for each seed. */
export function smallCsv(bytes: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = seededRandom(seed);
  let text = HEADER;
  for (let row = 0; text.length < bytes; row += 1) {
    const [head, tail] = rowOf(row, random);
    text += head + valueOf(random) + tail;
  }
  return new TextEncoder().encode(text);
}

const valueOf = (random: Random): string => String((random.integer(2_000_000) - 1_000_000) / 1_000);

/** What comes before the value, and what behind it. */
function rowOf(id: number, random: Random): [head: string, tail: string] {
  const head = `${id},${1_700_000_000_000 + id * 40 + random.integer(9)},sensor-${random.integer(40)},`;
  const bits = random.integer(2 ** 24);
  let note = "";
  for (let word = 0; word <= bits >> 21; word += 1)
    note += `${word === 0 ? "" : " "}${WORDS[random.integer(WORDS.length)] ?? ""}`;
  const temperature = (3_650 + (bits & 255)) / 100;
  return [head, `,${temperature},${(bits >> 8) & 3},${(bits & 1_024) === 0},${note}\n`];
}

async function write(stream: WriteStream, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, "drain");
}

async function closed(stream: WriteStream): Promise<void> {
  stream.end();
  await once(stream, "close");
}
