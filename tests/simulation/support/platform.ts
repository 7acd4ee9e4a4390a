import { ExperimentActor } from "../../../durable-objects/experiment/experiment-actor.ts";
import {
  type Counted,
  OutcomeCounter,
} from "../../../durable-objects/experiment/outcome-counter.ts";
import { ModelActor } from "../../../durable-objects/model/model-actor.ts";
import { OutcomeShardActor } from "../../../durable-objects/outcome-shard/outcome-shard-actor.ts";
import { OWNER } from "./contest.ts";
import { HostedActors } from "./hosted-actors.ts";
import type { Story } from "./story.ts";
import { copy, type Party, type World } from "./world.ts";

type Answered = (actor: string, method: string, args: unknown[], answer: unknown) => void;
type Globals = { scheduler?: unknown; WebSocketRequestResponsePair?: unknown };
const globals = globalThis as Globals;

/** The actors and what surrounds them: bindings, globals, and ears for what is counted. */
export function openPlatform(
  world: World,
  story: Story,
  spread_rate: string,
  answered: Answered,
): HostedActors {
  const classes = {
    EXPERIMENT: ExperimentActor,
    OUTCOME_SHARD: OutcomeShardActor,
    MODEL: ModelActor,
  };
  const actors = new HostedActors(
    world,
    classes,
    (party) => environmentOf(world, story, actors, spread_rate, party),
    answered,
  );
  return actors;
}

/** The bindings in the hands of one instance or isolate: what it calls fails when it has ended. */
export function environmentOf(
  world: World,
  story: Story,
  actors: HostedActors,
  spread_rate: string,
  party: Party,
): Env {
  const remote = <T>(run: () => T) => {
    if (!party.alive) return Promise.reject(new Error("who has ended calls nobody"));
    return world.call(party, run);
  };
  const single = (methods: Record<string, (...args: never[]) => unknown>) => ({
    getByName: () => methods,
  });
  const env = {
    EXPERIMENT: actors.namespace("EXPERIMENT", party),
    OUTCOME_SHARD: actors.namespace("OUTCOME_SHARD", party),
    MODEL: actors.namespace("MODEL", party),
    FEED: single({
      publish: ({ experiment_id, epoch }: { experiment_id: string; epoch: number }) =>
        remote(() => {
          const latest = story.published.get(experiment_id) ?? 0;
          story.published.set(experiment_id, Math.max(latest, epoch));
        }),
    }),
    LAYER: single({ release: () => remote(() => undefined) }),
    LINEAGE: single({ put: () => remote(() => undefined), remove: () => remote(() => undefined) }),
    DB: { owner_id: OWNER, standings: story.standings, query: remote },
    MODELS: { delete: () => remote(() => undefined) },
    EVENTS: {
      sendBatch: (batch: { body: { experiment_id: string; sequence: number } }[]) =>
        remote(() => {
          for (const { body } of batch) {
            const sent = story.sent.get(body.experiment_id) ?? [];
            story.sent.set(body.experiment_id, [...sent, body.sequence]);
          }
        }),
    },
    KEY_CHECKSUM_SECRET: "a secret of the tests",
    OUTCOME_SPREAD_RATE: spread_rate,
  };
  return env as unknown as Env;
}

/** While `work` runs, time and chance are the world's. What an actor counts is told to the story. */
export async function inWorld(world: World, story: Story, work: () => Promise<void>) {
  const { now } = Date;
  const { error } = console;
  const randomUUID = Object.getOwnPropertyDescriptor(crypto, "randomUUID");
  let ids = 0;
  Date.now = () => world.now;
  const serialId = () => `00000000-0000-4000-8000-${String(ids++).padStart(12, "0")}`;
  Object.defineProperty(crypto, "randomUUID", { value: serialId, configurable: true });
  globals.scheduler = { wait: (ms: number) => world.wait(ms) };
  globals.WebSocketRequestResponsePair = Object;
  // Failed deliveries are what is simulated, and are logged by the thousand.
  console.error = () => undefined;
  const stopListening = listen(story);
  try {
    await work();
  } finally {
    Date.now = now;
    console.error = error;
    stopListening();
    if (randomUUID) Object.defineProperty(crypto, "randomUUID", randomUUID);
    else Reflect.deleteProperty(crypto, "randomUUID");
  }
}

/** Notes what any actor counts, in the order in which they commit. */
function listen(story: Story): () => void {
  const counters = OutcomeCounter.prototype;
  const { count, expose } = Object.getOwnPropertyDescriptors(counters);
  counters.count = function heard(this: OutcomeCounter, ...args) {
    const counted = count.value?.apply(this, args) as Counted;
    const [outcomes, source, present] = args;
    story.heard.push({ outcomes: copy([...outcomes]), source, present });
    return counted;
  };
  counters.expose = function exposed(this: OutcomeCounter, exposures) {
    story.exposed.push(...copy([...exposures]));
    return Number(expose.value?.call(this, exposures));
  };
  return () => Object.defineProperties(counters, { count, expose });
}
