import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { KEY_LEASE_MS, WINDOW_MS } from "../../../domain/keys/quota.ts";
import { granted, refused } from "../support/granted.ts";
import { createKey, reportOf, SECRET_HASH } from "../support/key-actor.ts";

const HOUR = Date.UTC(2031, 0, 1, 12);

beforeEach(() => {
  vi.setSystemTime(HOUR);
});
afterEach(() => {
  vi.useRealTimers();
});

describe("admitting", () => {
  it("answers with the principal and a lease of requests", async () => {
    const { key, record } = await createKey();
    const { key_id, owner_id, environment, scopes } = record;
    expect(await granted(key.admit(SECRET_HASH, 8, null))).toEqual({
      lease_id: expect.any(Number),
      principal: { key_id, owner_id, environment, scopes },
      granted: 8,
      limit: 1_000,
      remaining: 992,
      reset_at: HOUR + WINDOW_MS,
      lease_ms: KEY_LEASE_MS,
    });
  });

  it("grants nothing when the quota is used up, and says when it refills", async () => {
    const { key } = await createKey({ rate_limit: 1 });
    await granted(key.admit(SECRET_HASH, 1, null));
    expect(await granted(key.admit(SECRET_HASH, 1, null))).toMatchObject({
      granted: 0,
      remaining: 0,
      reset_at: HOUR + WINDOW_MS,
    });
  });

  it("grants again in the next window", async () => {
    const { key } = await createKey({ rate_limit: 1 });
    await granted(key.admit(SECRET_HASH, 1, null));
    vi.setSystemTime(HOUR + WINDOW_MS);
    expect(await granted(key.admit(SECRET_HASH, 1, null))).toMatchObject({ granted: 1 });
  });

  it("leases no longer than the key lives", async () => {
    const { key } = await createKey({ expires_at: HOUR + 300 });
    expect(await granted(key.admit(SECRET_HASH, 1, null))).toMatchObject({ lease_ms: 300 });
  });
});

describe("refusing", () => {
  it.each([
    ["another hash of the same length", "5f".repeat(32)],
    ["a hash that differs in its last character", `${SECRET_HASH.slice(0, -1)}f`],
    ["the beginning of the hash", SECRET_HASH.slice(0, 32)],
    ["no hash", ""],
  ])("rejects %s", async (_, hash) => {
    const { key } = await createKey();
    expect(await refused(key.admit(hash, 1, null))).toEqual({ code: "key_rejected" });
  });

  it("rejects a key that was never created", async () => {
    const key = env.KEY.getByName("key_never");
    expect(await refused(key.admit(SECRET_HASH, 1, null))).toEqual({ code: "key_rejected" });
  });

  it("refuses a key from the millisecond of its expiry", async () => {
    const { key } = await createKey({ expires_at: HOUR + 10 });
    vi.setSystemTime(HOUR + 9);
    await granted(key.admit(SECRET_HASH, 1, null));
    vi.setSystemTime(HOUR + 10);
    expect(await refused(key.admit(SECRET_HASH, 1, null))).toEqual({ code: "key_expired" });
  });

  it("refuses a revoked key, also after an eviction", async () => {
    const { key } = await createKey();
    await key.revoke();
    expect(await refused(key.admit(SECRET_HASH, 1, null))).toEqual({ code: "key_revoked" });
    await evictDurableObject(key);
    expect(await refused(key.admit(SECRET_HASH, 1, null))).toEqual({ code: "key_revoked" });
  });

  it("takes nothing from the quota", async () => {
    const { key } = await createKey();
    await key.admit("wrong", 60, null);
    expect(await granted(key.admit(SECRET_HASH, 1, null))).toMatchObject({ remaining: 999 });
  });

  it("takes no report from somebody who does not know the key", async () => {
    const { key } = await createKey();
    await key.admit("wrong", 1, reportOf({ requests: 5 }));
    expect(await key.usage(1)).toEqual([]);
  });
});

describe("usage", () => {
  it("is added up by the hour; hours without requests are left out", async () => {
    const { key } = await createKey();
    await key.settle(reportOf({ requests: 3, errors: 1, total_ms: 30.5 }));
    vi.setSystemTime(HOUR + 2 * WINDOW_MS + 5);
    await key.settle(reportOf({ requests: 1, total_ms: 1 }));
    await granted(key.admit(SECRET_HASH, 1, reportOf({ requests: 1, errors: 1, total_ms: 2 })));
    expect(await key.usage(3)).toEqual([
      { hour: HOUR, requests: 3, errors: 1, total_ms: 30.5 },
      { hour: HOUR + 2 * WINDOW_MS, requests: 2, errors: 1, total_ms: 3 },
    ]);
  });

  it("shows as many hours as asked for, the current one included", async () => {
    const { key } = await createKey();
    await key.settle(reportOf({ requests: 1 }));
    vi.setSystemTime(HOUR + 2 * WINDOW_MS);
    expect(await key.usage(3)).toHaveLength(1);
    expect(await key.usage(2)).toEqual([]);
  });

  it("is kept for 31 days", async () => {
    const { key } = await createKey();
    await key.settle(reportOf({ requests: 1 }));
    vi.setSystemTime(HOUR + 31 * 24 * WINDOW_MS);
    await key.settle(reportOf({ requests: 2 }));
    expect(await key.usage(1_000)).toHaveLength(2);
    vi.setSystemTime(HOUR + 31 * 24 * WINDOW_MS + WINDOW_MS);
    await key.settle(reportOf({ requests: 3 }));
    expect((await key.usage(1_000)).map(({ requests }) => requests)).toEqual([2, 3]);
  });

  it("survives an eviction", async () => {
    const { key } = await createKey();
    await key.settle(reportOf({ requests: 3 }));
    await evictDurableObject(key);
    expect(await key.usage(1)).toMatchObject([{ requests: 3 }]);
  });
});

