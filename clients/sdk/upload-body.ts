import type { Call } from "./client.ts";

const PIECE_BYTES = 65_536;

/** A stream's `size` is its exact number of bytes; it can be read once, so it is sent once. */
export type UploadSource =
  | Blob
  | ArrayBuffer
  | Uint8Array<ArrayBuffer>
  | { stream: ReadableStream<Uint8Array<ArrayBuffer>>; size: number };

/** Bytes handed to the network so far, of all. A retry begins at 0 again. */
export type OnProgress = (sent: number, total: number) => void;

/**
 * The body of an upload, in a form that makes the runtime send a `content-length`: the platform
 * refuses chunks. A browser does so only for what it holds whole, and then tells no progress
 * between nothing and everything.
 */
export async function uploadBody(
  source: UploadSource,
  onProgress: OnProgress | undefined,
): Promise<Pick<Call, "headers" | "body" | "repeatable">> {
  const length = lengthOfStreams();
  if ("stream" in source && !(source instanceof Blob)) {
    const { stream, size } = source;
    if (length) {
      const body = () => length(counted(stream, size, onProgress), size);
      return { headers: headersFor(size), body, repeatable: false };
    }
    return uploadBody(await new Response(stream).blob(), onProgress);
  }
  const blob = source instanceof Blob ? source : new Blob([source]);
  const body =
    onProgress && length
      ? () => length(counted(blob.stream(), blob.size, onProgress), blob.size)
      : () => {
          onProgress?.(0, blob.size);
          return { body: blob };
        };
  return { headers: headersFor(blob.size), body, repeatable: true };
}

/** Browsers leave out the length set here, and set it themselves. */
const headersFor = (size: number) => ({
  "content-type": "application/octet-stream",
  "content-length": String(size),
});

type Stream = ReadableStream<Uint8Array<ArrayBuffer>>;
type Lengthen = (stream: Stream, size: number) => Pick<RequestInit, "body">;

/** How this runtime sends a stream with a known length, or null where it cannot. */
function lengthOfStreams(): Lengthen | null {
  const FixedLengthStream: (new (size: number) => TransformStream) | undefined = Reflect.get(
    globalThis,
    "FixedLengthStream",
  );
  // https://developers.cloudflare.com/workers/runtime-apis/streams/transformstream/#fixedlengthstream
  if (FixedLengthStream)
    return (stream, size) => ({ body: stream.pipeThrough(new FixedLengthStream(size)) });
  // Node takes the length from the header, and fails if the stream has another.
  const process: { versions?: { node?: string } } | undefined = Reflect.get(globalThis, "process");
  if (process?.versions?.node !== undefined)
    return (stream) => {
      const init = { body: stream, duplex: "half" };
      return init;
    };
  return null;
}

/** The same bytes in pieces as small as the network takes, counted as it takes them. */
function counted(stream: Stream, size: number, onProgress: OnProgress | undefined): Stream {
  if (!onProgress) return stream;
  const reader = stream.getReader();
  let chunk = new Uint8Array();
  let sent = 0;
  onProgress(0, size);
  return new ReadableStream({
    async pull(controller) {
      while (chunk.byteLength === 0) {
        const { done, value } = await reader.read();
        if (done) {
          controller.close();
          return;
        }
        chunk = value;
      }
      const piece = chunk.subarray(0, PIECE_BYTES);
      chunk = chunk.subarray(PIECE_BYTES);
      controller.enqueue(piece);
      sent += piece.byteLength;
      onProgress(sent, size);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
