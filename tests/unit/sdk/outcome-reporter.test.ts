import { setTimeout as sleep } from "node:timers/promises";
import { expect, it, vi } from "vitest";
import {
  createOutcomeReporter,
  type Outcome,
  type RejectedOutcome,
} from "../../../clients/sdk/index.ts";
import { type Answer, problem, type Received, standIn } from "./stand-in.ts";

const outcome = (index: number, more: Partial<Outcome> = {}): Outcome => ({
  request_id: `r${index}`,
  variant_id: "var_1",
  success: true,
  latency_ms: 5,
  ...more,
});

const idsOf = ({ body }: Received): string[] =>
  (JSON.parse(body) as { outcomes: Outcome[] }).outcomes.map(({ request_id }) => request_id);

const counted = (request: Received, rejected: object[] = []): Answer => ({
  json: { accepted: idsOf(request).length, duplicates: 0, rejected, status: "running" },
});

it("sends full batches at once and the rest after a while, in order", async () => {
  const { client, received } = await standIn((request) => counted(request));
  const reporter = createOutcomeReporter(client(), "exp_1", { maxBatch: 3, flushMs: 40 });
  for (let index = 0; index < 7; index++) expect(reporter.add(outcome(index))).toBe(true);
  await vi.waitFor(() => expect(received).toHaveLength(3));
  expect(received.map(idsOf)).toEqual([["r0", "r1", "r2"], ["r3", "r4", "r5"], ["r6"]]);
  expect(received[0]?.path).toBe("/v1/experiments/exp_1/outcomes");
  await reporter.close();
  expect(received).toHaveLength(3);
});

it("flushes what is held, and takes nothing once closed", async () => {
  const { client, received } = await standIn((request) => counted(request));
  const onReport = vi.fn<(report: unknown) => void>();
  const reporter = createOutcomeReporter(client(), "exp_1", { onReport });
  reporter.add(outcome(0));
  expect(reporter.buffered).toBe(1);
  await reporter.close();
  expect(received.map(idsOf)).toEqual([["r0"]]);
  expect(onReport).toHaveBeenCalledWith(expect.objectContaining({ status: "running" }));
  expect(reporter.add(outcome(1))).toBe(false);
  expect(reporter.buffered).toBe(0);
});

it("surfaces the outcomes that the platform does not count", async () => {
  const { client } = await standIn((request) =>
    counted(request, [{ request_id: "r1", code: "variant_unknown" }]),
  );
  const rejected: RejectedOutcome[] = [];
  const onRejected = (some: RejectedOutcome[]) => rejected.push(...some);
  const reporter = createOutcomeReporter(client(), "exp_1", { onRejected });
  reporter.add(outcome(0));
  reporter.add(outcome(1));
  await reporter.flush();
  expect(rejected).toEqual([{ outcome: outcome(1), code: "variant_unknown" }]);
});

it("takes a malformed outcome out of its batch and sends the others", async () => {
  const errors = [{ pointer: "#/outcomes/1/latency_ms", detail: "negative" }];
  const { client, received } = await standIn((request, index) =>
    index === 0 ? problem(400, "invalid_request", { members: { errors } }) : counted(request),
  );
  const rejected: RejectedOutcome[] = [];
  const onRejected = (some: RejectedOutcome[]) => rejected.push(...some);
  const reporter = createOutcomeReporter(client(), "exp_1", { onRejected });
  const bad = outcome(1, { latency_ms: -1 });
  for (const one of [outcome(0), bad, outcome(2)]) reporter.add(one);
  await reporter.close();
  expect(received.map(idsOf)).toEqual([
    ["r0", "r1", "r2"],
    ["r0", "r2"],
  ]);
  expect(rejected).toEqual([{ outcome: bad, code: "invalid_request" }]);
});

it("keeps outcomes while the platform is away, up to its bound", async () => {
  let away = true;
  const { client, received } = await standIn((request) =>
    away ? problem(503, "unavailable") : counted(request),
  );
  const onError = vi.fn<(error: unknown) => void>();
  const reporter = createOutcomeReporter(client({ retries: 0 }), "exp_1", {
    maxBatch: 2,
    maxBuffered: 4,
    flushMs: 60,
    onError,
  });
  const taken = Array.from({ length: 6 }, (_, index) => reporter.add(outcome(index)));
  expect(taken).toEqual([true, true, true, true, false, false]);
  await expect(reporter.flush()).rejects.toMatchObject({ code: "unavailable" });
  expect(reporter.buffered).toBe(4);
  // A full buffer does not make it ask more often than the timer does.
  const asked = received.length;
  for (let index = 0; index < 20; index++) reporter.add(outcome(index));
  await sleep(20);
  expect(received).toHaveLength(asked);
  expect(onError).toHaveBeenCalled();
  away = false;
  await vi.waitFor(() => expect(reporter.buffered).toBe(0));
  expect(received.slice(-2).map(idsOf)).toEqual([
    ["r0", "r1"],
    ["r2", "r3"],
  ]);
});

it("gives up outcomes of an experiment that is not there", async () => {
  const { client } = await standIn(() => problem(404, "experiment_not_found"));
  const rejected: RejectedOutcome[] = [];
  const onRejected = (some: RejectedOutcome[]) => rejected.push(...some);
  const reporter = createOutcomeReporter(client(), "exp_1", { onRejected });
  reporter.add(outcome(0));
  await reporter.close();
  expect(rejected).toEqual([{ outcome: outcome(0), code: "experiment_not_found" }]);
});
