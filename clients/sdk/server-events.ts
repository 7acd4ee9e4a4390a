/** One event of a `text/event-stream`. */
export type ServerEvent = { type: string; data: string };

/**
 * The events of a stream as they come. An event that is cut off by the end of the stream is none.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export async function* serverEvents(
  body: ReadableStream<Uint8Array>,
): AsyncGenerator<ServerEvent, void, undefined> {
  let type = "";
  let data: string[] = [];
  for await (const line of linesOf(body)) {
    if (line !== "") {
      const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
      if (field === "event") type = value;
      else if (field === "data") data.push(value);
      continue;
    }
    if (data.length > 0) yield { type: type || "message", data: data.join("\n") };
    type = "";
    data = [];
  }
}

/** The lines that have an end, which may be of any system. */
async function* linesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void, undefined> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      // A carriage return at the end may be the first half of an end of line.
      const lines = rest.split(/\r\n|\n|\r(?!$)/);
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
