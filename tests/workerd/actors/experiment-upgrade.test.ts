import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { draftOf } from "../../../domain/experiments/lifecycle.ts";
import { mean } from "../../../domain/statistics/moments.ts";
import { quantile } from "../../../domain/statistics/quantile-sketch.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { SCHEMA } from "../../../durable-objects/experiment/schema.ts";
import { upgradeSchema } from "../../../durable-objects/shared/upgrade-schema.ts";
import {
  createExperiment,
  definitionOf,
  eventsOf,
  outcomeOf,
  outcomesOf,
} from "../support/experiment-actor.ts";
import { granted, refused } from "../support/granted.ts";

type Started = Awaited<ReturnType<typeof createExperiment>>;

/** What definitions and states did not have before step 0002. */
const NEW_OF_DEFINITION = [
  "flag_key",
  "ramp",
  "bandit",
  "hash",
  "imported",
  "targeting",
  "layer",
  "holdout",
  "budget",
  "lease_ms",
];
const NEW_OF_STATE = [
  "earlier",
  "ramp",
  "budget",
  "proposal",
  "quiet_until",
  "shards",
  "concluded_from",
];
const without = (value: object, names: readonly string[]) =>
  Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));

/** The rows that an experiment of step 0001 had: running in epoch 3, with three requests counted. */
function rowsOfBefore(storage: DurableObjectStorage, started: Started): void {
  const { definition } = started;
  const { sql } = storage;
  for (const { name } of sql
    .exec<{ name: string }>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '_cf_%'",
    )
    .toArray())
    sql.exec(`DROP TABLE ${name}`);
  upgradeSchema(storage, SCHEMA.slice(0, 2));
  const older = {
    ...without(definition, NEW_OF_DEFINITION),
    variants: definition.variants.map((variant) => without(variant, ["is_baseline"])),
    rollback: {
      error_rate_threshold: 0.5,
      latency_degradation_threshold: 1_000,
      min_requests: 5,
    },
  };
  const state = without(draftOf(definition), NEW_OF_STATE);
  const running = { ...state, status: "running", epoch: 3, started_at: 2_000, updated_at: 3_000 };
  sql.exec(
    "INSERT INTO experiment (id, definition, state) VALUES (?, ?, ?)",
    definition.id,
    JSON.stringify(older),
    JSON.stringify(running),
  );
  sql.exec(
    `INSERT INTO event (type, at, by, epoch, data) VALUES
       ('created', 1000, 'key_a', 0, '{}'), ('started', 2000, 'key_a', 1, '{}'),
       ('paused', 2500, 'key_a', 2, '{}'), ('resumed', 3000, 'key_a', 3, '{}')`,
  );
  const body = (variant: number, success: 0 | 1, latency: number) =>
    JSON.stringify([`var_${variant}`, 1, 1, success, latency, { conversion: success }]);
  sql.exec(
    "INSERT INTO outcome (request_id, body) VALUES ('a', ?), ('b', ?), ('c', ?)",
    body(0, 1, 10),
    body(1, 1, 20),
    body(1, 0, 30),
  );
  sql.exec("INSERT INTO tally VALUES (0, 1, 0, 1, 0), (1, 2, 1, 2, 1)");
  sql.exec(
    `INSERT INTO moment VALUES (0, '', 1, 10, 0, 100, 0), (1, '', 2, 50, 0, 1300, 0),
       (0, 'conversion', 1, 1, 0, 1, 0), (1, 'conversion', 2, 1, 0, 1, 0)`,
  );
  sql.exec("INSERT INTO latency_bin VALUES (0, 116, 1), (1, 151, 1), (1, 171, 1)");
}

/** An experiment as it was before step 0002, and is woken up after it. */
async function upgraded() {
  const started = await createExperiment({ weights: [WHOLE / 2, WHOLE / 2] });
  await runInDurableObject(started.experiment, (_, { storage }) => rowsOfBefore(storage, started));
  await evictDurableObject(env.EXPERIMENT.getByName(started.id));
  return started;
}

let started: Started;
beforeEach(async () => {
  started = await upgraded();
});

describe("an experiment of before epochs were counted", () => {
  it("is what it was, and has the new fields as they behave like before", async () => {
    const { definition, state } = await granted(started.experiment.describe());
    expect(definition).toMatchObject({
      ...without(definitionOf(), ["id", "owner_id", "rollback"]),
      lease_ms: 1_000,
      rollback: { rule: "threshold", mode: "automatic", error_rate_threshold: 0.5 },
    });
    const now = { status: "running", epoch: 3, started_at: 2_000, updated_at: 3_000 };
    expect(state).toEqual({ ...draftOf(started.definition), ...now });
  });

  it("keeps its counts, in the epoch in which it was found", async () => {
    const arms = await started.report();
    expect(arms.map(({ requests, errors }) => [requests, errors])).toEqual([
      [1, 0],
      [2, 1],
    ]);
    expect(arms.map(({ latency }) => mean(latency))).toEqual([10, 25]);
    expect(arms.map(({ metrics }) => metrics["conversion"]?.count)).toEqual([1, 2]);
    expect(arms.map(({ bins }) => quantile(bins, 0.99) !== null)).toEqual([true, true]);
    expect(new Set((await started.cells()).map(({ epoch }) => epoch))).toEqual(new Set([3]));
  });

  it("knows the weights that are in force in that epoch", async () => {
    const { epochs } = await granted(started.experiment.report());
    expect(epochs).toEqual([
      { epoch: 3, at: 3_000, status: "running", weights: [WHOLE / 2, WHOLE / 2] },
    ]);
  });

  it("knows the requests that it has counted", async () => {
    const again = [outcomeOf("b", { latency_ms: 20 }), outcomeOf("new")];
    expect(await started.record(again)).toMatchObject({ accepted: 1, duplicates: 1 });
    expect((await started.report())[1]).toMatchObject({ requests: 3 });
  });

  it("decides as before, and goes on to be changed and rolled back", async () => {
    const { experiment, change, record, state } = started;
    const { epoch } = await granted(experiment.decide({ request_id: "r" }));
    expect(epoch).toBe(3);
    await granted(change("pause"));
    await granted(change("resume"));
    expect(await record(outcomesOf(5, { success: false }))).toMatchObject({
      status: "rolled_back",
    });
    expect(await state()).toMatchObject({ epoch: 6, budget: { max_requests: null } });
  });

  it("has events without a hash, and chains from there on", async () => {
    await granted(started.change("pause"));
    const hashes = (await eventsOf(started.id)).map(({ hash }) => hash);
    expect(hashes.slice(0, 4)).toEqual([null, null, null, null]);
    expect(hashes[4]).toMatch(/^[0-9a-f]{64}$/);
  });

  it("knows no ramp, no proposal and no token of a conclusion", async () => {
    const { experiment } = started;
    const by = { by: "key_a" };
    expect(await refused(experiment.steerRamp("hold", by))).toEqual({ code: "ramp_missing" });
    expect(await refused(experiment.answerProposal("approve", "key_a"))).toMatchObject({
      code: "proposal_missing",
    });
    expect(await refused(experiment.undo("undo_", "key_a"))).toMatchObject({
      code: "undo_refused",
    });
  });
});

it("the step is not applied again by the next wake-up", async () => {
  const before = await started.report();
  await evictDurableObject(env.EXPERIMENT.getByName(started.id));
  expect(await started.report()).toEqual(before);
});
