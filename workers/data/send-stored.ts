import { dataMissing, partsOf, startsOf, type StoredBytes } from "./stored-source.ts";

/** Objects that are asked for before those before them are sent. */
const AHEAD = 4;

/**
 * The bytes of a file from `from` to before `to`. They go from R2 to the stream without coming by;
 * what is missing at the beginning is told before there is a stream, and later breaks it off.
 */
export async function sendStored(
  bucket: R2Bucket,
  { extents }: StoredBytes,
  from: number,
  to: number,
  keepAlive: (sending: Promise<unknown>) => void,
): Promise<ReadableStream<Uint8Array>> {
  const parts = partsOf(extents, startsOf(extents), from, to);
  const coming: Promise<R2ObjectBody>[] = [];
  const ask = (): void => {
    const { value } = parts.next();
    if (!value) return;
    const { key, offset, length } = value;
    const object = bucket.get(key, { range: { offset, length } }).then((found) => {
      if (!found) throw dataMissing(key, "is not there");
      return found;
    });
    object.catch(() => undefined);
    coming.push(object);
  };
  for (let count = 0; count < AHEAD; count += 1) ask();
  await coming[0];
  // A part that is shorter than it was leaves the stream shorter than it should be, which is an error.
  const { readable, writable } = new FixedLengthStream(to - from);
  const send = async (): Promise<void> => {
    for (let next = coming.shift(); next; next = coming.shift()) {
      ask();
      await (await next).body.pipeTo(writable, { preventClose: true });
    }
    await writable.close();
  };
  keepAlive(
    send().catch(async (error: unknown) => {
      await writable.abort(error).catch(() => undefined);
      for (const object of coming)
        await object.then(({ body }) => body.cancel()).catch(() => undefined);
    }),
  );
  return readable;
}
