import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  CHANGES_KEPT,
  HEARTBEAT_MS,
  RECENT_MS,
  STREAM_LIFE_MS,
  STREAMS_MOST,
} from "../../../contract/feed-lease.ts";
import { granted, refused } from "../support/granted.ts";
import { heard } from "../support/heard.ts";
import { serialId } from "../support/serial-id.ts";

const feedOf = () => {
  const name = serialId("usr");
  return () => env.FEED.getByName(name);
};
const change = (epoch: number, experiment_id = "exp_1") => ({ experiment_id, epoch, at: 5_000 });
type Feed = ReturnType<typeof feedOf>;
const listen = async (feed: Feed, after: number | null = null) =>
  heard(await granted(feed().stream(after)));
/** Lets the actor's timer run, in the actor: what it writes to belongs to it. */
const beat = (feed: Feed) =>
  runInDurableObject(feed(), () => void vi.advanceTimersByTime(HEARTBEAT_MS));
const sequences = async (feed: Feed, after = 0) =>
  (await feed().changes(after)).map(({ sequence }) => sequence);

afterEach(() => void vi.useRealTimers());

describe("a change", () => {
  it("is heard by every open stream, once and in order", async () => {
    const feed = feedOf();
    const streams = [await listen(feed), await listen(feed)];
    await feed().publish(change(1));
    await feed().publish(change(2));
    for (const stream of streams) {
      expect(await stream.next()).toEqual({
        id: "1",
        event: "message",
        data: { type: "refetchEvaluation", etag: "1", lastModified: 5 },
      });
      expect(await stream.next()).toMatchObject({ id: "2" });
      await stream.stop();
    }
  });

  it("that is delivered again is the same change", async () => {
    const feed = feedOf();
    await feed().publish(change(1));
    await feed().publish(change(1));
    await evictDurableObject(feed());
    const stream = await listen(feed);
    await feed().publish(change(1));
    expect(await sequences(feed)).toEqual([1]);
    await feed().publish(change(2));
    expect(await stream.next()).toMatchObject({
      data: { etag: String((await sequences(feed))[1]) },
    });
    expect((await feed().changes(1)).map(({ epoch }) => epoch)).toEqual([2]);
    await stream.stop();
  });

  it("has a number of its own, whoever publishes at the same time", async () => {
    const feed = feedOf();
    const stream = await listen(feed);
    const epochs = Array.from({ length: 20 }, (_, at) => 1 + (at % 10));
    await Promise.all(epochs.map((epoch) => feed().publish(change(epoch))));
    const numbers = await sequences(feed);
    expect(numbers).toHaveLength(10);
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    for (const number of numbers) expect(await stream.next()).toMatchObject({ id: `${number}` });
    await stream.stop();
  });

  it("of one owner is not heard by another", async () => {
    const [feed, other] = [feedOf(), feedOf()];
    const stream = await listen(other);
    await feed().publish(change(7));
    await other().publish(change(8));
    expect(await stream.next()).toMatchObject({ id: "1" });
    expect(await sequences(feed)).toEqual([1]);
    await stream.stop();
  });
});

