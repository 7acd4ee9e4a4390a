import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { LiveFrame } from "../../../contract/experiment-live.ts";
import { NOW, outcomesOf, startContest, startExperiment } from "../support/experiment-actor.ts";
import { granted, refused } from "../support/granted.ts";
import { during } from "../support/outage.ts";

beforeEach(() => void vi.setSystemTime(NOW));
const opened: WebSocket[] = [];
afterEach(() => {
  for (const socket of opened.splice(0)) socket.close();
  vi.useRealTimers();
});

/** Opens a socket to the actor and gathers what it says. */
async function watch(id: string, headers: Record<string, string> = {}) {
  const response = await env.EXPERIMENT.getByName(id).fetch("https://live.test", {
    headers: { upgrade: "websocket", ...headers },
  });
  const socket = response.webSocket;
  if (!socket) throw new Error(`no socket, but ${response.status}`);
  const heard: string[] = [];
  const waiting: (() => void)[] = [];
  let closed: CloseEvent | undefined;
  const wake = () => waiting.splice(0).forEach((resume) => resume());
  socket.addEventListener("message", ({ data }) => {
    heard.push(String(data));
    wake();
  });
  socket.addEventListener("close", (event) => {
    closed = event;
    wake();
  });
  socket.accept();
  opened.push(socket);
  const next = async (): Promise<string> => {
    const quiet = () => heard.length === 0 && closed === undefined;
    while (quiet()) await new Promise<void>((resume) => waiting.push(resume));
    return heard.shift() ?? `closed ${closed?.code}`;
  };
  return {
    socket,
    response,
    next,
    frame: async () => JSON.parse(await next()) as LiveFrame,
    /** What has been said and not been asked for. */
    rest: () => heard.length,
  };
}
type Started = Awaited<ReturnType<typeof startExperiment>>;
/** Far enough from the last frame for the next one to be sent at once. */
const later = () => void vi.setSystemTime(Date.now() + 1_000);
const timersOf = ({ experiment }: Started, ms: number) =>
  runInDurableObject(experiment, () => void vi.advanceTimersByTime(ms));

