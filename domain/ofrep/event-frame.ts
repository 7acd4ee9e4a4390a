/** What a client needs to come back sooner than by its own default, and to see the stream open. */
export const OPENING_FRAME = "retry: 2000\n: open\n\n";

/** Comments are ignored by clients; they keep proxies from closing a stream that says nothing. */
export const HEARTBEAT_FRAME = ": heartbeat\n\n";

/**
 * A change as a server-sent event that makes a client ask for all flags again: OFREP 0.3,
 * `sseEvent` and `sseEventData`. `lastModified` is in seconds.
 */
export function refetchFrame({ sequence, at }: { sequence: number; at: number }): string {
  const data = {
    type: "refetchEvaluation",
    etag: String(sequence),
    lastModified: Math.floor(at / 1_000),
  };
  return `id: ${sequence}\nevent: message\ndata: ${JSON.stringify(data)}\n\n`;
}

/** The sequence that a client names in `Last-Event-ID`; null when it names none of ours. */
export function sequenceOf(lastEventId: string | null): number | null {
  return lastEventId !== null && /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : null;
}
