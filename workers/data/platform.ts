import {
  brotliDecompressSync,
  constants,
  gunzipSync,
  inflateSync,
  zstdDecompressSync,
} from "node:zlib";
import type { Inflate, Platform, Unpack } from "../../domain/datasets/formats/platform.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * What is handed to a DecompressionStream at once, which inflates all of it before anybody may read or
 * stop: up to a thousand times as much.
 */
const PIECE_BYTES = 4_096;

const through =
  (format: "deflate-raw" | "deflate"): Inflate =>
  (chunks) => {
    const iterator = inPieces(chunks);
    const compressed = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const next = await iterator.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await iterator.return(undefined);
      },
    });
    return compressed.pipeThrough(new DecompressionStream(format));
  };

async function* inPieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const bytes of chunks)
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      yield bytes.subarray(at, at + PIECE_BYTES);
      // A little may become much, and others are heard in between.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
}

/** A frame that says that reading it takes more memory (16 MiB) is refused. */
const LARGEST_WINDOW_LOG = 24;
const ZSTD = { [constants.ZSTD_d_windowLogMax]: LARGEST_WINDOW_LOG };

/**
 * The zlib of workerd refuses what it would have to grow its buffer for beyond `maxOutputLength`,
 * although all of it would find room: pages of 64 KiB that may have just that.
 */
const roomFor = (most: number): { maxOutputLength: number } => ({
  maxOutputLength: 2 * most + 65_536,
});

const unzlib: Unpack = (bytes, most) => within(most, inflateSync(bytes, roomFor(most)));
const ungzip: Unpack = (bytes, most) => within(most, gunzipSync(bytes, roomFor(most)));
const unbrotli: Unpack = (bytes, most) => within(most, brotliDecompressSync(bytes, roomFor(most)));
const unzstd: Unpack = (bytes, most) =>
  within(most, zstdDecompressSync(bytes, { ...roomFor(most), params: ZSTD }));

function within(most: number, unpacked: Uint8Array): Uint8Array {
  if (unpacked.length > most) throw new RangeError(`there are more than ${most} bytes`);
  return plain(unpacked);
}

/** Without what a Buffer does differently. */
const plain = ({ buffer, byteOffset, length }: Uint8Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, length);

/** The platform of the formats in workerd. */
export const platform: Platform = {
  decodeUtf8: (bytes) => decoder.decode(bytes),
  inflateRaw: through("deflate-raw"),
  inflateZlib: through("deflate"),
  unzlib,
  ungzip,
  unbrotli,
  unzstd,
};
