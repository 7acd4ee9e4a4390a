import { describe, it } from "vitest";
import { arbitraryHistory } from "./support/history.ts";
import { holds } from "./support/holds.ts";

const TRAFFIC = { route: 6, predict: 8, report: 20, change: 1, reweigh: 2, ring: 1, die: 1 };
const HISTORIES = arbitraryHistory({ ...TRAFFIC, evict: 4 });
/** Shards end in the middle of telling their sums, and what they told comes late. */
const RESTLESS = arbitraryHistory({ ...TRAFFIC, evict: 14 });

describe("an acknowledged outcome is counted once, as its last revision says", () => {
  it("by the experiment's actor", () =>
    holds({ runs: 800, contests: [{ consistency: "leased" }], histories: HISTORIES }));

  it("by shards, while the outcomes are being spread over them", () =>
    holds({
      runs: 1_000,
      contests: [{ consistency: "leased" }],
      histories: RESTLESS,
      spreads: true,
    }));
});
