import { afterAll, describe, expect, it } from "vitest";
import { WHOLE } from "../../domain/experiments/weight.ts";
import { arbitraryHistory } from "./support/history.ts";
import { holds } from "./support/holds.ts";
import { canaryRequests } from "./support/invariants.ts";
import type { Story } from "./support/story.ts";

const HISTORIES = arbitraryHistory({
  route: 20,
  predict: 15,
  report: 2,
  change: 2,
  reweigh: 1,
  budget: 1,
  evict: 2,
  ring: 1,
  die: 2,
});
const MOSTLY_CANARY = [WHOLE / 10, WHOLE - WHOLE / 10];
/** Leases end before their grants are spent, and the calls that give them back are repeated. */
const RETURNED = arbitraryHistory({ route: 1 }).map((history) =>
  Object.assign(history, { loss: 35, slow: 0 }),
);
const SMALL = { max_requests: 12, max_errors: null };
/** Large enough for grants of several requests, which may be left over. */
const LARGE = { max_requests: 30, max_errors: null };

/** Of the histories that the budget has ended, how many requests it still allowed. */
const unspent = { strict: [] as number[], leased: [] as number[] };

/** Of every grant, what is given back is given back once, however often the call is repeated. */
function grantsComeBackOnce({ leased, endings }: Story): void {
  const left = new Map<string, number>();
  for (const { grant } of leased) if (grant) left.set(grant.lease_id, grant.granted);
  let spent = [...left.values()].reduce((sum, granted) => sum + granted, 0);
  for (const { lease_id, unused } of leased.flatMap(({ returned }) => returned)) {
    spent -= Math.min(unused, left.get(lease_id) ?? 0);
    left.delete(lease_id);
  }
  expect(endings[0]?.spent).toBe(spent);
}

const noteUnspent = (kind: keyof typeof unspent) => (story: Story) => {
  const [ending] = story.endings;
  const last = ending?.events.findLast(({ type }) => type === "paused");
  const isSteady = !ending?.events.some(({ type }) => type === "budget_changed");
  if (!ending || !isSteady || last?.by !== "budget") return;
  const made = canaryRequests(story, 0, ending.definition).length;
  unspent[kind].push(Number(last.data["max_requests"]) - made);
};

afterAll(() => {
  for (const [kind, left] of Object.entries(unspent)) {
    const sum = left.reduce((total, one) => total + one, 0);
    const mean = (sum / Math.max(1, left.length)).toFixed(1);
    console.log(`${kind}: ${left.length} paused by their budget, ${mean} requests unspent`);
  }
});

describe("a budget of canary requests is never passed", () => {
  it("where each is paid for as it is decided", () =>
    holds({
      runs: 800,
      contests: [{ consistency: "strict", budget: SMALL }],
      histories: HISTORIES,
      also: noteUnspent("strict"),
    }));

  it("where isolates spend grants that they may take with them", () =>
    holds({
      runs: 800,
      contests: [{ consistency: "leased", budget: LARGE, weights: MOSTLY_CANARY }],
      histories: HISTORIES,
      also: noteUnspent("leased"),
    }));

  it("where what is left of grants comes back, and comes back again", () =>
    holds({
      runs: 400,
      contests: [{ consistency: "leased", budget: LARGE, weights: MOSTLY_CANARY }],
      histories: RETURNED,
      also: grantsComeBackOnce,
    }));

  it("where it is set while isolates decide without one", () =>
    holds({
      runs: 400,
      contests: [{ consistency: "leased", weights: MOSTLY_CANARY }],
      histories: HISTORIES,
    }));
});
