/** Reads server-sent events off a stream, as https://html.spec.whatwg.org/multipage/server-sent-events.html */
export function heard(stream: ReadableStream<Uint8Array>) {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  let waiting = "";

  /** The next chunk; undefined when the stream has ended or broken. */
  const chunk = async (): Promise<string | undefined> => {
    try {
      const { value, done } = await reader.read();
      return done ? undefined : decoder.decode(value, { stream: true });
    } catch {
      return undefined;
    }
  };
  return {
    text: chunk,
    /** The next event, without the comments before it. */
    async next(): Promise<{ id?: string; event?: string; data: unknown } | undefined> {
      for (;;) {
        const end = waiting.indexOf("\n\n");
        if (end === -1) {
          const more = await chunk();
          if (more === undefined) return undefined;
          waiting += more;
          continue;
        }
        const lines = waiting.slice(0, end).split("\n");
        waiting = waiting.slice(end + 2);
        const fields = Object.fromEntries(
          lines.flatMap((line) => {
            const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
            return name === undefined || value === undefined ? [] : [[name, value] as const];
          }),
        );
        const { id, event, data } = fields;
        if (data === undefined) continue;
        return {
          ...(id !== undefined && { id }),
          ...(event !== undefined && { event }),
          data: JSON.parse(data) as unknown,
        };
      }
    },
    /** Goes away, as a client that closes its connection. */
    stop: () => reader.cancel(),
  };
}
