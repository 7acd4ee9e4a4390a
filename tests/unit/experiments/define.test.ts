import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AllocationRequest, planAllocation } from "../../../domain/experiments/define.ts";
import { weightsOf } from "../../../domain/experiments/ledger.ts";
import { formatWeight, WHOLE } from "../../../domain/experiments/weight.ts";
import { arbitraryWeights } from "./arbitrary-weights.ts";

type VariantRequest = AllocationRequest["variants"][number];

const variant = (index: number, changes: Partial<VariantRequest>): VariantRequest => ({
  model: "wdbc",
  version: index + 1,
  traffic_weight: "0.5",
  is_control: index === 0,
  is_baseline: false,
  ...changes,
});
/** An allocation by fixed weights, unless `more` asks for another. */
const plan = (variants: readonly VariantRequest[], more: Partial<AllocationRequest> = {}) =>
  planAllocation({
    variants,
    allocation_strategy: "percentage",
    primary_metric: "conversion_rate",
    ...more,
  });
const PLAIN = { ramp: null, bandit: null, hash: { algorithm: "linnet" }, imported: null };
const planned = (weights: readonly number[], more: object = {}) => ({
  ok: true,
  value: { ...PLAIN, weights, ...more },
});
/** One variant a weight, each of another version, the first as control. */
const variantsOf = (weights: readonly string[]) =>
  weights.map((traffic_weight, index) => variant(index, { traffic_weight }));
const refused = (code: string, pointer: string, detail: unknown = expect.any(String)) => ({
  ok: false,
  error: { code, pointer, detail },
});

it("takes 0.1 + 0.2 + 0.7 as exactly 1", () => {
  expect(plan(variantsOf(["0.1", "0.2", "0.7"]))).toEqual(
    planned([WHOLE / 10, WHOLE / 5, (7 * WHOLE) / 10]),
  );
});

it("takes twelve decimals", () => {
  expect(plan(variantsOf(["0.000000000001", "0.999999999999"]))).toEqual(planned([1, WHOLE - 1]));
});

it("refuses 0.1 + 0.2 + 0.6999999999999, which has a thirteenth decimal", () => {
  expect(plan(variantsOf(["0.1", "0.2", "0.6999999999999"]))).toEqual(
    refused(
      "weights_invalid",
      "#/variants/2/traffic_weight",
      'expected at most 12 decimals, found "0.6999999999999"',
    ),
  );
});

it("refuses a sum that misses 1 by the last decimal, and names the sum", () => {
  expect(plan(variantsOf(["0.1", "0.2", "0.699999999999"]))).toEqual(
    refused(
      "weights_invalid",
      "#/variants",
      "the traffic weights must sum to exactly 1; these sum to 0.999999999999",
    ),
  );
  expect(plan(variantsOf(["1", "1", "0.5"]))).toMatchObject({
    error: { detail: expect.stringMatching(/sum to 2\.5$/) },
  });
});

it("points at the weight that is not a weight", () => {
  expect(plan(variantsOf(["0.5", "half"]))).toEqual(
    refused("weights_invalid", "#/variants/1/traffic_weight"),
  );
});

it.each([
  ["none", [false, false]],
  ["two", [true, true]],
])("refuses %s as control", (_, controls) => {
  const variants = controls.map((is_control, index) => variant(index, { is_control }));
  expect(plan(variants)).toEqual(refused("control_invalid", "#/variants"));
});

it("refuses two variants of one model version, and points at the second", () => {
  const variants = [variant(0, { version: 7 }), variant(1, { version: 7 })];
  expect(plan(variants)).toEqual(refused("variants_duplicate", "#/variants/1"));
});

it("tells versions of equal number apart by their model", () => {
  const variants = [variant(0, { version: 7 }), variant(1, { version: 7, model: "other" })];
  expect(plan(variants)).toMatchObject({ ok: true });
});

it("takes whatever sums to the whole, and gives back the same units", () => {
  fc.assert(
    fc.property(arbitraryWeights, (weights) => {
      const variants = variantsOf(weights.map(formatWeight));
      expect(plan(variants)).toEqual(planned(weights));
    }),
  );
});

it("refuses whatever misses the whole by a single unit", () => {
  fc.assert(
    fc.property(arbitraryWeights, fc.nat(), (weights, drawn) => {
      const index = drawn % weights.length;
      const weight = weights[index] ?? 0;
      const changed = weights.with(index, weight === 0 ? 1 : weight - 1);
      expect(plan(variantsOf(changed.map(formatWeight)))).toMatchObject({
        ok: false,
        error: { code: "weights_invalid", pointer: "#/variants" },
      });
    }),
  );
});

describe("a baseline", () => {
  const control = variant(0, { traffic_weight: "0.8" });
  const canary = variant(1, { traffic_weight: "0.1" });
  const baseline = variant(0, { traffic_weight: "0.1", is_control: false, is_baseline: true });

  it("is a second arm of the control's version", () => {
    expect(plan([control, canary, baseline])).toMatchObject({ ok: true });
  });

  it.each([
    ["the control itself", [variant(0, { is_baseline: true }), variant(1, {})], 0],
    ["a second baseline", [control, baseline, baseline], 1],
    ["another version", [control, { ...canary, is_baseline: true }], 1],
  ])("is not %s", (_, variants, at) => {
    expect(plan(variants)).toEqual(refused("control_invalid", `#/variants/${at}`));
  });
});

