import type { Tensor } from "../tensors/tensor.ts";
import { checkEffort, durationOf, runsPerSample, type Clock } from "./benchmark-model.ts";
import { latencyOf, medianInterval, quantileOf, type Latency } from "./latency.ts";
import { withOpenModel, type OpenModel, type Runtime } from "./runtime.ts";

export type SpeedOptions = {
  /** Rows of the inputs, to report. */
  batch_size: number;
  warm_up?: number;
  /** Rounds of one run of each model. */
  runs?: number;
  /** After this time no round is started; there is at least one. */
  max_seconds?: number;
};

export type SpeedComparison = {
  batch_size: number;
  before: Latency;
  after: Latency;
  /** Time after over time before, the median of the rounds: above 1 is slower. */
  ratio: number;
  /** Where that median lies, with 95 per cent confidence; null for too few rounds. */
  ratio_interval: [low: number, high: number] | null;
};

const CONFIDENCE = 0.95;

/**
 * Two models that take the same inputs, run in turn, each first in every other round: what slows
 * the machine down for a while slows both runs of a round, and hardly their ratio. Null where the clock stands still while a model runs.
 */
export async function compareSpeed(
  runtime: Runtime,
  models: { before: Uint8Array; after: Uint8Array },
  feeds: Record<string, Tensor>,
  { batch_size, warm_up = 5, runs = 50, max_seconds = 20 }: SpeedOptions,
  clock: Clock,
  tick_ms = 0,
): Promise<SpeedComparison | null> {
  checkEffort({ batch_sizes: [batch_size], warm_up, runs, max_seconds });
  return withOpenModel(runtime, models.before, (before) =>
    withOpenModel(runtime, models.after, async (after) => {
      const began = await clock();
      const warm = began + max_seconds * 500;
      const end = began + max_seconds * 1000;
      for (let run = 0; run < warm_up && (await clock()) < warm; run += 1) {
        await before.run(feeds);
        await after.run(feeds);
      }
      const together = Math.max(
        await runsPerSample(before, feeds, clock, tick_ms),
        await runsPerSample(after, feeds, clock, tick_ms),
      );
      const timed = (open: OpenModel) => durationOf(open, feeds, clock, together);
      const rounds: Round[] = [];
      while (rounds.length < runs && (rounds.length === 0 || (await clock()) < end)) {
        const isTurned = rounds.length % 2 === 1;
        const first = await timed(isTurned ? after : before);
        const second = await timed(isTurned ? before : after);
        rounds.push(isTurned ? { before: second, after: first } : { before: first, after: second });
      }
      return comparison(rounds, batch_size, together);
    }),
  );
}

type Round = { before: number; after: number };

function comparison(
  rounds: readonly Round[],
  batch_size: number,
  together: number,
): SpeedComparison | null {
  const before = latencyOf(
    rounds.map((round) => round.before),
    together,
  );
  const after = latencyOf(
    rounds.map((round) => round.after),
    together,
  );
  if (before.p50_ms === 0 || after.p50_ms === 0) return null;
  const ratios = rounds
    .filter((round) => round.before > 0)
    .map((round) => round.after / round.before);
  return {
    batch_size,
    before,
    after,
    ratio: quantileOf(
      ratios.toSorted((a, b) => a - b),
      0.5,
    ),
    ratio_interval: medianInterval(ratios, CONFIDENCE),
  };
}
