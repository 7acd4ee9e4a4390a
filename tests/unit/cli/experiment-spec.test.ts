import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { specOf, variantsOf } from "../../../clients/cli/experiment-spec.ts";
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
          const [whole = "", decimals = ""] = weight.split(".");
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
    await expect(weightsOf(weight)).rejects.toThrow(/is not a weight|expected model@version/);
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
  const spec = specOf(file, { name: "new", errorRate: 0.1, metric: "accuracy" }, undefined);
  expect(spec).toEqual({
    name: "new",
    variants: [],
    rollback: { min_requests: 5, error_rate_threshold: 0.1 },
    alias: "canary",
    primary_metric: "accuracy",
  });
  expect(() => specOf({}, { name: "x" }, undefined)).toThrow(/needs --name/);
});

it.each([
  ["wdbc", { model: "wdbc" }],
  ["wdbc@3", { model: "wdbc", version: 3 }],
  ["wdbc@champion", { model: "wdbc", alias: "champion" }],
])("reads %s", (text, ref) => expect(parseModelRef(text)).toEqual(ref));

it.each(["", "@1", "wdbc@", "a@b@c"])("refuses '%s' for a model", (text) =>
  expect(() => parseModelRef(text)).toThrow(/is not a model/),
);
