import * as fc from "fast-check";
import { expect, it } from "vitest";
import { checkVariants } from "../../../domain/experiments/define.ts";
import { formatWeight, WHOLE } from "../../../domain/experiments/weight.ts";
import { arbitraryWeights } from "./arbitrary-weights.ts";

type VariantRequest = Parameters<typeof checkVariants>[0][number];

const variant = (index: number, changes: Partial<VariantRequest>): VariantRequest => ({
  model: "wdbc",
  version: index + 1,
  traffic_weight: "0.5",
  is_control: index === 0,
  ...changes,
});
/** One variant a weight, each of another version, the first as control. */
const variantsOf = (weights: readonly string[]) =>
  weights.map((traffic_weight, index) => variant(index, { traffic_weight }));
const refused = (code: string, pointer: string, detail: unknown = expect.any(String)) => ({
  ok: false,
  error: { code, pointer, detail },
});

it("takes 0.1 + 0.2 + 0.7 as exactly 1", () => {
  expect(checkVariants(variantsOf(["0.1", "0.2", "0.7"]))).toEqual({
    ok: true,
    value: [WHOLE / 10, WHOLE / 5, (7 * WHOLE) / 10],
  });
});

it("takes twelve decimals", () => {
  expect(checkVariants(variantsOf(["0.000000000001", "0.999999999999"]))).toEqual({
    ok: true,
    value: [1, WHOLE - 1],
  });
});

it("refuses 0.1 + 0.2 + 0.6999999999999, which has a thirteenth decimal", () => {
  expect(checkVariants(variantsOf(["0.1", "0.2", "0.6999999999999"]))).toEqual(
    refused(
      "weights_invalid",
      "#/variants/2/traffic_weight",
      'expected at most 12 decimals, found "0.6999999999999"',
    ),
  );
});

it("refuses a sum that misses 1 by the last decimal, and names the sum", () => {
  expect(checkVariants(variantsOf(["0.1", "0.2", "0.699999999999"]))).toEqual(
    refused(
      "weights_invalid",
      "#/variants",
      "the traffic weights must sum to exactly 1; these sum to 0.999999999999",
    ),
  );
  expect(checkVariants(variantsOf(["1", "1", "0.5"]))).toMatchObject({
    error: { detail: expect.stringMatching(/sum to 2\.5$/) },
  });
});

it("points at the weight that is not a weight", () => {
  expect(checkVariants(variantsOf(["0.5", "half"]))).toEqual(
    refused("weights_invalid", "#/variants/1/traffic_weight"),
  );
});

it.each([
  ["none", [false, false]],
  ["two", [true, true]],
])("refuses %s as control", (_, controls) => {
  const variants = controls.map((is_control, index) => variant(index, { is_control }));
  expect(checkVariants(variants)).toEqual(refused("control_invalid", "#/variants"));
});

it("refuses two variants of one model version, and points at the second", () => {
  const variants = [variant(0, { version: 7 }), variant(1, { version: 7 })];
  expect(checkVariants(variants)).toEqual(refused("variants_duplicate", "#/variants/1"));
});

it("tells versions of equal number apart by their model", () => {
  const variants = [variant(0, { version: 7 }), variant(1, { version: 7, model: "other" })];
  expect(checkVariants(variants)).toMatchObject({ ok: true });
});

it("takes whatever sums to the whole, and gives back the same units", () => {
  fc.assert(
    fc.property(arbitraryWeights, (weights) => {
      const variants = variantsOf(weights.map(formatWeight));
      expect(checkVariants(variants)).toEqual({ ok: true, value: weights });
    }),
  );
});

it("refuses whatever misses the whole by a single unit", () => {
  fc.assert(
    fc.property(arbitraryWeights, fc.nat(), (weights, drawn) => {
      const index = drawn % weights.length;
      const weight = weights[index] ?? 0;
      const changed = weights.with(index, weight === 0 ? 1 : weight - 1);
      expect(checkVariants(variantsOf(changed.map(formatWeight)))).toMatchObject({
        ok: false,
        error: { code: "weights_invalid", pointer: "#/variants" },
      });
    }),
  );
});