describe("a ramp", () => {
  const unstated = [
    variant(0, { traffic_weight: undefined }),
    variant(1, { traffic_weight: undefined }),
  ];
  const step = (weight: string) => ({
    weight,
    hold_seconds: 60,
    minimum_outcomes: 10,
    approval: false,
  });
  const ramping = (weights: string[], variants = unstated) =>
    plan(variants, {
      allocation_strategy: "ramping",
      ramp: { steps: weights.map(step), on_degradation: "hold" },
    });

  it("begins with the weights of its first step, and holds in milliseconds", () => {
    const steps = ["0.01", "0.5"].map((weight) => ({
      weight: Number(weight) * WHOLE,
      hold_ms: 60_000,
      minimum_outcomes: 10,
      approval: false,
    }));
    expect(ramping(["0.01", "0.5"])).toEqual(
      planned([WHOLE * 0.99, WHOLE * 0.01], { ramp: { steps, on_degradation: "hold" } }),
    );
  });

  it("says all weights itself", () => {
    expect(ramping(["0.01"], variantsOf(["0.5", "0.5"]))).toEqual(
      refused("weights_invalid", "#/variants/0/traffic_weight"),
    );
  });

  it("points at the step that cannot be", () => {
    expect(ramping(["0.1", "x"])).toEqual(refused("weights_invalid", "#/ramp/steps/1/weight"));
    expect(ramping(["0.1", "0.1"])).toEqual(refused("ramp_invalid", "#/ramp/steps/1/weight"));
  });

  it("belongs to the strategy `ramping`, and to no other", () => {
    const pointer = "#/ramp";
    const ramp = { steps: [step("0.1")], on_degradation: "hold" as const };
    expect(plan(unstated, { allocation_strategy: "ramping" })).toEqual(
      refused("allocation_invalid", pointer),
    );
    for (const allocation_strategy of ["percentage", "mab"] as const)
      expect(plan(unstated, { allocation_strategy, ramp })).toEqual(
        refused("allocation_invalid", pointer),
      );
  });
});

describe("a bandit", () => {
  const unstated = [0, 1, 2].map((index) => variant(index, { traffic_weight: undefined }));
  const mab = (changes: object = {}, variants = unstated) =>
    plan(variants, {
      allocation_strategy: "mab",
      bandit: {
        objective: "maximize",
        algorithm: "thompson",
        minimum_share: "0.1",
        ...changes,
      },
    });

  it("begins with equal shares, exact to the unit, and looks at the primary metric", () => {
    const made = mab();
    expect(made).toMatchObject({
      value: { bandit: { metric: "conversion_rate", minimum_share: WHOLE / 10 } },
    });
    const weights = made.ok ? made.value.weights : [];
    expect(weights.reduce((sum, units) => sum + units, 0)).toBe(WHOLE);
    expect(Math.max(...weights) - Math.min(...weights)).toBeLessThanOrEqual(1);
  });

  it("begins with the weights that were given", () => {
    const given = variantsOf(["0.2", "0.3", "0.5"]);
    expect(mab({}, given)).toMatchObject({
      value: { weights: [WHOLE / 5, (3 * WHOLE) / 10, WHOLE / 2] },
    });
    expect(mab({}, given.slice(1))).toMatchObject({ error: { code: "control_invalid" } });
  });

  it("has defaults for all that was left out", () => {
    expect(plan(unstated, { allocation_strategy: "mab" })).toMatchObject({
      value: {
        bandit: { objective: "maximize", algorithm: "thompson", minimum_share: WHOLE / 100 },
      },
    });
  });

  it("refuses a floor that leaves nothing to win", () => {
    expect(mab({ minimum_share: "0.34" })).toEqual(
      refused("bandit_invalid", "#/bandit/minimum_share"),
    );
  });

  it("belongs to the strategy `mab`", () => {
    const bandit = { objective: "maximize", algorithm: "thompson", minimum_share: "0" } as const;
    expect(plan(variantsOf(["0.5", "0.5"]), { bandit })).toEqual(
      refused("allocation_invalid", "#/bandit"),
    );
  });
});

describe("a split of another system", () => {
  const unstated = [0, 1].map((index) => variant(index, { traffic_weight: undefined }));
  const split = { algorithm: "flagd", flag_key: "checkout", weights: [90, 10] } as const;
  const taken = (changes: object = {}, variants = unstated) =>
    plan(variants, { split: { ...split, ...changes } as AllocationRequest["split"] });

  it("is taken over with its hash and its weights", () => {
    const made = taken();
    expect(made).toMatchObject({ ok: true, value: { hash: { algorithm: "flagd" } } });
    const { weights, imported } = made.ok ? made.value : { weights: [], imported: null };
    expect(imported && weightsOf(imported, 2)).toEqual(weights);
    expect((weights[1] ?? 0) / WHOLE).toBeCloseTo(0.1, 6);
  });

  it("has one weight for each variant, and says all weights itself", () => {
    expect(taken({ weights: [50, 30, 20] })).toEqual(refused("split_invalid", "#/import/weights"));
    expect(taken({}, variantsOf(["0.5", "0.5"]))).toEqual(
      refused("weights_invalid", "#/variants/0/traffic_weight"),
    );
  });

  it("is for the strategy `percentage`", () => {
    const more = { allocation_strategy: "mab", split: { ...split, weights: [90, 10] } } as const;
    expect(plan(unstated, more)).toEqual(refused("allocation_invalid", "#/import"));
  });
});
