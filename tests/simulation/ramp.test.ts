import { describe, it } from "vitest";
import { WHOLE } from "../../domain/experiments/weight.ts";
import type { Changes } from "./support/contest.ts";
import { arbitraryHistory } from "./support/history.ts";
import { holds } from "./support/holds.ts";

const HISTORIES = arbitraryHistory({
  route: 4,
  predict: 12,
  report: 8,
  change: 2,
  steer: 3,
  answer: 2,
  evict: 3,
  ring: 2,
  die: 1,
});
const step = (share: number, approval: boolean) => ({
  weight: share * WHOLE,
  hold_ms: 400,
  minimum_outcomes: 1,
  approval,
});
const RAMP: Changes = {
  allocation_strategy: "ramping",
  weights: [WHOLE / 2, WHOLE / 2],
  ramp: {
    steps: [step(0.5, false), step(0.75, true), step(1, false)],
    on_degradation: "reverse",
  },
};
const GUARDED = { rule: "threshold", error_rate_threshold: 0.4, min_requests: 4 } as const;

describe("what an experiment does by itself is what its events say", () => {
  it("along a ramp, with rollbacks that wait for approval", () =>
    holds({
      runs: 400,
      contests: [{ ...RAMP, consistency: "leased", rollback: { ...GUARDED, mode: "approval" } }],
      histories: HISTORIES,
    }));

  it("in silence, with outcomes that come late or never", () =>
    holds({
      runs: 400,
      contests: [
        {
          ...RAMP,
          consistency: "strict",
          rollback: { ...GUARDED, no_data: { after_seconds: 1, action: "pause" } },
        },
      ],
      histories: HISTORIES,
    }));
});