describe("who watches an experiment", () => {
  it("is told how it stands at once", async () => {
    const { id, record } = await startExperiment();
    await record(outcomesOf(3, { success: false }));
    const { frame } = await watch(id);
    expect(await frame()).toMatchObject({
      type: "experiment",
      at: new Date(NOW).toISOString(),
      experiment_id: id,
      status: "running",
      epoch: 1,
      variants: [
        { variant_id: "var_0", traffic_weight: "0.5", request_count: 0 },
        { variant_id: "var_1", traffic_weight: "0.5", request_count: 3, error_count: 3 },
      ],
      guardrails: [
        { guardrail: "error_rate" },
        { guardrail: "error_rate" },
        { guardrail: "latency_p95_ms" },
      ],
      last_event: { type: "started" },
    });
  });

  it("is told of outcomes, of changes and of what rules do", async () => {
    const started = await startExperiment();
    const { frame } = await watch(started.id);
    await frame();
    later();
    await started.record(outcomesOf(2));
    expect((await frame()).variants[1]).toMatchObject({ request_count: 2 });
    later();
    await granted(started.change("pause", { reason: "lunch" }));
    expect(await frame()).toMatchObject({
      status: "paused",
      epoch: 2,
      guardrails: [],
      last_event: { type: "paused", data: { reason: "lunch" } },
    });
  });

  it("is told of a conclusion when it has been made, and of its undoing", async () => {
    const { id, change, experiment } = await startContest();
    const { frame } = await watch(id);
    await frame();
    later();
    const { undo_token = "" } = await granted(change("conclude", { winner: "var_1" }));
    expect(await frame()).toMatchObject({ status: "concluded", last_event: { type: "promoted" } });
    later();
    await granted(experiment.undo(undo_token, "key_a"));
    expect(await frame()).toMatchObject({ status: "running", last_event: { type: "demoted" } });
  });

  it("is told of a conclusion that only the alarm could make", async () => {
    const { id, change, experiment } = await startContest();
    const { frame } = await watch(id);
    await frame();
    await during("models", () => refused(change("conclude", { winner: "var_1" })));
    await frame();
    later();
    await runDurableObjectAlarm(experiment);
    await frame();
    expect(await frame()).toMatchObject({ status: "concluded", last_event: { type: "promoted" } });
  });

  it("is told at most four times a second, and then what came last", async () => {
    vi.useFakeTimers({ toFake: ["Date", "setTimeout", "clearTimeout"], now: NOW });
    const started = await startExperiment();
    const { frame, rest } = await watch(started.id);
    await frame();
    for (let at = 0; at < 10; at++) await started.record(outcomesOf(1));
    expect((await frame()).variants[1]).toMatchObject({ request_count: 1 });
    await timersOf(started, 249);
    expect(rest()).toBe(0);
    await timersOf(started, 1);
    expect((await frame()).variants[1]).toMatchObject({ request_count: 10 });
    expect(rest()).toBe(0);
  });

  it("is told by its own message how it stands now, and is answered a ping", async () => {
    const { id, record } = await startExperiment();
    const { frame, next, socket } = await watch(id);
    await frame();
    socket.send("ping");
    expect(await next()).toBe("pong");
    await record(outcomesOf(1));
    await frame();
    for (const asked of ["", "status", "\u0000", "x".repeat(10_000)]) {
      socket.send(asked);
      expect(await frame()).toMatchObject({ type: "experiment", epoch: 1 });
    }
  });

  it("is one of several: all are told the same, and one who goes takes nobody along", async () => {
    const { id, record } = await startExperiment();
    const [first, second] = [await watch(id), await watch(id)];
    await first.frame();
    await second.frame();
    first.socket.close();
    later();
    await record(outcomesOf(1));
    expect((await second.frame()).variants[1]).toMatchObject({ request_count: 1 });
  });

  it("goes on to be told after an eviction, and the experiment sleeps in between", async () => {
    const { id, record, change } = await startExperiment();
    const { frame } = await watch(id);
    await frame();
    await evictDurableObject(env.EXPERIMENT.getByName(id));
    later();
    await record(outcomesOf(1));
    expect((await frame()).variants[1]).toMatchObject({ request_count: 1 });
    await evictDurableObject(env.EXPERIMENT.getByName(id));
    later();
    await granted(change("rollback"));
    expect(await frame()).toMatchObject({ status: "rolled_back" });
  });

  it("is told that the experiment is gone by the end of its connection", async () => {
    const { id, change, experiment } = await startExperiment();
    const { frame, next } = await watch(id);
    await frame();
    later();
    await granted(change("rollback"));
    await frame();
    await granted(experiment.remove());
    expect(await next()).toBe("closed 1000");
  });
});

describe("a connection", () => {
  const ask = (id: string, headers: Record<string, string> = {}) =>
    env.EXPERIMENT.getByName(id).fetch("https://live.test", { headers });

  it("is a WebSocket or nothing, and of an experiment that is there", async () => {
    const { id } = await startExperiment();
    expect((await ask(id)).status).toBe(426);
    expect((await ask("exp_never", { upgrade: "websocket" })).status).toBe(404);
  });

  it("speaks the protocol that was offered, and none that was not", async () => {
    const { id } = await startExperiment();
    const protocol = "sec-websocket-protocol";
    const offered = await watch(id, { [protocol]: "linnet.live.v1, linnet.key.sk_x" });
    expect(offered.response.headers.get(protocol)).toBe("linnet.live.v1");
    const other = await watch(id, { [protocol]: "linnet.live.v9" });
    expect(other.response.headers.get(protocol)).toBeNull();
  });

  it("is one of a hundred at most, and free again when somebody has gone", async () => {
    const { id, record } = await startExperiment();
    const sockets = await Promise.all(Array.from({ length: 100 }, () => watch(id)));
    expect((await ask(id, { upgrade: "websocket" })).status).toBe(429);
    sockets[0]?.socket.close();
    later();
    await record(outcomesOf(1));
    const again = await watch(id);
    expect(await again.frame()).toMatchObject({ experiment_id: id });
  });
});
