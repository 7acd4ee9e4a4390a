import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bucketStart } from "../../../domain/experiments/foreign/bucket-start.ts";
import {
  type ForeignSplit,
  importedLedger,
} from "../../../domain/experiments/foreign/imported-ledger.ts";
import { murmur3X86Hash32 } from "../../../domain/experiments/foreign/murmur3-x86-32.ts";
import { type HashScheme, positionIn } from "../../../domain/experiments/foreign-hash.ts";
import { layOut, type Ledger, ownerAt, weightsOf } from "../../../domain/experiments/ledger.ts";
import { reweigh } from "../../../domain/experiments/reweigh.ts";
import { unitPosition } from "../../../domain/experiments/unit-position.ts";
import { WHOLE } from "../../../domain/experiments/weight.ts";
import { utf8Encode } from "../../../domain/text/utf8.ts";
import vectors from "../vectors/foreign-assignments.json" with { type: "json" };

function imported(split: ForeignSplit): { hash: HashScheme; ledger: Ledger } {
  const result = importedLedger(split);
  if (!result.ok) throw new Error(result.error.detail);
  return result.value;
}
const assigned = (split: ForeignSplit, units: readonly string[], experimentId = "exp_x") => {
  const { hash, ledger } = imported(split);
  return units.map((unit) => ownerAt(ledger, positionIn(hash, experimentId, unit)));
};
const splits = vectors.splits as { split: ForeignSplit; variants: (number | null)[] }[];

describe("an imported split assigns as its system does", () => {
  it.each(splits)(
    "$split.algorithm $split.seed$split.group_id$split.flag_key $split.weights",
    ({ split, variants }) => {
      const control = "control" in split ? (split.control ?? 0) : 0;
      const theirs = variants.map((variant) => variant ?? control);
      expect(assigned(split, vectors.units)).toEqual(theirs);
      // Which experiment it becomes decides only about the place within a bucket.
      expect(assigned(split, vectors.units, "exp_other")).toEqual(theirs);
    },
  );

  it("covers all positions, and all variants that have a weight there", () => {
    for (const { split } of splits) {
      const { ledger } = imported(split);
      expect(ledger.ends.at(-1)).toBe(WHOLE);
      expect(ledger.ends.every((end, index) => end > (ledger.ends[index - 1] ?? 0))).toBe(true);
    }
  });

  it("gives the units that take no part there to the control", () => {
    const seed = "checkout";
    const half = { algorithm: "growthbook-v2", seed, weights: [0.5, 0.5], coverage: 0.5 } as const;
    expect(weightsOf(imported(half).ledger, 2)).toEqual([0.75 * WHOLE, 0.25 * WHOLE]);
    expect(weightsOf(imported({ ...half, control: 1 }).ledger, 2)).toEqual([
      0.25 * WHOLE,
      0.75 * WHOLE,
    ]);
    const rollout = { algorithm: "unleash", group_id: "g", weights: [0, 1], rollout: 30 } as const;
    expect(weightsOf(imported(rollout).ledger, 2)).toEqual([0.7 * WHOLE, 0.3 * WHOLE]);
  });

  it("of flagd for any weights and units: by its formula", () => {
    const weights = fc
      .array(fc.oneof(fc.nat(100), fc.nat(100_000_000)), { minLength: 1, maxLength: 20 })
      .filter((drawn) => drawn.some((weight) => weight > 0));
    const units = fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 });
    fc.assert(
      fc.property(weights, units, (weights, units) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const expected = units.map((unit) => {
          const hash = murmur3X86Hash32(utf8Encode(`flag${unit}`), 0);
          let left = (BigInt(hash) * BigInt(total)) >> 32n;
          return weights.findIndex((weight) => (left -= BigInt(weight)) < 0n);
        });
        const split = { algorithm: "flagd", flag_key: "flag", weights, encoding: "utf-8" } as const;
        expect(assigned(split, units)).toEqual(expected);
      }),
    );
  });

  it("of Unleash for any weights, rollout and units: by its formula", () => {
    const weights = fc
      .array(fc.nat(1_000), { minLength: 1, maxLength: 20 })
      .filter((drawn) => drawn.some((weight) => weight > 0));
    const units = fc.array(fc.string({ unit: "grapheme" }), { minLength: 1 });
    fc.assert(
      fc.property(weights, fc.nat(100), units, (weights, rollout, units) => {
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const expected = units.map((unit) => {
          const encoded = utf8Encode(`g:${unit}`);
          if ((murmur3X86Hash32(encoded, 0) % 100) + 1 > rollout) return 0;
          let left = (murmur3X86Hash32(encoded, 86_028_157) % total) + 1;
          return weights.findIndex((weight) => weight > 0 && (left -= weight) <= 0);
        });
        const encoding = "utf-8" as const;
        const split = { algorithm: "unleash", group_id: "g", weights, rollout, encoding } as const;
        expect(assigned(split, units)).toEqual(expected);
      }),
    );
  });
});

