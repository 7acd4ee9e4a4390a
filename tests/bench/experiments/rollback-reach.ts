import type { PlatformOptions } from "../../../scripts/lib/platform.ts";
import { type OpenPlatform, openPlatform, startExperiment, type Started } from "../targets.ts";
import { meanOf, type Options, quantileOf, type Row, type Theirs, whole } from "./row.ts";

const CLIENTS = 16;
const LEASE_MS = 1_000;
/** What a client goes on to ask after the rollback, to see whether anybody still gets the canary. */
const AFTERWARDS = 10;

/**
 * How long other systems may take, by their documentation and source: nothing was measured.
 * Flagger rolls back at `threshold` failed checks, one an `interval`, which is 60 s by default;
 * 10 is its example's (docs/gitbook/usage/how-it-works.md). GrowthBook updates what a monitored
 * ramp looks at every 6 hours by default (EXPERIMENT_REFRESH_FREQUENCY).
 */
const DOCUMENTED = [
  { name: "Flagger", seconds: 60 * 10, setting: "interval 1m × threshold 10" },
  { name: "GrowthBook monitored ramp", seconds: 6 * 3_600, setting: "updated every 6 h" },
];
const CANARY_REQUESTS_PER_SECOND = 1;

/** How many requests go to a canary that fails, from the outcome that decides on. */
export async function measureRollbackReach({ quick }: Options): Promise<Row[]> {
  const platform = await openPlatform({ beside: elsewhere });
  try {
    const strict: StrictRun[] = [];
    for (let run = 0; run < (quick ? 2 : 10); run++)
      strict.push(await rollBackStrict(platform, run));
    const leased: LeasedRun[] = [];
    for (let run = 0; run < (quick ? 2 : 6); run++)
      leased.push(await rollBackLeased(platform, run));
    const sum = (of: (run: StrictRun) => number) =>
      strict.reduce((total, run) => total + of(run), 0);
    const last = leased.map(({ lastCanaryMs }) => lastCanaryMs);
    const clients = `${CLIENTS} clients over HTTP`;
    return [
      {
        measure:
          "outcomes of a canary that always fails until it is rolled back, those on their way included",
        ours: `${meanOf(strict.map(({ outcomes }) => outcomes)).toFixed(1)}, at most ${Math.max(...strict.map(({ outcomes }) => outcomes))}`,
        peers: DOCUMENTED.map(documented),
        how: `strict, ${strict.length} experiments, ${clients}, default policy; peers by documentation, at ${CANARY_REQUESTS_PER_SECOND} canary request a second`,
      },
      {
        measure: "canary assignments asked for after the reply to the decisive outcome, strict",
        ours: `${whole(sum(({ askedAfter }) => askedAfter))} of ${whole(sum(({ asked }) => asked))} (answered after it, asked before: ${whole(sum(({ inFlight }) => inFlight))})`,
        peers: [],
        how: `${strict.length} experiments, ${clients}`,
      },
      {
        measure: "the last canary assignment after the decisive outcome, leased, ms",
        ours: `${whole(quantileOf(last, 0.5))}, at most ${whole(Math.max(...last))} of ${whole(LEASE_MS)}`,
        peers: DOCUMENTED.map(({ name, seconds, setting }) => ({
          name,
          value: `up to ${whole(seconds * 1_000)} (${setting})`,
        })),
        how: `${leased.length} experiments with a lease of ${whole(LEASE_MS)} ms; the outcome comes from elsewhere, so that the isolate that decides is not told; ${clients}; peers by documentation, until they look`,
      },
    ];
  } finally {
    await platform.stop();
  }
}

const documented = ({ name, seconds, setting }: (typeof DOCUMENTED)[number]): Theirs => ({
  name,
  value: `up to ${whole(seconds * CANARY_REQUESTS_PER_SECOND)} (${setting})`,
});

type Routed = { variant_id: string; epoch: number; reason: string };
type Reported = { status: string };

const outcomeOf = (
  request_id: string,
  { variant_id, epoch }: Omit<Routed, "reason">,
  success: boolean,
) => ({
  request_id,
  variant_id,
  epoch,
  success,
  latency_ms: 5,
});

