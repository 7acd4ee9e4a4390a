import { describe, it } from "vitest";
import { definitionOf } from "./support/contest.ts";
import { arbitraryHistory, type Kind } from "./support/history.ts";
import { holds } from "./support/holds.ts";

const ENDINGS: Partial<Record<Kind, number>> = {
  route: 3,
  predict: 2,
  report: 1,
  change: 3,
  conclude: 8,
  undo: 6,
  evict: 5,
  ring: 3,
  die: 1,
};

/** The control's version against the third, where the other experiment tries the second. */
const rival = definitionOf().variants.map((variant) =>
  variant.is_control ? variant : Object.assign(variant, { version: 3, name: "m@3" }),
);

describe("there are never two champions", () => {
  it("when one experiment is concluded and taken back again and again", () =>
    holds({
      runs: 500,
      contests: [{ consistency: "strict" }],
      histories: arbitraryHistory(ENDINGS),
    }));

  it("when two experiments of one model are concluded at once", () =>
    holds({
      runs: 500,
      contests: [{ consistency: "leased" }, { consistency: "strict", variants: rival }],
      histories: arbitraryHistory(ENDINGS, 2),
    }));

  it("when somebody moves the alias by hand in between", () =>
    holds({
      runs: 400,
      contests: [{ consistency: "strict" }],
      histories: arbitraryHistory({ ...ENDINGS, point: 3 }),
    }));
});
