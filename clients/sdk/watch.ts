import type { CallOptions, Linnet } from "./client.ts";
import { LinnetError } from "./linnet-error.ts";
import { path } from "./path.ts";
import { isPassing, pause, retryWait } from "./retry.ts";
import type { LiveFrame } from "./wire.ts";

const PROTOCOL = "linnet.live.v1";
const DEFAULT_RETRIES = 10;
/** A connection that lived so long was a good one: what fails later is counted from 0 again. */
const GOOD_MS = 10_000;
const PING_MS = 20_000;

export type WatchOptions = Pick<CallOptions, "signal"> & {
  /** Connections that fail one after the other before it gives up; 10 by default. */
  retries?: number | undefined;
  /** A connection that was lost or not to be had, and how long it waits before the next. */
  onRetry?: ((error: LinnetError, waitMs: number) => void) | undefined;
};

/**
 * An experiment as it stands now and after every change, at most four times a second, over a
 * WebSocket that is opened again when it is lost. A reader that is slower than the changes gets
 * the newest. It ends when you leave the loop, or rejects: with the signal's reason, with a
 * refusal such as `experiment_not_found`, or with `network` after `retries` attempts.
 */
export async function* watch(
  client: Linnet,
  id: string,
  { signal = new AbortController().signal, retries = DEFAULT_RETRIES, onRetry }: WatchOptions = {},
): AsyncGenerator<LiveFrame, void, undefined> {
  const target = path`/v1/experiments/${id}/live`;
  for (let failures = 0; ; failures++) {
    signal.throwIfAborted();
    const opened = Date.now();
    const connection = connect(client, target, signal);
    let told = false;
    try {
      for (let frame = await connection.next(); frame; frame = await connection.next()) {
        told = true;
        yield frame;
      }
    } finally {
      connection.close();
    }
    signal.throwIfAborted();
    if (told && Date.now() - opened >= GOOD_MS) failures = 0;
    const error = told ? lost(client) : await whyNot(client, target, signal);
    const wait = retryWait(error, failures);
    if (wait === null || failures >= retries) throw error;
    onRetry?.(error, wait);
    await pause(wait, signal);
  }
}

const lost = ({ baseUrl }: Linnet): LinnetError =>
  new LinnetError({ code: "network", detail: `the live connection to ${baseUrl} was lost` });

/** A WebSocket does not say why it was refused, so the same address is asked without one. */
async function whyNot(client: Linnet, target: string, signal: AbortSignal): Promise<LinnetError> {
  const retries = 0;
  try {
    // 426 is the answer to a caller that might have upgraded.
    const call = { method: "GET", path: target, repeatable: false, alsoFine: 426 } as const;
    await client.read(call, { signal, retries }, () => null);
  } catch (error) {
    if (error instanceof LinnetError && mayPass(error)) return error;
    throw error;
  }
  const detail = `${client.baseUrl} does not open a live connection`;
  return new LinnetError({ code: "network", detail });
}

/** A watch outlives a platform's restart. */
const mayPass = (error: LinnetError): boolean =>
  isPassing(error) || error.code === "timeout" || error.status >= 500;

type Connection = { next(): Promise<LiveFrame | null>; close(): void };

function connect(client: Linnet, target: string, signal: AbortSignal): Connection {
  let newest: LiveFrame | null = null;
  let closed = false;
  let heard = true;
  let wake = (): void => undefined;
  let socket: WebSocket | undefined;

  const close = (): void => {
    closed = true;
    clearInterval(heartbeat);
    signal.removeEventListener("abort", close);
    socket?.close();
    wake();
  };
  /** A connection may be lost without a sign, so silence after a `ping` counts as one. */
  const heartbeat = setInterval(() => {
    if (!heard) return close();
    heard = false;
    if (socket?.readyState === 1) socket.send("ping");
  }, PING_MS);
  signal.addEventListener("abort", close, { once: true });
  try {
    socket = client.openSocket(target, PROTOCOL);
    socket.addEventListener("close", close);
    socket.addEventListener("error", close);
    socket.addEventListener("message", ({ data }) => {
      heard = true;
      const frame = readFrame(data);
      if (!frame) return;
      newest = frame;
      wake();
    });
  } catch {
    // A key that no subprotocol can carry; asked as a header, the platform says what it thinks.
    close();
  }

  return {
    close,
    async next() {
      if (!newest && !closed)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      const frame = newest;
      newest = null;
      return frame;
    },
  };
}

/** Null for a `pong`, and for what a later version of the platform may send besides. */
function readFrame(data: unknown): LiveFrame | null {
  if (typeof data !== "string" || !data.startsWith("{")) return null;
  const frame: LiveFrame = JSON.parse(data);
  return frame.type === "experiment" ? frame : null;
}