describe("whoever comes back", () => {
  it("hears what it missed and then what comes, with nothing between them lost", async () => {
    const feed = feedOf();
    for (const epoch of [1, 2, 3]) await feed().publish(change(epoch));
    const [stream] = await Promise.all([listen(feed, 1), feed().publish(change(4))]);
    const ids = [await stream.next(), await stream.next(), await stream.next()];
    expect(ids.map((event) => event?.id)).toEqual(["2", "3", "4"]);
    await stream.stop();
  });

  it("finds the changes after an eviction", async () => {
    const feed = feedOf();
    await feed().publish(change(1));
    await evictDurableObject(feed());
    await feed().publish(change(2));
    await evictDurableObject(feed());
    const stream = await listen(feed, 0);
    expect([(await stream.next())?.id, (await stream.next())?.id]).toEqual(["1", "2"]);
    await stream.stop();
  });

  it("finds the changes after a crash, which ends the streams", async () => {
    const feed = feedOf();
    const stream = await listen(feed);
    await feed().publish(change(1));
    expect(await stream.next()).toMatchObject({ id: "1" });
    await abortAllDurableObjects();
    expect(await stream.next()).toBeUndefined();
    expect(await feed().openStreams()).toBe(0);
    await feed().publish(change(2));
    const again = await listen(feed, 1);
    expect(await again.next()).toMatchObject({ id: "2" });
    await again.stop();
  });

  it("without an id hears first of the latest change, if it was a moment ago", async () => {
    const feed = feedOf();
    const now = Date.now();
    await feed().publish({ ...change(1), at: now - RECENT_MS - 1_000 });
    const late = await listen(feed);
    await feed().publish({ ...change(2), at: now - 1_000 });
    await feed().publish({ ...change(3), at: now });
    const soon = await listen(feed);
    expect(await late.next()).toMatchObject({ id: "2" });
    expect(await soon.next()).toMatchObject({ id: "3" });
    await Promise.all([late.stop(), soon.stop()]);
  });

  it("with an id of no change hears only what comes", async () => {
    const feed = feedOf();
    await feed().publish(change(1));
    const stream = await listen(feed, 99);
    await feed().publish(change(2));
    expect(await stream.next()).toMatchObject({ id: "2" });
    await stream.stop();
  });

  it("hears of the latest changes only", async () => {
    const feed = feedOf();
    for (let epoch = 1; epoch <= CHANGES_KEPT + 5; epoch += 100)
      await Promise.all(Array.from({ length: 100 }, (_, at) => feed().publish(change(epoch + at))));
    const numbers = await sequences(feed);
    expect(numbers).toHaveLength(CHANGES_KEPT);
    expect(numbers.at(-1)).toBe(CHANGES_KEPT + 100);
    expect((await feed().changes(0))[0]).toMatchObject({ epoch: 101, sequence: 101 });
  });
});

describe("an open stream", () => {
  it("says that it lives, and no longer once nobody listens", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const feed = feedOf();
    const stream = await listen(feed);
    expect(await stream.text()).toBe("retry: 2000\n: open\n\n");
    await beat(feed);
    expect(await stream.text()).toBe(": heartbeat\n\n");
    await stream.stop();
    await feed().publish(change(1));
    expect(await feed().openStreams()).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it("ends after its life, so that its client shows its token again", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "Date"] });
    const feed = feedOf();
    const stream = await listen(feed);
    vi.setSystemTime(Date.now() + STREAM_LIFE_MS + 1);
    await beat(feed);
    expect(await stream.next()).toBeUndefined();
    expect(await feed().openStreams()).toBe(0);
  });

  it("whose client has gone is dropped at the next change, and the others go on", async () => {
    const feed = feedOf();
    const [gone, stays] = [await listen(feed), await listen(feed)];
    expect(await feed().openStreams()).toBe(2);
    await gone.stop();
    await feed().publish(change(1));
    expect(await stays.next()).toMatchObject({ id: "1" });
    await feed().publish(change(2));
    expect(await stays.next()).toMatchObject({ id: "2" });
    expect(await feed().openStreams()).toBe(1);
    await stays.stop();
  });

  it("is one of so many at most; who is refused finds a place after others have gone", async () => {
    const feed = feedOf();
    const streams = await Promise.all(Array.from({ length: STREAMS_MOST }, () => listen(feed)));
    expect(await refused(feed().stream(null))).toEqual({
      code: "streams_too_many",
      most: STREAMS_MOST,
    });
    await Promise.all(streams.map((stream) => stream.stop()));
    await feed().stream(null);
    const stream = await listen(feed);
    await feed().publish(change(1));
    expect(await stream.next()).toMatchObject({ id: "1" });
    await stream.stop();
  });
});
