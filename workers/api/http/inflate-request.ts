import { gunzipSync } from "node:zlib";
import { ApiProblem } from "./problem.ts";

/**
 * The request as if its gzip body (RFC 1952) had come plain; null where the body, before or after
 * it is inflated, has more than `most` bytes. A DecompressionStream would not do: in workerd it
 * inflates all that it is given, however much that comes to, before any of it is read.
 */
export async function inflatedRequest(
  { url, method, headers: sent }: Request,
  body: ReadableStream<Uint8Array>,
  most: number,
): Promise<Request | null> {
  const compressed = await readAtMost(body, most);
  const plain = compressed && inflate(compressed, most);
  if (!plain) return null;
  const headers = new Headers(sent);
  headers.delete("content-encoding");
  headers.set("content-length", String(plain.length));
  return new Request(url, { method, headers, body: plain });
}

async function readAtMost(
  body: ReadableStream<Uint8Array>,
  most: number,
): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > most) return null;
    chunks.push(chunk);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

function inflate(compressed: Uint8Array, most: number): Uint8Array | null {
  try {
    // workerd refuses what it would have to grow its buffer for beyond the length, though it had room.
    const plain = gunzipSync(compressed, { maxOutputLength: 2 * most });
    return plain.length > most ? null : plain;
  } catch (error) {
    if (error instanceof RangeError) return null;
    const { message } = error as Error;
    throw new ApiProblem("invalid_request", `expected a body of gzip, found a fault: ${message}`);
  }
}
