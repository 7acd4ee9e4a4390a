import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isWeightless, type SpecOptions, specOf } from "../../../clients/cli/experiment-spec.ts";
import { variantsOf } from "../../../clients/cli/experiment-variants.ts";
import { parseModelRef } from "../../../clients/cli/model-ref.ts";

const resolve = ({ model, version = 1 }: { model: string; version?: number }) =>
  Promise.resolve({ model, version });
const weightsOf = async (...weights: string[]) => {
  const challenger = weights.map((weight, index) => `wdbc@${index + 2}=${weight}`);
  const variants = await variantsOf({ control: "wdbc@1", challenger }, resolve);
  return variants?.map(({ traffic_weight }) => traffic_weight);
};

describe("the control", () => {
  it.each([
    [["0.1"], ["0.9", "0.1"]],
    [
      ["0.1", "0.2"],
      ["0.7", "0.1", "0.2"],
    ],
    [["0.000000000001"], ["0.999999999999", "0.000000000001"]],
    [["1"], ["0", "1"]],
    [["0.50"], ["0.5", "0.5"]],
  ])("gets exactly what %j leave", async (given, weights) => {
    expect(await weightsOf(...given)).toEqual(weights);
  });

  it("and the challengers have 1 together", async () => {
    const share = fc.integer({ min: 0, max: 250_000_000_000 });
    await fc.assert(
      fc.asyncProperty(fc.array(share, { minLength: 1, maxLength: 4 }), async (shares) => {
        const given = shares.map((units) => `0.${String(units).padStart(12, "0")}`);
        const weights = (await weightsOf(...given)) ?? [];
        const units = weights.map((weight) => {
          const [whole = "", decimals = ""] = (weight ?? "").split(".");
          return BigInt(whole + decimals.padEnd(12, "0"));
        });
        expect(units.reduce((sum, one) => sum + one, 0n)).toBe(1_000_000_000_000n);
      }),
    );
  });
});

it.each(["1.5", "-0.1", "0.0000000000001", ".1", "1e-3", "10 %", "1.1"])(
  "refuses the weight '%s'",
  async (weight) => {
    await expect(weightsOf(weight)).rejects.toThrow(/is not a weight|expected name=weight/);
  },
);

it("refuses weights of more than 1, and half of a comparison", async () => {
  await expect(weightsOf("0.6", "0.5")).rejects.toThrow("more than 1 together");
  await expect(variantsOf({ control: "a" }, resolve)).rejects.toThrow("needs a --challenger");
  await expect(variantsOf({ challenger: ["a=1"] }, resolve)).rejects.toThrow("needs a --control");
  expect(await variantsOf({}, resolve)).toBeUndefined();
});

it("lets flags win over the file", () => {
  const file = { name: "old", variants: [], rollback: { min_requests: 5 }, alias: "canary" };
  const spec = specOf(file, { name: "new", errorRate: 0.1, metric: "accuracy" }, {});
  expect(spec).toEqual({
    name: "new",
    variants: [],
    rollback: { min_requests: 5, error_rate_threshold: 0.1 },
    alias: "canary",
    primary_metric: "accuracy",
  });
  expect(() => specOf({}, { name: "x" }, {})).toThrow(/needs --name/);
});

describe("where the weights come from elsewhere", () => {
  it("the variants have none", async () => {
    const asked = { control: "wdbc@1", challenger: ["wdbc@2", "wdbc@3"], baseline: true } as const;
    const variants = await variantsOf(
      { ...asked, challenger: [...asked.challenger] },
      resolve,
      true,
    );
    const arm = (version: number) => ({ model: "wdbc", version, is_control: false });
    expect(variants).toEqual([
      { ...arm(1), is_control: true },
      { ...arm(1), is_baseline: true },
      arm(2),
      arm(3),
    ]);
  });

  it("some of them may not have one, and without another source all of them must", async () => {
    const some = { control: "wdbc@1", challenger: ["wdbc@2=0.1", "wdbc@3"] };
    await expect(variantsOf(some, resolve, true)).rejects.toThrow("or none of them");
    await expect(variantsOf(some, resolve)).rejects.toThrow("except with --step");
  });

  it.each([
    [{}, { step: ["0.1"] }, true],
    [{}, { bandit: true }, true],
    [{ ramp: {} }, {}, true],
    [{ allocation_strategy: "mab" }, {}, true],
    [{ allocation_strategy: "percentage" }, { name: "x" }, false],
  ] as const)("%j with %j: %s", (file, options, weightless) => {
    const given = "step" in options ? { ...options, step: [...options.step] } : options;
    expect(isWeightless(file, given)).toBe(weightless);
  });
});

describe("flags become the body", () => {
  const base = { name: "x" };
  const variants = [{ model: "wdbc", version: 1 }];
  it.each([
    [
      { step: ["0.05:10m:200", "0.5:approval"], onDegradation: "rollback" },
      {
        allocation_strategy: "ramping",
        ramp: {
          steps: [
            { weight: "0.05", hold_seconds: 600, minimum_outcomes: 200 },
            { weight: "0.5", approval: true },
          ],
          on_degradation: "rollback",
        },
      },
    ],
    [
      { bandit: "latency_p95_ms", objective: "minimize", minimumShare: "0.05" },
      {
        allocation_strategy: "mab",
        bandit: { metric: "latency_p95_ms", objective: "minimize", minimum_share: "0.05" },
      },
    ],
    [{ bandit: true }, { allocation_strategy: "mab", bandit: {} }],
    [
      { layer: "checkout=0.20", holdout: "checkout", flagKey: "forest", lease: 200 },
      {
        layer: { name: "checkout", share: "0.2" },
        holdout: "checkout",
        flag_key: "forest",
        lease_ms: 200,
      },
    ],
    [{ maxErrors: 20 }, { budget: { max_errors: 20 } }],
    [
      {
        rule: "both",
        falseRollbackRate: 0.01,
        margin: ["latency_p99_ms=0.5"],
        compareWith: "baseline",
        approval: true,
        coolDown: 60,
        noData: "1h=pause",
      },
      {
        rollback: {
          rule: "both",
          false_rollback_rate: 0.01,
          guardrail_margins: { latency_p99_ms: 0.5 },
          compare_with: "baseline",
          mode: "approval",
          cool_down_seconds: 60,
          no_data: { after_seconds: 3_600, action: "pause" },
        },
      },
    ],
  ] as [SpecOptions, object][])("%j", (options, body) => {
    expect(specOf({}, { ...base, ...options }, { variants })).toEqual({
      ...base,
      variants,
      ...body,
    });
  });

  it.each([
    [{ step: ["0.1:soon"] }, "expected weight"],
    [{ step: ["2"] }, "not a weight"],
    [{ objective: "minimize" }, "belong to --bandit"],
    [{ layer: "checkout" }, "expected name=weight"],
    [{ margin: ["latency"] }, "expected metric=share"],
    [{ noData: "1h=explode" }, "expected time=hold"],
  ] as [SpecOptions, string][])("refuses %j", (options, message) => {
    expect(() => specOf({}, { ...base, ...options }, { variants })).toThrow(message);
  });
});

it.each([
  ["wdbc", { model: "wdbc" }],
  ["wdbc@3", { model: "wdbc", version: 3 }],
  ["wdbc@champion", { model: "wdbc", alias: "champion" }],
])("reads %s", (text, ref) => expect(parseModelRef(text)).toEqual(ref));

it.each(["", "@1", "wdbc@", "a@b@c"])("refuses '%s' for a model", (text) =>
  expect(() => parseModelRef(text)).toThrow(/is not a model/),
);
