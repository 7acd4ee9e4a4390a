import { setTimeout as sleep } from "node:timers/promises";
import { type OpenPlatform, openPlatform, startExperiment, type Started } from "../targets.ts";
import { type Options, quantileOf, type Row, whole } from "./row.ts";

const BATCH = 1_000;
const SENDERS = 8;
/** durable-objects/outcome-shard: how old the sums may be that the root decides by. */
const PUSH_EVERY_MS = 100;
const GIVE_UP_MS = 10_000;

/** Outcomes into one experiment: counted by one actor, and spread over several. */
export async function measureIngest({ quick }: Options): Promise<Row[]> {
  const seconds = quick ? 2 : 6;
  const one = await measure({ spreads: false, seconds, probes: quick ? 2 : 10 });
  const spread = await measure({ spreads: true, seconds, probes: quick ? 3 : 20 });
  const how = `batches of ${whole(BATCH)}, ${SENDERS} senders, ${seconds} s, own socket; all of it runs on the one thread of one workerd here, which spreading cannot make faster`;
  return [
    {
      measure: "outcomes a second into one experiment",
      ours: `${whole(one.perSecond)} by one actor; ${whole(spread.perSecond)} by 8 shards`,
      peers: [],
      how,
    },
    {
      measure: "outcomes counted of those accepted",
      ours: `${whole(one.counted)} of ${whole(one.accepted)}; ${whole(spread.counted)} of ${whole(spread.accepted)} by shards`,
      peers: [],
      how: "the sum over the variants of /metrics afterwards",
    },
    {
      measure: "until the root knows of a batch, ms after its reply",
      ours: `${lateness(one.late)}; ${lateness(spread.late)} with shards, which push every ${PUSH_EVERY_MS}`,
      peers: [],
      how: `${one.late.length} and ${spread.late.length} single batches, /metrics polled; a poll takes some ms`,
    },
  ];
}

const lateness = (late: readonly number[]): string =>
  `median ${whole(quantileOf(late, 0.5))}, at most ${whole(Math.max(...late))}`;

type Measured = { perSecond: number; accepted: number; counted: number; late: number[] };

async function measure(asked: {
  spreads: boolean;
  seconds: number;
  probes: number;
}): Promise<Measured> {
  const OUTCOME_SPREAD_RATE = asked.spreads ? "1" : "1000000000";
  const platform = await openPlatform({ vars: { OUTCOME_SPREAD_RATE } });
  try {
    const experiment = await startExperiment(platform, {
      name: "ingest",
      consistency: "leased",
      rollback: { error_rate_threshold: 1, latency_degradation_threshold: 1_000 },
    });
    const sendBatch = senderOf(platform, experiment);
    let accepted = 0;
    const send = async (): Promise<void> => {
      const now = await sendBatch();
      accepted += now;
    };
    if (asked.spreads)
      for (const start = Date.now(); !(await isSpread(platform, experiment)); await sleep(100)) {
        await send();
        if (Date.now() - start > 2 * GIVE_UP_MS) throw new Error("the experiment was not spread");
      }
    // Until no isolate decides from a table of before.
    await sleep(1_100);
    const before = accepted;
    const start = performance.now();
    const end = start + asked.seconds * 1_000;
    const sender = async () => {
      while (performance.now() < end) await send();
    };
    await Promise.all(Array.from({ length: SENDERS }, sender));
    const perSecond = ((accepted - before) * 1_000) / (performance.now() - start);
    await untilCounted(platform, experiment, accepted);
    const late: number[] = [];
    for (let probe = 0; probe < asked.probes; probe++) {
      // A shard that has just told its sums waits with the next: batches come at any time in between.
      await sleep((37 * probe) % PUSH_EVERY_MS);
      await send();
      const replied = performance.now();
      await untilCounted(platform, experiment, accepted);
      late.push(performance.now() - replied);
    }
    // Longer than any sums may be on their way: more than were accepted would show now.
    await sleep(3 * PUSH_EVERY_MS);
    return { perSecond, accepted, counted: await countOf(platform, experiment), late };
  } finally {
    await platform.stop();
  }
}

/** Sends batches of new requests of both variants; each call answers how many were accepted. */
function senderOf({ call }: OpenPlatform, { id, variants }: Started): () => Promise<number> {
  let serial = 0;
  return async () => {
    const outcomes = Array.from({ length: BATCH }, (_, index) => ({
      request_id: `ingest-${serial++}`,
      variant_id: variants[index % 2]?.variant_id,
      success: true,
      latency_ms: 5 + (index % 20),
      metrics: { conversion: index % 3 === 0 ? 1 : 0 },
    }));
    const path = `/v1/experiments/${id}/outcomes`;
    const { accepted } = await call<{ accepted: number }>("POST", path, { outcomes });
    return accepted;
  };
}

async function countOf({ call }: OpenPlatform, { id }: Started): Promise<number> {
  type Metrics = { variants: { request_count: number }[] };
  const { variants } = await call<Metrics>("GET", `/v1/experiments/${id}/metrics`);
  return variants.reduce((sum, { request_count }) => sum + request_count, 0);
}

async function untilCounted(
  platform: OpenPlatform,
  experiment: Started,
  accepted: number,
): Promise<void> {
  const giveUp = Date.now() + GIVE_UP_MS;
  while ((await countOf(platform, experiment)) < accepted)
    if (Date.now() > giveUp) throw new Error(`fewer than ${accepted} outcomes were counted`);
}

async function isSpread({ call }: OpenPlatform, { id }: Started): Promise<boolean> {
  type Events = { items: { type: string }[] };
  const { items } = await call<Events>("GET", `/v1/experiments/${id}/events`);
  return items.some(({ type }) => type === "spread");
}