describe("delivered twice", () => {
  it("a creation keeps the first record", async () => {
    const { key, record } = await createKey({ rate_limit: 10 });
    await key.create({ ...record, rate_limit: 99 });
    expect(await granted(key.admit(SECRET_HASH, 1, null))).toMatchObject({ limit: 10 });
  });

  it("a settlement refunds its leases once", async () => {
    const { key } = await createKey();
    const { lease_id } = await granted(key.admit(SECRET_HASH, 50, null));
    await granted(key.admit(SECRET_HASH, 50, null));
    const report = reportOf({ unused: [{ lease_id, unused: 20 }] });
    await key.settle(report);
    await key.settle(report);
    expect(await granted(key.admit(SECRET_HASH, 1, report))).toMatchObject({ remaining: 919 });
  });

  it("a lease twice in one report is refunded once", async () => {
    const { key } = await createKey();
    const { lease_id } = await granted(key.admit(SECRET_HASH, 50, null));
    await granted(key.admit(SECRET_HASH, 50, null));
    const unused = { lease_id, unused: 20 };
    await key.settle(reportOf({ unused: [unused, unused] }));
    expect(await granted(key.admit(SECRET_HASH, 1, null))).toMatchObject({ remaining: 919 });
  });

  it("a revocation stays a revocation, and a creation after it does not undo it", async () => {
    const { key, record } = await createKey();
    await key.revoke();
    await key.revoke();
    await key.create(record);
    expect(await refused(key.admit(SECRET_HASH, 1, null))).toEqual({ code: "key_revoked" });
  });
});

describe("the quota", () => {
  it("gives back no more than the lease had", async () => {
    const { key } = await createKey();
    await granted(key.admit(SECRET_HASH, 60, null));
    const { lease_id } = await granted(key.admit(SECRET_HASH, 10, null));
    await key.settle(reportOf({ unused: [{ lease_id, unused: 1_000 }] }));
    expect(await granted(key.admit(SECRET_HASH, 1, null))).toMatchObject({ remaining: 939 });
  });

  it("gives nothing back for a lease of an earlier window", async () => {
    const { key } = await createKey();
    const { lease_id } = await granted(key.admit(SECRET_HASH, 10, null));
    vi.setSystemTime(HOUR + WINDOW_MS);
    await granted(key.admit(SECRET_HASH, 10, null));
    await key.settle(reportOf({ unused: [{ lease_id, unused: 10 }] }));
    expect(await granted(key.admit(SECRET_HASH, 1, null))).toMatchObject({ remaining: 989 });
  });

  it("is never exceeded by 50 who ask at once, settle twice and ask again", async () => {
    const { key } = await createKey({ rate_limit: 100 });
    const ask = () => granted(key.admit(SECRET_HASH, 16, null));
    const leases = await Promise.all(Array.from({ length: 50 }, ask));
    const total = leases.reduce((sum, lease) => sum + lease.granted, 0);
    expect(total).toBeLessThanOrEqual(100);

    const report = (lease: (typeof leases)[number]) =>
      reportOf({
        unused: [{ lease_id: lease.lease_id, unused: Math.floor(lease.granted / 2) }],
      });
    const refunded = leases.reduce((sum, lease) => sum + Math.floor(lease.granted / 2), 0);
    const settled = [...leases, ...leases].map((lease) => key.settle(report(lease)));
    const [again] = await Promise.all([
      Promise.all(Array.from({ length: 200 }, ask)),
      Promise.all(settled),
    ]);
    const regranted = again.reduce((sum, lease) => sum + lease.granted, 0);
    expect(total - refunded + regranted).toBeLessThanOrEqual(100);
  });

  it("is granted in full to those who keep asking", async () => {
    const { key } = await createKey({ rate_limit: 100 });
    const leases = await Promise.all(
      Array.from({ length: 100 }, () => granted(key.admit(SECRET_HASH, 16, null))),
    );
    expect(leases.reduce((sum, lease) => sum + lease.granted, 0)).toBe(100);
  });

  it("is what a plain count says, with an eviction between every two calls", async () => {
    const step = fc.oneof(
      fc.record({ kind: fc.constant("admit" as const), want: fc.integer({ min: 1, max: 20 }) }),
      fc.record({ kind: fc.constant("settle" as const), lease: fc.nat(), unused: fc.nat(20) }),
      fc.record({ kind: fc.constant("wait" as const), ms: fc.nat(WINDOW_MS) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25, size: "max" }), async (history) => {
        let now = HOUR;
        vi.setSystemTime(now);
        const { key } = await createKey({ rate_limit: 60 });
        const leases: { window: number; lease_id: number; open: number }[] = [];
        let window = HOUR;
        let used = 0;
        for (const step of history) {
          if (step.kind === "wait") {
            now += step.ms;
            vi.setSystemTime(now);
            continue;
          }
          if (step.kind === "admit") {
            const lease = await granted(key.admit(SECRET_HASH, step.want, null));
            if (now - (now % WINDOW_MS) !== window) used = 0;
            window = now - (now % WINDOW_MS);
            used += lease.granted;
            leases.push({ window, lease_id: lease.lease_id, open: lease.granted });
            expect(lease.remaining).toBe(60 - used);
          } else {
            const lease = leases[step.lease % Math.max(1, leases.length)];
            if (!lease) continue;
            const { lease_id } = lease;
            await key.settle(reportOf({ unused: [{ lease_id, unused: step.unused }] }));
            if (lease.window === window) used -= Math.min(step.unused, lease.open);
            lease.open = 0;
          }
          expect(used).toBeLessThanOrEqual(60);
          await evictDurableObject(key);
        }
      }),
      { numRuns: 20 },
    );
  });
});
