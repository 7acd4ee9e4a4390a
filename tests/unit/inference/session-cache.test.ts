import { beforeEach, describe, expect, test } from "vitest";
import { fail, ok, type Result } from "../../../domain/result.ts";
import { SessionCache, type RequestLife } from "../../../workers/shared/session-cache.ts";

type Loaded = Result<string, string>;

const released: string[] = [];
const evicted: string[] = [];
const never = new Promise<void>(() => {});

const life: RequestLife = {
  keepAlive: () => undefined,
  patience: () => never,
  evicted: (key) => evicted.push(key),
};

beforeEach(() => {
  released.length = 0;
  evicted.length = 0;
});

const cacheOf = (budgetBytes: number) =>
  new SessionCache<string, string>({
    budgetBytes,
    release: (session) => released.push(session),
  });

/** A loader that a test settles by hand, and that counts its calls. */
function heldLoad() {
  const held = Promise.withResolvers<Loaded>();
  let calls = 0;
  const load = () => {
    calls += 1;
    return held.promise;
  };
  return { ...held, load, calls: () => calls };
}

const load = (session: string) => async (): Promise<Loaded> => ok(session);
const idle = (session: string) => session;
const settled = () => new Promise((resolve) => setTimeout(resolve));

describe("the budget", () => {
  test("counts what a session turns out to cost once it is loaded", async () => {
    const cache = new SessionCache<string, string>({
      budgetBytes: 30,
      release: (session) => released.push(session),
      extraBytes: (session) => (session === "A" ? 15 : 0),
    });
    await cache.use("a", 10, load("A"), life, idle);
    expect(cache.sessionBytes).toBe(25);
    await cache.use("b", 10, load("B"), life, idle);
    expect(evicted).toEqual(["a"]);
    expect(cache.sessionBytes).toBe(10);
  });

  test("evicts the least recently used sessions, as many as it takes", async () => {
    const cache = cacheOf(30);
    await cache.use("a", 10, load("A"), life, idle);
    await cache.use("b", 10, load("B"), life, idle);
    await cache.use("c", 10, load("C"), life, idle);
    await cache.use("a", 10, load("never"), life, idle);
    expect(evicted).toEqual([]);
    await cache.use("d", 15, load("D"), life, idle);
    expect(evicted).toEqual(["b", "c"]);
    expect(released).toEqual(["B", "C"]);
    expect([cache.sessions, cache.sessionBytes]).toEqual([2, 25]);
  });

  test("counts a session that is still loading", async () => {
    const cache = cacheOf(30);
    await cache.use("a", 20, load("A"), life, idle);
    const slow = heldLoad();
    const using = cache.use("b", 20, slow.load, life, idle);
    expect(released).toEqual(["A"]);
    slow.resolve(ok("B"));
    expect(await using).toEqual(ok("B"));
  });

  test("spares what is in use, and is met again when the use ends", async () => {
    const cache = cacheOf(30);
    const work = Promise.withResolvers<string>();
    const busy = cache.use("a", 20, load("A"), life, () => work.promise);
    await settled();
    await cache.use("b", 20, load("B"), life, idle);
    expect(released).toEqual(["B"]);
    work.resolve("done");
    expect(await busy).toEqual(ok("done"));
    expect([cache.sessions, cache.sessionBytes]).toEqual([1, 20]);
  });

  test("a session larger than the budget serves its request and goes", async () => {
    const cache = cacheOf(30);
    expect(await cache.use("a", 50, load("A"), life, idle)).toEqual(ok("A"));
    expect([cache.sessions, cache.sessionBytes]).toEqual([0, 0]);
    expect(released).toEqual(["A"]);
  });
});

describe("a load", () => {
  test("is shared by all that ask meanwhile", async () => {
    const cache = cacheOf(100);
    const { load: shared, calls, resolve } = heldLoad();
    const uses = Array.from({ length: 50 }, () => cache.use("a", 10, shared, life, idle));
    resolve(ok("A"));
    expect(await Promise.all(uses)).toEqual(Array.from({ length: 50 }, () => ok("A")));
    expect(calls()).toBe(1);
    expect(cache.sessionBytes).toBe(10);
  });

  test("that fails is told to all and not remembered", async () => {
    const cache = cacheOf(100);
    const { load: shared, resolve } = heldLoad();
    const uses = [1, 2].map(() => cache.use("a", 10, shared, life, idle));
    resolve(fail("broken"));
    expect(await Promise.all(uses)).toEqual([fail("broken"), fail("broken")]);
    expect([cache.sessions, cache.sessionBytes]).toEqual([0, 0]);
    expect(await cache.use("a", 10, load("A"), life, idle)).toEqual(ok("A"));
  });

  test("that throws does so for the one who began it; the others load again", async () => {
    const cache = cacheOf(100);
    const { load: breaks, reject } = heldLoad();
    const first = cache.use("a", 10, breaks, life, idle);
    const others = [1, 2, 3].map(() => cache.use("a", 10, load("A"), life, idle));
    reject(new Error("R2 is away"));
    await expect(first).rejects.toThrow("R2 is away");
    expect(await Promise.all(others)).toEqual([ok("A"), ok("A"), ok("A")]);
    expect(cache.sessionBytes).toBe(10);
  });

  test("is kept alive beyond the request that began it", async () => {
    const kept: Promise<unknown>[] = [];
    const cache = cacheOf(100);
    const { load: breaks, reject } = heldLoad();
    const using = cache.use("a", 10, breaks, { ...life, keepAlive: (p) => kept.push(p) }, idle);
    reject(new Error("R2 is away"));
    await expect(using).rejects.toThrow();
    await expect(kept[0]).resolves.toBeUndefined();
  });

  test("whose request died is begun again by one that waited, and may still come back", async () => {
    const cache = cacheOf(100);
    const dead = heldLoad();
    const patience = Promise.withResolvers<void>();
    const first = cache.use("a", 10, dead.load, life, idle);
    const second = cache.use(
      "a",
      10,
      load("second"),
      { ...life, patience: () => patience.promise },
      idle,
    );
    patience.resolve();
    expect(await second).toEqual(ok("second"));
    dead.resolve(ok("first"));
    expect(await first).toEqual(ok("second"));
    expect(released).toEqual(["first"]);
    expect([cache.sessions, cache.sessionBytes]).toEqual([1, 10]);
  });
});

describe("clear", () => {
  test("forgets every session, and those in use are released by their last user", async () => {
    const cache = cacheOf(100);
    const work = Promise.withResolvers<string>();
    const busy = cache.use("a", 10, load("A"), life, () => work.promise);
    await cache.use("b", 10, load("B"), life, idle);
    cache.clear();
    expect(released).toEqual(["B"]);
    expect([cache.sessions, cache.sessionBytes]).toEqual([0, 0]);
    expect(await cache.use("a", 10, load("A2"), life, idle)).toEqual(ok("A2"));
    work.resolve("done");
    await busy;
    expect(released).toEqual(["B", "A"]);
  });
});

test("a forgotten session is released and loaded again", async () => {
  const cache = cacheOf(100);
  await cache.use("a", 10, load("A"), life, idle);
  cache.forget("a");
  cache.forget("unknown");
  expect(released).toEqual(["A"]);
  expect(await cache.use("a", 10, load("A2"), life, idle)).toEqual(ok("A2"));
  expect(evicted).toEqual([]);
});

test("a throw in the work reaches the caller and ends the use", async () => {
  const cache = cacheOf(5);
  const using = cache.use("a", 10, load("A"), life, () => {
    throw new Error("bug");
  });
  await expect(using).rejects.toThrow("bug");
  expect(released).toEqual(["A"]);
});
