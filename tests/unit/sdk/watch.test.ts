import { describe, expect, it } from "vitest";
import { experiments, type LinnetError } from "../../../clients/sdk/index.ts";
import { problem, standIn, type Watcher } from "./stand-in.ts";

const frame = (epoch: number) =>
  JSON.stringify({ type: "experiment", experiment_id: "exp_1", status: "running", epoch });
const upgradeRequired = () => problem(426, "upgrade_required");

/** The epochs of the first `count` frames. */
async function epochsOf(frames: AsyncIterable<{ epoch: number }>, count: number) {
  const epochs: number[] = [];
  for await (const { epoch } of frames) if (epochs.push(epoch) === count) break;
  return epochs;
}

describe("watch", () => {
  it("sends the key as a subprotocol, and yields each state", async () => {
    const { client, watchers, received } = await standIn(upgradeRequired, ({ send }) => {
      send(frame(1));
      setTimeout(() => send("pong"), 10);
      setTimeout(() => send(`{"type":"later","epoch":9}`), 20);
      setTimeout(() => send(frame(2)), 30);
    });
    const linnet = client({ baseUrl: client().baseUrl + "/under/" });
    expect(await epochsOf(experiments.watch(linnet, "exp_1"), 2)).toEqual([1, 2]);
    expect(watchers[0]).toMatchObject({
      path: "/under/v1/experiments/exp_1/live",
      protocols: ["linnet.live.v1", "linnet.key.sk_test_key"],
    });
    await watchers[0]?.gone;
    expect(received).toEqual([]);
  });

  it("gives a slow reader the newest state", async () => {
    let sentAll = (): void => undefined;
    const all = new Promise<void>((resolve) => {
      sentAll = resolve;
    });
    const { client } = await standIn(upgradeRequired, ({ send }) => {
      send(frame(1));
      setTimeout(() => {
        for (let epoch = 2; epoch <= 50; epoch++) send(frame(epoch));
        setTimeout(sentAll, 50);
      }, 20);
    });
    const frames = experiments.watch(client(), "exp_1");
    await frames.next();
    await all;
    // The one that was asked for before they came, or the newest; none is queued behind it.
    const epochs = await epochsOf(frames, 1);
    expect(epochs).toEqual([50]);
  });

  it("opens the connection again when it is lost, and says so", async () => {
    const { client, watchers } = await standIn(upgradeRequired, ({ index, send, drop }) => {
      send(frame(index + 1));
      if (index < 2) setTimeout(drop, 20);
    });
    const waits: string[] = [];
    const onRetry = (error: LinnetError, waitMs: number) =>
      void waits.push(`${error.code} ${waitMs > 0}`);
    expect(await epochsOf(experiments.watch(client(), "exp_1", { onRetry }), 3)).toEqual([1, 2, 3]);
    expect(waits).toEqual(["network true", "network true"]);
    expect(watchers.length).toBe(3);
  });

  it.each([
    ["experiment_not_found", 404],
    ["key_revoked", 401],
  ])("rejects with %s, which a WebSocket alone would not tell", async (code, status) => {
    const { client, received } = await standIn(
      () => problem(status, code),
      ({ drop }) => drop(),
    );
    await expect(epochsOf(experiments.watch(client(), "exp_1"), 1)).rejects.toMatchObject({ code });
    expect(received.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /v1/experiments/exp_1/live",
    ]);
  });

  it("gives up after `retries` connections in a row", async () => {
    const { client, watchers } = await standIn(upgradeRequired, ({ drop }) => drop());
    const frames = experiments.watch(client(), "exp_1", { retries: 1 });
    await expect(epochsOf(frames, 1)).rejects.toMatchObject({ code: "network" });
    expect(watchers.length).toBe(2);
  });

  it("rejects with the signal's reason, and leaves no connection", async () => {
    const { client, watchers } = await standIn(upgradeRequired, ({ send }) => send(frame(1)));
    const controller = new AbortController();
    const frames = experiments.watch(client(), "exp_1", { signal: controller.signal });
    await frames.next();
    const next = frames.next();
    controller.abort(new Error("enough"));
    await expect(next).rejects.toThrow("enough");
    await watchers[0]?.gone;
  });

  it("takes another way to open a WebSocket", async () => {
    const { client } = await standIn(upgradeRequired, ({ send }: Watcher) => send(frame(1)));
    const asked: string[] = [];
    const linnet = client({
      openSocket: (url, protocols) => {
        asked.push(url.slice(0, 5));
        return new WebSocket(url, protocols);
      },
    });
    expect(await epochsOf(experiments.watch(linnet, "exp_1"), 1)).toEqual([1]);
    expect(asked).toEqual(["ws://"]);
  });
});