const route = (platform: OpenPlatform, id: string, request_id: string): Promise<Routed> =>
  platform.call("POST", `/v1/experiments/${id}/route`, { request_id });

const canaryOf = ({ variants }: Started): string => variants[1]?.variant_id ?? "";

type StrictRun = {
  /** The canary's outcomes that had been sent when the rollback was heard of. */
  outcomes: number;
  /** Canary assignments by when they were asked for and answered, relative to hearing of it. */
  asked: number;
  inFlight: number;
  askedAfter: number;
};

async function rollBackStrict(platform: OpenPlatform, run: number): Promise<StrictRun> {
  const experiment = await startExperiment(platform, {
    name: `strict ${run}`,
    consistency: "strict",
  });
  const canary = canaryOf(experiment);
  const found: StrictRun = { outcomes: 0, asked: 0, inFlight: 0, askedAfter: 0 };
  let heard = false;
  const client = async (name: number): Promise<void> => {
    let left = AFTERWARDS;
    for (let serial = 0; left > 0; serial++) {
      if (heard) left -= 1;
      const request_id = `r-${run}-${name}-${serial}`;
      const before = heard;
      const routed = await route(platform, experiment.id, request_id);
      found.asked += 1;
      const isCanary = routed.variant_id === canary;
      if (isCanary && heard) found[before ? "askedAfter" : "inFlight"] += 1;
      const outcomes = [outcomeOf(request_id, routed, !isCanary)];
      if (isCanary && !heard) found.outcomes += 1;
      const { status } = await platform.call<Reported>(
        "POST",
        `/v1/experiments/${experiment.id}/outcomes`,
        { outcomes },
      );
      if (status === "rolled_back") heard = true;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, (_, name) => client(name)));
  return found;
}

/** The same Worker a second time, as in another place: the actors and the directory are shared, leases are not. */
const ELSEWHERE = "linnet-elsewhere";
const elsewhere: NonNullable<PlatformOptions["beside"]> = ({ durableObjects = {}, ...worker }) => [
  {
    ...worker,
    name: ELSEWHERE,
    durableObjects: Object.fromEntries(
      Object.entries(durableObjects).map(([binding, actor]) => [
        binding,
        { ...(typeof actor === "object" ? actor : { className: actor }), scriptName: "linnet" },
      ]),
    ),
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
  },
];

type LeasedRun = { lastCanaryMs: number };

async function rollBackLeased(platform: OpenPlatform, run: number): Promise<LeasedRun> {
  const experiment = await startExperiment(platform, {
    name: `leased ${run}`,
    consistency: "leased",
    lease_ms: LEASE_MS,
  });
  const { id } = experiment;
  const canary = canaryOf(experiment);
  let decidedAt: number | null = null;
  let lastCanaryMs = 0;
  let rolledBack = false;
  const client = async (name: number): Promise<void> => {
    let left = AFTERWARDS;
    for (let serial = 0; left > 0; serial++) {
      if (rolledBack) left -= 1;
      const routed = await route(platform, id, `r-${run}-${name}-${serial}`);
      if (routed.reason === "rolled_back") rolledBack = true;
      else if (routed.variant_id === canary && decidedAt !== null)
        lastCanaryMs = Math.max(lastCanaryMs, performance.now() - decidedAt);
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, name) => client(name)));
  // Somewhere within a lease, another place in each run.
  await new Promise((resolve) => setTimeout(resolve, LEASE_MS * (0.5 + ((run * 7) % 10) / 10)));
  const base = String(await platform.miniflare.unsafeGetDirectURL(ELSEWHERE)).replace(/\/$/, "");
  for (let serial = 0; decidedAt === null; serial++) {
    const outcome = outcomeOf(`x-${run}-${serial}`, { variant_id: canary, epoch: 1 }, false);
    const path = `${base}/v1/experiments/${id}/outcomes`;
    const { status } = await platform.call<Reported>("POST", path, { outcomes: [outcome] });
    if (status === "rolled_back") decidedAt = performance.now();
  }
  await clients;
  return { lastCanaryMs };
}
