import { describe, it } from "vitest";
import { THREE_ARMS } from "./support/contest.ts";
import { arbitraryHistory } from "./support/history.ts";
import { holds } from "./support/holds.ts";

const HISTORIES = arbitraryHistory({
  route: 5,
  predict: 8,
  report: 8,
  change: 4,
  reweigh: 3,
  conclude: 1,
  undo: 1,
  evict: 3,
  ring: 1,
  die: 1,
});

/** Rolls back from four requests on, when more than 30 % of them failed. */
const GUARDED = { rule: "threshold", error_rate_threshold: 0.3, min_requests: 4 } as const;

describe("a strict experiment", () => {
  it("decides by no older table after a change has been acknowledged", () =>
    holds({
      runs: 1_000,
      contests: [{ consistency: "strict", weights: THREE_ARMS }],
      histories: HISTORIES,
    }));

  it("tells the decisive outcome of the rollback, and decides for the control from then on", () =>
    holds({
      runs: 800,
      contests: [{ consistency: "strict", rollback: GUARDED }],
      histories: HISTORIES,
    }));
});
