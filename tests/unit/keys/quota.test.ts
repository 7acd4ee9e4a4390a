import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  KEY_LEASE_MS,
  type QuotaState,
  refundQuota,
  takeQuota,
  WINDOW_MS,
} from "../../../domain/keys/quota.ts";

const HOUR = 500_000 * WINDOW_MS;
const UNUSED: QuotaState = { window_start: 0, used: 0 };

it("grants what is wanted while that is at most a sixteenth of what is left", () => {
  expect(takeQuota(UNUSED, { now: HOUR + 5, want: 8, limit: 1_000 })).toEqual({
    state: { window_start: HOUR, used: 8 },
    grant: {
      granted: 8,
      remaining: 992,
      limit: 1_000,
      reset_at: HOUR + WINDOW_MS,
      expires_at: HOUR + 5 + KEY_LEASE_MS,
    },
  });
});

it("grants no more than a sixteenth of what is left to one isolate", () => {
  expect(takeQuota(UNUSED, { now: HOUR, want: 900, limit: 1_000 }).grant.granted).toBe(62);
});

it("grants one by one when little is left, and nothing when nothing is", () => {
  const nearly = { window_start: HOUR, used: 9 };
  expect(takeQuota(nearly, { now: HOUR, want: 8, limit: 10 }).grant).toMatchObject({
    granted: 1,
    remaining: 0,
  });
  const empty = { window_start: HOUR, used: 10 };
  expect(takeQuota(empty, { now: HOUR, want: 8, limit: 10 })).toMatchObject({
    state: empty,
    grant: { granted: 0, remaining: 0 },
  });
});

describe("the window", () => {
  const spent = { window_start: HOUR, used: 10 };

  it("holds to its last millisecond", () => {
    const last = takeQuota(spent, { now: HOUR + WINDOW_MS - 1, want: 1, limit: 10 });
    expect(last.grant).toMatchObject({ granted: 0, reset_at: HOUR + WINDOW_MS });
  });

  it("refills at the full hour", () => {
    const first = takeQuota(spent, { now: HOUR + WINDOW_MS, want: 1, limit: 10 });
    expect(first.state).toEqual({ window_start: HOUR + WINDOW_MS, used: 1 });
  });

  it("ends the lease with it, so that nothing is spent in the next", () => {
    const late = takeQuota(UNUSED, { now: HOUR + WINDOW_MS - 1, want: 1, limit: 10 });
    expect(late.grant.expires_at).toBe(HOUR + WINDOW_MS);
  });
});

describe("a refund", () => {
  const state = { window_start: HOUR, used: 10 };

  it("gives back what was not used", () => {
    expect(refundQuota(state, { window_start: HOUR, unused: 4 }).used).toBe(6);
  });

  it("comes too late after the window", () => {
    expect(refundQuota(state, { window_start: HOUR - WINDOW_MS, unused: 4 })).toEqual(state);
  });

  it("never gives back more than was used", () => {
    expect(refundQuota(state, { window_start: HOUR, unused: 40 }).used).toBe(0);
  });
});

describe("along any history of grants and refunds", () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("take" as const), want: fc.nat(64), wait: fc.nat(WINDOW_MS) }),
      fc.record({ kind: fc.constant("refund" as const), lease: fc.nat(), share: fc.nat(100) }),
    ),
    { maxLength: 60 },
  );

  it("no window spends more than the limit, and the state counts what it spent", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), steps, (limit, history) => {
        let now = HOUR;
        let state = UNUSED;
        const open: { window_start: number; granted: number }[] = [];
        const spent = new Map<number, number>();
        for (const step of history) {
          if (step.kind === "take") {
            now += step.wait;
            const taken = takeQuota(state, { now, want: step.want, limit });
            state = taken.state;
            const { window_start } = state;
            open.push({ window_start, granted: taken.grant.granted });
            spent.set(window_start, (spent.get(window_start) ?? 0) + taken.grant.granted);
            expect(taken.grant.remaining).toBe(limit - state.used);
          } else {
            const [lease] = open.splice(step.lease % Math.max(1, open.length), 1);
            if (!lease) continue;
            const unused = Math.floor((lease.granted * step.share) / 100);
            const { window_start } = lease;
            state = refundQuota(state, { window_start, unused });
            if (window_start === state.window_start)
              spent.set(window_start, (spent.get(window_start) ?? 0) - unused);
          }
          expect(state.used).toBe(spent.get(state.window_start) ?? 0);
        }
        expect(Math.max(0, ...spent.values())).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it("a patient caller gets the whole quota of a window", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 64 }),
        (limit, want) => {
          let state = UNUSED;
          let granted = 0;
          for (let call = 0; call < limit; call++) {
            const taken = takeQuota(state, { now: HOUR, want, limit });
            state = taken.state;
            granted += taken.grant.granted;
          }
          expect(granted).toBe(limit);
        },
      ),
    );
  });
});