describe("positions", () => {
  const schemes: HashScheme[] = [
    { algorithm: "linnet" },
    { algorithm: "growthbook-v1", seed: "s" },
    { algorithm: "growthbook-v2", seed: "s" },
    { algorithm: "unleash", group_id: "g" },
    { algorithm: "unleash", group_id: "g", rollout: 33, total_weight: 7, encoding: "utf-8" },
    { algorithm: "flagd", flag_key: "f" },
    { algorithm: "flagd", flag_key: "f", encoding: "utf-8" },
  ];

  it.each(schemes)("of $algorithm are whole, and within [0, 10^12)", (scheme) => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (unit) => {
        const position = positionIn(scheme, "exp_x", unit);
        expect(Number.isInteger(position) && position >= 0 && position < WHOLE).toBe(true);
      }),
    );
  });

  it("of our own scheme are those of the experiment's id and the unit", () => {
    expect(positionIn({ algorithm: "linnet" }, "exp_x", "user")).toBe(
      unitPosition("exp_x", "user"),
    );
  });

  it.each(schemes)("of $algorithm spread evenly, also within a bucket", (scheme) => {
    // Ten parts of each thousandth: with 9 degrees of freedom P(chi-square > 45.1) is 1e-6.
    const seen = Array.from({ length: 10 }, () => 0);
    for (let id = 0; id < 20_000; id++) {
      const part = Math.floor((positionIn(scheme, "exp_x", `user-${id}`) % 1e9) / 1e8);
      seen[part] = (seen[part] ?? 0) + 1;
    }
    expect(seen.reduce((sum, count) => sum + (count - 2_000) ** 2 / 2_000, 0)).toBeLessThan(45.1);
  });

  it("let an imported split have a share finer than a bucket there: 0.04 % of thousandths", () => {
    const { hash, ledger } = imported({
      algorithm: "growthbook-v1",
      seed: "s",
      weights: [0.5, 0.5],
    });
    const share = 4e-4;
    const weights = [WHOLE / 2, WHOLE / 2 - WHOLE * share, WHOLE * share];
    const later = reweigh(ledger, weights, []).ledger;
    const count = 100_000;
    let users = 0;
    for (let id = 0; id < count; id++)
      if (ownerAt(later, positionIn(hash, "exp_x", `user-${id}`)) === 2) users += 1;
    expect(Math.abs(users - count * share)).toBeLessThan(5 * Math.sqrt(count * share));
    expect(users).toBeGreaterThan(0);
  });
});

it.each(vectors.hashes)("hashes '$text' with seed $seed to $hash", ({ text, seed, hash }) => {
  expect(murmur3X86Hash32(utf8Encode(text), seed)).toBe(hash);
});

it("knows the weights that GrowthBook really serves, which a float rounds", () => {
  const ten = Array.from({ length: 10 }, () => 0.1);
  const { ledger } = imported({ algorithm: "growthbook-v2", seed: "s", weights: ten });
  const served = ten.map((_, arm) => (arm === 2 ? 0.1001 : arm === 3 ? 0.0999 : 0.1) * WHOLE);
  expect(weightsOf(ledger, 10)).toEqual(served);
});

it("counts whole percents of a rollout of Unleash, as its hundred buckets do", () => {
  const split = { algorithm: "unleash", group_id: "g", weights: [0, 1], rollout: 12.5 } as const;
  expect(weightsOf(imported(split).ledger, 2)).toEqual([0.88 * WHOLE, 0.12 * WHOLE]);
});

it("starts each bucket at its exact share, rounded down", () => {
  const counts = fc.integer({ min: 1, max: 2 ** 26 });
  fc.assert(
    fc.property(counts, fc.nat(), fc.nat(WHOLE), (count, drawn, span) => {
      const bucket = drawn % (count + 1);
      const exact = (BigInt(bucket) * BigInt(span)) / BigInt(count);
      expect(bucketStart(bucket, count, span)).toBe(Number(exact));
    }),
  );
});

it("keeps exact shares of flagd and Unleash exact", () => {
  const quarters = [1, 2, 1];
  for (const split of [
    { algorithm: "flagd", flag_key: "f", weights: quarters },
    { algorithm: "unleash", group_id: "g", weights: quarters },
  ] as const)
    expect(imported(split).ledger).toEqual(layOut([WHOLE / 4, WHOLE / 2, WHOLE / 4]));
});

it.each<[string, ForeignSplit]>([
  ["no variants", { algorithm: "flagd", flag_key: "f", weights: [] }],
  ["no weight at all", { algorithm: "flagd", flag_key: "f", weights: [0, -1] }],
  ["a fraction for flagd", { algorithm: "flagd", flag_key: "f", weights: [0.5, 0.5] }],
  ["more than flagd can add", { algorithm: "flagd", flag_key: "f", weights: [2 ** 31 - 1, 1] }],
  ["a negative weight", { algorithm: "unleash", group_id: "g", weights: [-1, 2] }],
  ["a rollout over 100", { algorithm: "unleash", group_id: "g", weights: [1], rollout: 101 }],
  ["no rollout number", { algorithm: "unleash", group_id: "g", weights: [1], rollout: Number.NaN }],
  ["no such control", { algorithm: "unleash", group_id: "g", weights: [1], control: 1 }],
  ["no number", { algorithm: "growthbook-v2", seed: "s", weights: [Number.NaN, 0.5] }],
])("refuses %s", (_, split) => {
  expect(importedLedger(split)).toMatchObject({ ok: false, error: { code: "split_invalid" } });
});
