import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { analyse } from "../../../domain/experiments/analysis.ts";
import { seededRandom } from "../../../domain/statistics/random.ts";
import { analysed, compare, options, repeated, requests } from "./analysed.ts";
import { cell, definition, epochOf, variantsOf } from "./plain-cells.ts";

describe("the recommended action of a fixed sample", () => {
  it.each([
    ["conclude_winner", 400, 600, 1000, 1000],
    ["continue, as the sample is too small", 400, 600, 1000, 1001],
    ["continue, as a difference of 5 % is not excluded", 400, 402, 1000, 1000],
    ["conclude_no_difference", 40_000, 40_200, 100_000, 1000],
    ["continue, as the sample is too small", 40_000, 40_200, 100_000, 100_001],
  ])("is to %s", (action, control, variant, of, minimum_sample_size) => {
    const defined = { minimum_sample_size };
    const result = compare(
      "success_rate",
      requests(control, of),
      requests(variant, of),
      {},
      defined,
    );
    expect(result).toMatchObject({
      recommended_action: action.split(",")[0],
      sample_size_adequate: minimum_sample_size <= of,
    });
  });

  it("follows the confidence level", () => {
    // p = 0.024
    expect(
      [0.95, 0.99].map(
        (confidence_level) =>
          compare("success_rate", requests(400, 1000), requests(450, 1000), { confidence_level })
            ?.is_significant,
      ),
    ).toEqual([true, false]);
  });

  it("is seldom that there is no difference where there is one of 6 %", () => {
    const random = seededRandom("no difference");
    const draw = (rate: number, of: number): number =>
      Array.from({ length: of }, () => random.uniform()).filter((u) => u < rate).length;
    const wrong = Array.from({ length: 300 }, () =>
      compare(
        "success_rate",
        requests(draw(0.5, 3_000), 3_000),
        requests(draw(0.53, 3_000), 3_000),
      ),
    ).filter((result) => result?.recommended_action === "conclude_no_difference").length;
    expect(wrong / 300).toBeLessThan(0.05);
  });
});

describe("several variants", () => {
  const variants = variantsOf(["control", "a", "b", "c"]);
  const cells = [500, 540, 545, 505].map((successes, variant) =>
    cell({ ...requests(successes, 1000), variant }),
  );
  const epochs = [epochOf(1, [0.25, 0.25, 0.25, 0.25])];

  it("have their p-values adjusted for one another", () => {
    const { results } = analysed(cells, {}, { variants }, epochs);
    const [a, b, c] = results.map(({ p_value }) => p_value ?? NaN);
    expect(results.map(({ adjusted_p_value: { holm } }) => holm)).toEqual([
      expect.closeTo(2 * (a ?? NaN), 12),
      expect.closeTo(3 * (b ?? NaN), 12),
      expect.closeTo(c ?? NaN, 12),
    ]);
    expect(results.map(({ adjusted_p_value }) => adjusted_p_value.benjamini_hochberg)).toEqual([
      expect.closeTo((3 / 2) * (a ?? NaN), 12),
      expect.closeTo((3 / 2) * (a ?? NaN), 12),
      expect.closeTo(c ?? NaN, 12),
    ]);
  });

  it("need more sequential evidence each than one alone does", () => {
    const sequentialOfFirst = (names: string[]) =>
      analysed(
        names.map((_, variant) => cell({ ...requests(variant === 1 ? 600 : 500, 1000), variant })),
        {},
        { variants: variantsOf(names) },
        [epochOf(1, repeated(1 / names.length, names.length))],
      ).results[0]?.sequential;
    const alone = sequentialOfFirst(["control", "a"]);
    const first = sequentialOfFirst(["control", "a", "b", "c"]);
    expect(first?.p_value).toBeCloseTo(alone?.p_value ?? NaN, 12);
    expect(alone?.adjusted_p_value).toBe(alone?.p_value);
    expect(first?.adjusted_p_value).toBeCloseTo(3 * (first?.p_value ?? NaN), 12);
  });

  it("are not concluded on evidence that would do for one alone", () => {
    const conclusion = (names: string[]) => {
      const counted = names.map((_, variant) =>
        cell({ ...requests(variant === 1 ? 585 : 500, 1000), variant }),
      );
      const epochs = [epochOf(1, repeated(1 / names.length, names.length))];
      return analysed(counted, {}, { variants: variantsOf(names) }, epochs).results[0]?.sequential;
    };
    expect(conclusion(["control", "a"])?.winner).toBe("a");
    expect(conclusion(["control", "a", "b", "c"])?.winner).toBeNull();
  });
});

