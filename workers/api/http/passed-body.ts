import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";

/**
 * The body of a request, of `length` bytes, for somebody who reads it elsewhere. What they meet when
 * its sender leaves looks like a lost connection between Workers: `senderLeft` tells the two apart.
 */
export function passBody(
  c: Context<AppEnv>,
  body: ReadableStream<Uint8Array>,
  length: number,
): ReadableStream<Uint8Array> {
  const { readable, writable } = new FixedLengthStream(length);
  const end = new AbortController();
  const isBroken = body.pipeTo(writable, { signal: end.signal }).then(
    () => false,
    () => endsInError(body),
  );
  c.set("senderLeft", () => {
    end.abort();
    return isBroken;
  });
  return readable;
}

/** Whether a stream that nobody reads any more has failed; one that was given up has ended. */
const endsInError = (body: ReadableStream<Uint8Array>): Promise<boolean> =>
  body
    .getReader()
    .read()
    .then(
      () => false,
      () => true,
    );
