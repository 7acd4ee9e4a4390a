import { BEGAN_AT, type Changes, definitionOf } from "./contest.ts";
import type { History } from "./history.ts";
import { inWorld } from "./platform.ts";
import { PATIENCE_MS, Run } from "./run.ts";
import { noStory, type Story } from "./story.ts";
import { NO_FAULTS, World } from "./world.ts";

/** Longer than any lease, batch and repeated delivery that is under way when the faults end. */
const CALM_MS = 400_000;
const SLOWEST_MS = 2_600;
/** So many seconds in a row with outcomes spread an experiment, where that is asked for. */
const HOT_SECONDS = 8;

/**
 * Runs one history to its end: faults while it lasts, then calm until nothing is owed. With
 * `spreads` so many outcomes come in meanwhile that they are spread over shards.
 */
export async function simulate(
  contests: Changes[],
  history: History,
  { spreads = false } = {},
): Promise<Story> {
  const { seed, loss, slow, operations } = history;
  const faults = { loss: loss / 100, slow: slow / 100, slowest_ms: SLOWEST_MS };
  const world = new World(seed, BEGAN_AT, NO_FAULTS);
  const story = noStory();
  const definitions = contests.map((contest, index) =>
    definitionOf({ id: `exp_simulated_${index}`, ...contest }),
  );
  const run = new Run(world, story, definitions, spreads);
  await inWorld(world, story, async () => {
    await run.begin();
    world.faults = faults;
    let at = world.now;
    if (spreads) {
      for (let second = 0; second < HOT_SECONDS; second++)
        world.after(second * 1_000, () => run.reportAnother());
      at += (seed % HOT_SECONDS) * 1_000;
    }
    for (const operation of operations) {
      at += operation.after_ms;
      world.after(at - world.now, () => run.perform(operation));
    }
    await world.runUntil(at + PATIENCE_MS);
    world.faults = NO_FAULTS;
    await world.runUntil(world.now + CALM_MS);
    run.end();
  });
  return story;
}
