import type { LinnetError } from "./linnet-error.ts";

const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 5_000;
/** Busy or out of reach; a gateway before the platform says 502 or 504. */
const PASSING = new Set([429, 502, 503, 504]);

/** Whether the same call may succeed later; a timeout has used up the call's time. */
export const isPassing = ({ code, status }: LinnetError): boolean =>
  code === "network" || PASSING.has(status);

/**
 * Milliseconds until the next attempt, or null when the platform asks for more than a caller
 * should be held up. Doubles from attempt to attempt, with half of it drawn, so that callers who
 * failed together do not come back together.
 */
export function retryWait(error: LinnetError, attempt: number): number | null {
  const backoff = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt);
  const drawn = backoff * (0.5 + Math.random() / 2);
  if (error.retryAfterMs === null) return drawn;
  return error.retryAfterMs > LONGEST_WAIT_MS ? null : error.retryAfterMs + drawn / 2;
}

/** Resolves after `ms`, or rejects with the signal's reason. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      const reason: Error = signal.reason;
      reject(reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    if (signal.aborted) onAbort();
    else signal.addEventListener("abort", onAbort, { once: true });
  });
