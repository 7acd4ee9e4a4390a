import { createHash } from "node:crypto";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { experiments } from "../../../clients/sdk/index.ts";
import { chainedText } from "../../../contract/chained-text.ts";
import { standIn } from "./stand-in.ts";

type Event = {
  sequence: number;
  type: string;
  at: string;
  by: string;
  epoch: number;
  data: Record<string, unknown>;
  hash: string | null;
};

/** A log with `unchained` events from before the chain. */
function chainOf(count: number, unchained = 0): Event[] {
  let previous: string | null = null;
  return Array.from({ length: count }, (_, index) => {
    const event = {
      sequence: index + 1,
      type: "reweighed",
      at: new Date(Date.UTC(2026, 10, 21, 9, 30, index)).toISOString(),
      by: "key_1",
      epoch: index,
      data: { weights: ["0.9", "0.1"], cause: "asked" },
    };
    if (index < unchained) return { ...event, hash: null };
    previous = createHash("sha256").update(chainedText(previous, event)).digest("hex");
    return { ...event, hash: previous };
  });
}

async function verify(log: Event[], anchor?: string) {
  const { client, received } = await standIn(({ query }) => {
    const after = Number(query["cursor"] ?? 0);
    const items = log.filter(({ sequence }) => sequence > after).slice(0, 3);
    const last = items.at(-1)?.sequence ?? 0;
    return { json: { items, next_cursor: last < (log.at(-1)?.sequence ?? 0) ? `${last}` : null } };
  });
  return { report: await experiments.verifyEvents(client(), "exp_1", { anchor }), received };
}

describe("verifyEvents", () => {
  it("finds a chain right, page by page", async () => {
    const log = chainOf(8);
    const { report, received } = await verify(log);
    expect(report).toEqual({
      intact: true,
      events: 8,
      unchained: 0,
      head: { sequence: 8, hash: log[7]?.hash },
      broken: null,
      anchored: null,
    });
    expect(received.map(({ query }) => query["cursor"])).toEqual([undefined, "3", "6"]);
  });

  it("passes over events from before the chain, and counts them", async () => {
    const { report } = await verify(chainOf(5, 2));
    expect(report).toMatchObject({ intact: true, unchained: 2, head: { sequence: 5 } });
  });

  it("says at which event a changed log breaks, whatever was changed", async () => {
    const changes: ((event: Event) => Partial<Event>)[] = [
      () => ({ type: "paused" }),
      () => ({ at: "2026-11-21T09:31:00.000Z" }),
      () => ({ by: "key_2" }),
      ({ epoch }) => ({ epoch: epoch + 1 }),
      ({ data }) => ({ data: { ...data, weights: ["0.8", "0.2"] } }),
      () => ({ hash: "0".repeat(64) }),
    ];
    const where = fc.integer({ min: 0, max: 5 });
    await fc.assert(
      fc.asyncProperty(where, fc.constantFrom(...changes), async (index, change) => {
        const log = chainOf(6);
        const log2 = log.map((one, at) => (at === index ? { ...one, ...change(one) } : one));
        const { report } = await verify(log2);
        expect(report.broken).toEqual({ sequence: index + 1, reason: "hash" });
        expect(report.head?.sequence ?? 0).toBe(index);
      }),
      { numRuns: 20 },
    );
  });

  it("finds an event that is missing, and one whose hash is", async () => {
    const log = chainOf(6);
    const without = log.filter(({ sequence }) => sequence !== 3);
    expect((await verify(without)).report.broken).toEqual({ sequence: 4, reason: "gap" });
    const bare = log.map((one) => (one.sequence === 4 ? { ...one, hash: null } : one));
    expect((await verify(bare)).report.broken).toEqual({ sequence: 4, reason: "unchained" });
  });

  it("tells a chain that was made anew by the hash that was noted", async () => {
    const log = chainOf(6);
    const noted = log[2]?.hash ?? "";
    expect((await verify(log, noted)).report.anchored).toBe(true);
    const anew = await verify(chainOf(6, 1), noted);
    expect(anew.report).toMatchObject({ intact: true, anchored: false });
  });
});
