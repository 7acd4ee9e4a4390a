import { quantileOf, type Row, whole } from "../experiments/row.ts";
import type { Memory } from "./held-platform.ts";

export const MIB = 2 ** 20;
/** What an isolate may take on Cloudflare. */
const ISOLATE_MIB = 128;

export const mib = (bytes: number): string => (bytes / MIB).toFixed(1);
export const seconds = (ms: number): string => (ms / 1_000).toFixed(1);

/** Milliseconds of each of `rounds` calls, behind one that warms up. */
export async function timesOf(rounds: number, ask: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const began = performance.now();
    await ask();
    if (round > 0) times.push(performance.now() - began);
  }
  return times;
}

export const middleOf = (times: readonly number[]): string =>
  `median ${quantileOf(times, 0.5).toFixed(1)}, 95 % ${quantileOf(times, 0.95).toFixed(1)}`;

/** What the data Worker's isolate took while it did something, and what workerd did as a whole. */
export function memoryRow(doing: string, { process, data: { mib, looks } }: Memory): Row {
  const goal = mib <= ISOLATE_MIB ? "not exceeded in" : "exceeded in";
  const [isolate, how] =
    looks === 0
      ? ["not seen", "the isolate computed all the time, and answered no look"]
      : [
          whole(mib),
          `its isolate's JavaScript heap and ArrayBuffers, uncollected garbage included; ${ISOLATE_MIB} were ${goal} ${whole(looks)} looks`,
        ];
  const ours = `${isolate}; workerd as a whole ${whole(process)}`;
  return { measure: `memory of the data Worker, MiB: ${doing}`, ours, peers: [], how };
}
