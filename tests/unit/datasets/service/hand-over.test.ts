import { describe, expect, it } from "vitest";
import { HandOver } from "../../../../workers/data/hand-over.ts";

const settled = async (promise: Promise<unknown>): Promise<boolean> => {
  let isSettled = false;
  void promise.finally(() => (isSettled = true)).catch(() => undefined);
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  return isSettled;
};

describe("handing over", () => {
  it("gives values in order, each taken before the giver goes on, and then ends", async () => {
    const between = new HandOver<number>();
    const given = between.give(1);
    expect(await settled(given)).toBe(false);
    const reader = between[Symbol.asyncIterator]();
    expect(await reader.next()).toEqual({ value: 1, done: false });
    await given;
    const next = reader.next();
    await between.give(2);
    expect(await next).toEqual({ value: 2, done: false });
    const last = reader.next();
    between.end();
    expect(await last).toEqual({ value: undefined, done: true });
    expect(await reader.next()).toEqual({ value: undefined, done: true });
  });

  it("gives what was offered before the end", async () => {
    const between = new HandOver<number>();
    void between.give(1);
    between.end();
    const found: number[] = [];
    for await (const value of between) found.push(value);
    expect(found).toEqual([1]);
  });

  it("lets the giver go when the reader leaves", async () => {
    const between = new HandOver<number>();
    const given = between.give(1);
    await between[Symbol.asyncIterator]().return?.();
    await given;
    await between.give(2);
  });

  it("lets both go when it comes to nothing: the reader with the reason", async () => {
    const reason = new Error("given up");
    const waiting = new HandOver<number>();
    const next = waiting[Symbol.asyncIterator]().next();
    waiting.fail(reason);
    await expect(next).rejects.toBe(reason);
    const offered = new HandOver<number>();
    const given = offered.give(1);
    offered.fail(reason);
    await given;
    await expect(offered[Symbol.asyncIterator]().next()).rejects.toBe(reason);
    offered.end();
    await expect(offered[Symbol.asyncIterator]().next()).rejects.toBe(reason);
  });
});
