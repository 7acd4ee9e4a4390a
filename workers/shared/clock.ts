/** A Worker's clock tells whole milliseconds. */
export const TICK_MS = 1;

let last = Number.NaN;

/**
 * Milliseconds. In production time stands still while a Worker computes and moves with events, of
 * which this waits for one where it has to.
 * https://developers.cloudflare.com/workers/runtime-apis/performance/
 */
export async function clock(): Promise<number> {
  if (performance.now() === last) await scheduler.wait(0);
  last = performance.now();
  return last;
}
