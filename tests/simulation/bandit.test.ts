import { describe, it } from "vitest";
import { WHOLE } from "../../domain/experiments/weight.ts";
import { arbitraryHistory } from "./support/history.ts";
import { holds } from "./support/holds.ts";

const HISTORIES = arbitraryHistory({
  route: 8,
  predict: 8,
  report: 10,
  change: 1,
  reweigh: 1,
  evict: 3,
  ring: 1,
  die: 2,
});
const BANDIT = {
  allocation_strategy: "mab",
  bandit: {
    metric: "success_rate",
    objective: "maximize",
    algorithm: "thompson",
    minimum_share: WHOLE / 20,
  },
} as const;

describe("a bandit lets an enrolled unit keep its variant", () => {
  it("where the actor decides", () =>
    holds({ runs: 400, contests: [{ ...BANDIT, consistency: "strict" }], histories: HISTORIES }));

  it("where isolates remember what the actor said", () =>
    holds({ runs: 400, contests: [{ ...BANDIT, consistency: "leased" }], histories: HISTORIES }));
});
