import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decide, type RoutingTable, type Unit } from "../../../domain/experiments/decide.ts";
import type { LayerShare } from "../../../domain/experiments/experiment.ts";
import { layOut, ownerAt } from "../../../domain/experiments/ledger.ts";
import { unitPosition } from "../../../domain/experiments/unit-position.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { arbitraryWeights } from "./arbitrary-weights.ts";

const table = (changes: Partial<RoutingTable> = {}): RoutingTable => ({
  experiment_id: "exp_decide",
  status: "running",
  epoch: 3,
  ledger: layOut([WHOLE / 2, WHOLE / 4, WHOLE / 4]),
  hash: { algorithm: "linnet" },
  targeting: null,
  layer: null,
  holdout: null,
  control: 1,
  winner: null,
  canary: [true, false, true],
  budgeted: false,
  enrols: false,
  ...changes,
});
const users = Array.from({ length: 64 }, (_, index) => `user-${index}`);
const variantsOf = (held: RoutingTable) =>
  users.map((user_id) => {
    const decision = decide(held, { request_id: "r", user_id });
    return decision.ok ? decision.value.variant : decision.error.code;
  });

it("refuses a draft", () => {
  expect(decide(table({ status: "draft" }), { request_id: "r" })).toEqual({
    ok: false,
    error: { code: "experiment_not_started" },
  });
});

it("answers with the owner of the unit's position, and with the epoch of the table", () => {
  const held = table();
  expect(decide(held, { request_id: "r", user_id: "u" })).toEqual({
    ok: true,
    value: {
      variant: ownerAt(held.ledger, unitPosition("exp_decide", "u")),
      epoch: 3,
      reason: "assigned",
    },
  });
});

it("spreads users over all variants while it runs", () => {
  expect(new Set(variantsOf(table()))).toEqual(new Set([0, 1, 2]));
});

describe("when it does not run", () => {
  it.each(["paused", "rolled_back"] as const)("sends everybody to control: %s", (status) => {
    const decision = decide(table({ status, winner: 2 }), { request_id: "r", user_id: "u" });
    expect(decision).toEqual({ ok: true, value: { variant: 1, epoch: 3, reason: status } });
    expect(new Set(variantsOf(table({ status })))).toEqual(new Set([1]));
  });

  it("sends everybody to the winner after a conclusion", () => {
    expect(new Set(variantsOf(table({ status: "concluded", winner: 2 })))).toEqual(new Set([2]));
  });

  it("sends everybody to control after a conclusion without a winner", () => {
    expect(new Set(variantsOf(table({ status: "concluded" })))).toEqual(new Set([1]));
  });
});

describe("what counts as the unit", () => {
  const text = fc.string({ minLength: 1, unit: "grapheme" });

  it("is the user, whatever the request", () => {
    fc.assert(
      fc.property(text, text, text, (user_id, first, second) => {
        expect(decide(table(), { request_id: first, user_id })).toEqual(
          decide(table(), { request_id: second, user_id, sticky: true }),
        );
      }),
    );
  });

  it("is the request when it is not sticky, whatever the user", () => {
    fc.assert(
      fc.property(text, text, (request_id, user_id) => {
        expect(decide(table(), { request_id, user_id, sticky: false })).toEqual(
          decide(table(), { request_id }),
        );
      }),
    );
  });

  it("draws the requests of one user on their own when they are not sticky", () => {
    const drawn = users.map((request_id) =>
      decide(table(), { request_id, user_id: "one", sticky: false }),
    );
    expect(new Set(drawn.map((decision) => decision.ok && decision.value.variant)).size).toBe(3);
  });
});

describe("the same unit gets the same variant", () => {
  it("from a copy of the table, which is what a lease is", () => {
    fc.assert(
      fc.property(arbitraryWeights, fc.string({ minLength: 1 }), (weights, user_id) => {
        const held = table({ ledger: layOut(weights), control: 0 });
        const leased = structuredClone(held);
        const unit = { request_id: "r", user_id };
        expect(decide(leased, unit)).toEqual(decide(held, unit));
      }),
    );
  });

  it("after a pause and a resumption, in a later epoch", () => {
    expect(variantsOf(table({ epoch: 9 }))).toEqual(variantsOf(table({ epoch: 3 })));
  });

  it("but not in another experiment", () => {
    expect(variantsOf(table({ experiment_id: "exp_other" }))).not.toEqual(variantsOf(table()));
  });
});

it("never sends anybody to a variant without weight", () => {
  fc.assert(
    fc.property(arbitraryWeights, fc.string({ minLength: 1 }), (weights, user_id) => {
      const decision = decide(table({ ledger: layOut(weights) }), { request_id: "r", user_id });
      expect(decision.ok && (weights[decision.value.variant] ?? 0)).toBeGreaterThan(0);
    }),
  );
});

describe("who takes no part gets the control", () => {
  const decided = (changes: Partial<RoutingTable>, unit: Partial<Unit> = {}) => {
    const decision = decide(table(changes), { request_id: "r", user_id: "u", ...unit });
    return decision.ok ? [decision.value.variant, decision.value.reason] : decision.error.code;
  };
  const share = (from: number, to: number): LayerShare => ({
    layer_id: "lyr_a",
    name: "checkout",
    salt: "lyr_a",
    intervals: [[from, to]],
  });
  const targeting = { attribute: "country", in: ["FR"] };

  it("because targeting leaves it out, also without any attribute", () => {
    expect(decided({ targeting }, { attributes: { country: "DE" } })).toEqual([1, "not_targeted"]);
    expect(decided({ targeting })).toEqual([1, "not_targeted"]);
    expect(decided({ targeting }, { attributes: { country: "FR" } })).toContain("assigned");
  });

  it("because it is held out, or outside of the experiment's part of a layer", () => {
    expect(decided({ holdout: share(0, WHOLE) })).toEqual([1, "held_out"]);
    expect(decided({ holdout: share(0, 0) })).toContain("assigned");
    expect(decided({ layer: share(0, 0) })).toEqual([1, "outside_layer"]);
    expect(decided({ layer: share(0, WHOLE) })).toContain("assigned");
  });

  it("as the layer's own hash says, whatever the experiment's", () => {
    const half = share(0, WHOLE / 2);
    for (const user_id of users) {
      const inside = unitPosition("lyr_a", user_id) < WHOLE / 2;
      const reason = inside ? "assigned" : "outside_layer";
      expect(decided({ layer: half }, { user_id })).toContain(reason);
    }
  });

  it("but is told the status first when the experiment does not run", () => {
    expect(decided({ status: "paused", targeting })).toEqual([1, "paused"]);
  });
});

describe("a unit that is enrolled", () => {
  const unit = { request_id: "r", user_id: "u" };

  it("keeps its variant, whatever the ledger says now", () => {
    for (const enrolled of [0, 1, 2])
      expect(decide(table(), unit, enrolled)).toMatchObject({
        value: { variant: enrolled, reason: "assigned" },
      });
  });

  it("gets the control like all others when the experiment does not run", () => {
    expect(decide(table({ status: "rolled_back" }), unit, 2)).toMatchObject({
      value: { variant: 1, reason: "rolled_back" },
    });
  });
});
