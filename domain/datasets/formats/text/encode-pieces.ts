import { utf8Encode } from "../../../text/utf8.ts";

const PIECE = 64 * 1024;

/** Texts as UTF-8, put together to pieces of some tens of kilobytes. */
export async function* encodePieces(texts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  let piece = "";
  for await (const text of texts) {
    piece += text;
    if (piece.length < PIECE) continue;
    yield utf8Encode(piece);
    piece = "";
  }
  if (piece !== "") yield utf8Encode(piece);
}
