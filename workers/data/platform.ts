import type { Inflate, Platform } from "../../domain/datasets/formats/platform.ts";

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

const through =
  (format: "deflate-raw" | "deflate" | "gzip"): Inflate =>
  (chunks) => {
    const iterator = chunks[Symbol.asyncIterator]();
    const compressed = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const next = await iterator.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      async cancel() {
        await iterator.return?.();
      },
    });
    return compressed.pipeThrough(new DecompressionStream(format));
  };

/** The platform of the formats in workerd. */
export const platform: Platform = {
  decodeUtf8: (bytes) => decoder.decode(bytes),
  inflateRaw: through("deflate-raw"),
  inflateZlib: through("deflate"),
  gunzip: through("gzip"),
};