describe("a baseline", () => {
  const variants = variantsOf(["control", "baseline", "canary"]);
  const cells = [900, 800, 700].map((successes, variant) =>
    cell({ ...requests(successes, 1000), variant }),
  );
  const epochs = [epochOf(1, [0.8, 0.1, 0.1])];

  it("is what canaries are compared with when asked for", () => {
    const { compared_variant_id, results } = analysed(
      cells,
      { compare_with: "baseline" },
      { variants },
      epochs,
    );
    expect(compared_variant_id).toBe("baseline");
    expect(results.map(({ variant_id, control_value }) => [variant_id, control_value])).toEqual([
      ["canary", expect.closeTo(0.8, 12)],
    ]);
  });

  it("is itself compared with the control, as a check of the experiment", () => {
    const { results } = analysed(cells, {}, { variants }, epochs);
    expect(results.map(({ variant_id }) => variant_id)).toEqual(["baseline", "canary"]);
  });

  it("cannot be asked for where there is none", () => {
    const asked = options({ compare_with: "baseline" });
    expect(analyse(definition(), { cells: [], epochs: [] }, asked)).toMatchObject({
      ok: false,
      error: { code: "baseline_missing", pointer: "#/query/compare_with" },
    });
  });
});

describe("whatever was counted", () => {
  const counts = fc.nat({ max: 50 });
  const values = fc.array(
    fc.oneof(
      fc.constantFrom(0, 1, -1, 1e15, -1e15),
      fc.double({ min: -1e6, max: 1e6, noNaN: true }),
    ),
    { maxLength: 6 },
  );
  const latencies = fc.array(fc.oneof(fc.constantFrom(0, 86_400_000), fc.nat(1_000)), {
    maxLength: 6,
  });
  const counted = fc
    .record({
      epoch: fc.integer({ min: 1, max: 3 }),
      variant: fc.nat({ max: 2 }),
      successes: counts,
      errors: counts,
      share: fc.nat({ max: 4 }),
      latencies,
      score: values,
      conversion: fc.array(fc.constantFrom(0, 1), { maxLength: 6 }),
      scale: fc.constantFrom(1, 1_000_000),
    })
    .map(({ epoch, variant, successes, errors, share, latencies, score, conversion, scale }) => {
      const requests = scale * (successes + errors);
      const reported = Math.floor((requests * share) / 4);
      return cell({
        epoch,
        variant,
        requests,
        errors: scale * errors,
        reported,
        reported_errors: Math.min(scale * errors, reported),
        latencies,
        metrics: { score, conversion },
        pairs: score.map((y, at) => [at, y]),
      });
    });
  const sums = fc.uniqueArray(counted, {
    maxLength: 9,
    selector: ({ epoch, variant }) => `${epoch}/${variant}`,
  });
  const metrics = [
    "success_rate",
    "error_rate",
    "conversion_rate",
    "score",
    "latency",
    "latency_p50_ms",
    "latency_p99_ms",
  ];
  const level = fc.constantFrom(0.5, 0.95, 0.999999);

  it("nothing in the answer is no number, and no p-value is 0", () => {
    const defined = {
      variants: variantsOf(["control", "a", "baseline"]),
      primary_metric: "score",
      guardrail_metrics: ["error_rate", "score", "latency", "conversion_rate"],
    };
    const epochs = [1, 2, 3].map((epoch) => epochOf(epoch, [0.5, 0.3, 0.2]));
    fc.assert(
      fc.property(
        sums,
        fc.constantFrom(...metrics),
        level,
        fc.constantFrom("control", "baseline"),
        fc.constantFrom("newcombe", "score", "agresti_caffo", "wald"),
        fc.constantFrom("auto", "two_proportion_z", "fisher_exact", "welch_t", "mann_whitney"),
        (cells, metric, confidence_level, compare_with, interval, test) => {
          const asked = { metric, confidence_level, compare_with, interval, test } as const;
          expect(faultsIn(analyse(definition(defined), { cells, epochs }, asked))).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });
});

/** Where a number is none, or a p-value is outside (0, 1]. */
function faultsIn(value: unknown, at = ""): string[] {
  if (typeof value === "number") {
    const isP = /p_value|holm|benjamini/.test(at);
    const isFault = !Number.isFinite(value) || (isP && (value <= 0 || value > 1));
    return isFault ? [`${at}: ${value}`] : [];
  }
  if (typeof value !== "object" || value === null) return value === undefined ? [at] : [];
  return Object.entries(value).flatMap(([key, part]) => faultsIn(part, `${at}/${key}`));
}
