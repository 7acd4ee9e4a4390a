import * as fc from "fast-check";
import type { Changes } from "./contest.ts";
import type { History } from "./history.ts";
import { alwaysHolds } from "./invariants.ts";
import { simulate } from "./simulate.ts";
import type { Story } from "./story.ts";

/** Given by SEED, to repeat a run; each property has its own from it. */
const SEED = Number(process.env["SEED"] ?? Math.floor(Math.random() * 2 ** 31));

type Asked = {
  runs: number;
  contests: Changes[];
  histories: fc.Arbitrary<History>;
  spreads?: boolean;
  also?: (story: Story) => void;
};

/** Runs so many histories, and checks after each all that always holds. */
export async function holds({ runs, contests, histories, spreads = false, also }: Asked) {
  const began = performance.now();
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      const story = await simulate(contests, history, { spreads });
      alwaysHolds(story);
      also?.(story);
    }),
    { numRuns: runs, seed: SEED, endOnFailure: process.env["SHRINK"] === "0" },
  );
  const seconds = (performance.now() - began) / 1_000;
  console.log(`${runs} histories, SEED=${SEED}, ${(runs / seconds).toFixed(0)} a second`);
}
