import { describe, it } from "vitest";
import { THREE_ARMS } from "./support/contest.ts";
import { arbitraryHistory } from "./support/history.ts";
import { holds } from "./support/holds.ts";

describe("a leased experiment", () => {
  it("decides by no older table from the instant that a change answered", () =>
    holds({
      runs: 1_000,
      contests: [{ consistency: "leased", weights: THREE_ARMS }],
      histories: arbitraryHistory({
        route: 10,
        predict: 8,
        report: 5,
        change: 4,
        reweigh: 3,
        conclude: 1,
        undo: 1,
        evict: 3,
        ring: 1,
        die: 2,
      }),
    }));

  it("is rolled back by its outcomes as a strict one is, a lease later", () =>
    holds({
      runs: 400,
      contests: [
        {
          consistency: "leased",
          rollback: { rule: "threshold", error_rate_threshold: 0.3, min_requests: 4 },
        },
      ],
      histories: arbitraryHistory({ route: 4, predict: 10, report: 8, evict: 2, die: 1 }),
    }));
});
