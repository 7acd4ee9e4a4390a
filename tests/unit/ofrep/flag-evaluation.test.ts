import { describe, expect, it } from "vitest";
import type { DecisionReason } from "../../../domain/experiments/decide.ts";
import { draftFlag, flagOf, REASONS } from "../../../domain/ofrep/flag-evaluation.ts";

const variant = { variant_id: "var_1", name: "wdbc@2", model: "wdbc", version: 2 };
const flag = (reason: DecisionReason) => flagOf("wdbc", "exp_1", { variant, epoch: 3, reason });

describe("the flag of an experiment", () => {
  it("has the version of the variant's model as its value", () => {
    expect(flag("assigned")).toEqual({
      key: "wdbc",
      value: 2,
      reason: "SPLIT",
      variant: "wdbc@2",
      metadata: {
        experiment_id: "exp_1",
        variant_id: "var_1",
        model: "wdbc",
        epoch: 3,
        linnet_reason: "assigned",
      },
    });
  });

  it.each([
    ["assigned", "SPLIT"],
    ["forced", "TARGETING_MATCH"],
    ["not_targeted", "TARGETING_MATCH"],
    ["held_out", "SPLIT"],
    ["outside_layer", "SPLIT"],
    ["budget_spent", "SPLIT"],
    ["concluded", "STATIC"],
    ["rolled_back", "STATIC"],
    ["paused", "DISABLED"],
  ] as const)("that is %s has the reason %s", (reason, expected) => {
    expect(flag(reason)).toMatchObject({
      reason: expected,
      metadata: { linnet_reason: reason },
    });
    expect(REASONS).toContain(expected);
  });

  it("leaves the value to the code while it is paused or was never started", () => {
    for (const answer of [flag("paused"), draftFlag("wdbc", "exp_1")]) {
      expect(answer).not.toHaveProperty("value");
      expect(answer).not.toHaveProperty("variant");
      expect(answer).toMatchObject({ key: "wdbc", reason: "DISABLED" });
    }
  });

  it("has metadata that OpenFeature can carry", () => {
    for (const answer of [flag("assigned"), flag("paused"), draftFlag("k", "exp_1")])
      for (const value of Object.values(answer.metadata))
        expect(["boolean", "string", "number"]).toContain(typeof value);
  });
});
