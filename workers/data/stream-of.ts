/** Made before there is a stream: what is refused by then has a problem, and later breaks it off. */
const AHEAD_BYTES = 262_144;

/** The bytes as a stream, whose first pieces are made before, so that what is refused is refused at once. */
export async function streamOf(
  pieces: AsyncIterable<Uint8Array>,
): Promise<ReadableStream<Uint8Array>> {
  const iterator = pieces[Symbol.asyncIterator]();
  const ahead: IteratorResult<Uint8Array>[] = [];
  for (let bytes = 0; bytes < AHEAD_BYTES && !ahead.at(-1)?.done;) {
    const next = await nextOf(iterator);
    ahead.push(next);
    bytes += next.done ? 0 : next.value.length;
  }
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const { done, value } = ahead.shift() ?? (await nextOf(iterator));
      if (!done) return controller.enqueue(value);
      controller.close();
      // A reader that brings its own buffer waits for an answer.
      controller.byobRequest?.respond(0);
    },
    async cancel() {
      await iterator.return?.();
    },
  });
}

/** A stream of bytes takes no empty piece. */
async function nextOf(iterator: AsyncIterator<Uint8Array>): Promise<IteratorResult<Uint8Array>> {
  for (;;) {
    const next = await iterator.next();
    if (next.done || next.value.length > 0) return next;
  }
}
