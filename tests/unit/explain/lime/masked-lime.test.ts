import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { lastEstimate, type Estimate } from "../../../../domain/explain/estimate.ts";
import { backgroundGame, type Game } from "../../../../domain/explain/game.ts";
import { maskedLime, type MaskedLimeOptions } from "../../../../domain/explain/lime/masked-lime.ts";
import { scoreOf } from "../../../../domain/explain/score.ts";
import { hideSegments } from "../../../../domain/explain/segments/fill.ts";
import { imageSegments } from "../../../../domain/explain/segments/image-segments.ts";
import { signalSegments } from "../../../../domain/explain/segments/signal-segments.ts";
import { textGame } from "../../../../domain/explain/segments/text-game.ts";
import { wordsOf } from "../../../../domain/explain/segments/words.ts";
import { writeModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import { GraphBuilder } from "../../../../domain/onnx/graph-builder.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { withOpenModel } from "../../../../domain/onnx/runtime.ts";
import { floatTensor } from "../../../../domain/onnx/tensors.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { wasmRuntime } from "../../../fixtures/wasm-runtime.ts";
import { plainLayout } from "../segments/plain-layout.ts";

/** Means over lime's seeds, and their standard errors: of each player, the intercept, R2 and the local prediction. */
type Repeated = { mean: number[]; error: number[] };
type Vectors = {
  text: {
    text: string;
    weights: Record<string, number>;
    bias: number;
    cases: (Repeated & { by_position: boolean; features: number; names: string[] })[];
  };
  image: Repeated & { pixels: number[]; weights: number[] };
};
const vectors = JSON.parse(
  readFileSync(new URL("../../vectors/explain/masked-lime.json", import.meta.url), "utf8"),
) as Vectors;

const logistic = (value: number): number => 1 / (1 + Math.exp(-value));

const lastOf = (game: Game, options: MaskedLimeOptions): Promise<Estimate> =>
  lastEstimate(maskedLime(game, options));

/** A score of rows that adds up products. */
const weighted =
  (weights: readonly number[], of: (sum: number) => number = (sum) => sum) =>
  async (rows: ArrayLike<number>, count: number): Promise<Float64Array> =>
    Float64Array.from({ length: count }, (_, row) =>
      of(
        weights.reduce(
          (sum, weight, at) => sum + weight * (rows[row * weights.length + at] ?? 0),
          0,
        ),
      ),
    );

/** A model that does as `weighted`, with rows of a shape. */
function weightedSum(shape: readonly number[], weights: readonly number[]): Model {
  const b = GraphBuilder.empty();
  const x = b.input("input_0", "float32", ["batch", ...shape]);
  const products = b.node("Mul", [x, b.constant(floatTensor([1, ...shape], weights))]);
  b.output(b.node("ReduceSum", [b.node("Flatten", [products]), b.ints([1])]), "sum");
  return b.model();
}

/** A classifier of texts by how often words occur. */
const wordCounts =
  (weights: Readonly<Record<string, number>>, bias: number, of = logistic) =>
  async (texts: readonly string[]): Promise<Float64Array> =>
    Float64Array.from(texts, (text) =>
      of(wordsOf(text).reduce((sum, { word }) => sum + (weights[word.toLowerCase()] ?? 0), bias)),
    );

/** A game won by the sum of what its players bring. */
const additive = (gains: readonly number[], played: (count: number) => void = () => {}): Game => ({
  players: gains.length,
  rows_each: 3,
  worth: async (masks, count) => {
    played(count);
    return Float64Array.from({ length: count }, (_, coalition) =>
      gains.reduce(
        (sum, gain, player) => sum + gain * (masks[coalition * gains.length + player] ?? 0),
        1,
      ),
    );
  },
});

/** Expects the mean over 20 seeds within 3 standard errors of lime's. */
async function expectAgreement(
  { mean, error }: Repeated,
  explain: (seed: number) => Promise<Estimate>,
): Promise<void> {
  const found = await Promise.all(
    Array.from({ length: 20 }, async (_, seed) => {
      const { values, fit } = await explain(seed);
      return [...values, fit?.intercept ?? NaN, fit?.r2 ?? NaN, fit?.local_prediction ?? NaN];
    }),
  );
  for (const [at, expected] of mean.entries()) {
    const values = found.map((row) => row[at] ?? NaN);
    const average = values.reduce((sum, value) => sum + value, 0) / 20;
    const variance = values.reduce((sum, value) => sum + (value - average) ** 2, 0) / 19;
    const standardError = Math.hypot(error[at] ?? 0, Math.sqrt(variance / 20));
    expect(Math.abs(average - expected), `number ${at}`).toBeLessThanOrEqual(3 * standardError);
  }
}

describe("says what lime says", () => {
  const { text, weights, bias, cases } = vectors.text;

  test.each(cases)(
    "of a text, with $features words, by position: $by_position",
    async ({ by_position, features, names, ...repeated }) => {
      const options = by_position ? { by_position, mask_token: "UNKWORDZ" } : {};
      const game = textGame(wordCounts(weights, bias), text, options);
      expect(game.words.map(({ word }) => word)).toEqual(names);
      await expectAgreement(repeated, (seed) =>
        lastOf(game, {
          removal: "lime_text",
          samples: 1_000,
          features,
          random: seededRandom(`text ${seed}`),
        }),
      );
    },
  );

  test("of an image in patches that are hidden by their mean colour", async () => {
    const { pixels, weights: colours, ...repeated } = vectors.image;
    const { first: port, ...layout } = plainLayout([[8, 8, 3]]);
    const instance = Float32Array.from(pixels);
    const segments = imageSegments(port, instance, { segmenter: "patches", segments: 16 });
    const hidden = hideSegments(layout, port, instance, segments, { kind: "mean" });
    const game = backgroundGame(weighted(colours, logistic), layout, { instance, ...hidden });
    await expectAgreement(repeated, (seed) =>
      lastOf(game, { removal: "bernoulli", samples: 500, random: seededRandom(`image ${seed}`) }),
    );
  });
});

describe("finds a planted rule", () => {
  test("one superpixel that the model sums", async () => {
    const { first: port, ...layout } = plainLayout([[3, 24, 24]]);
    const random = seededRandom("image");
    const instance = Float32Array.from({ length: layout.size }, () => 0.5 + 0.5 * random.uniform());
    const segments = imageSegments(port, instance, { segments: 9, compactness: 30 });
    const planted = 4;
    const weights = Array.from(instance, (_, at) =>
      segments.labels[at % 576] === planted ? 1 : 0,
    );
    const hidden = hideSegments(layout, port, instance, segments, { kind: "zero" });
    const game = backgroundGame(weighted(weights), layout, { instance, ...hidden });
    const { values, prediction, fit } = await lastOf(game, {
      removal: "bernoulli",
      samples: 400,
      random: seededRandom("superpixel"),
    });
    for (const [player, value] of values.entries())
      if (player === planted) expect(value / prediction).toBeGreaterThan(0.95);
      else expect(Math.abs(value / prediction)).toBeLessThan(0.01);
    expect(fit?.r2).toBeGreaterThan(0.99);
  });

  test("two parts of a signal, of opposite effect, in a model that ONNX Runtime runs", async () => {
    const { first: port, ...layout } = plainLayout([[2, 60]]);
    const instance = new Float32Array(120).fill(1);
    const weights = Array.from(instance, (_, at) => (at % 60 < 6 ? 1 : at % 60 >= 54 ? -0.5 : 0));
    const segments = signalSegments(port, { segments: 10 });
    const hidden = hideSegments(layout, port, instance, segments, { kind: "zero" });
    const { values, prediction } = await withOpenModel(
      wasmRuntime,
      writeModel(weightedSum([2, 60], weights)),
      (open) => {
        const score = scoreOf(open, layout, { output: "sum", index: 0 });
        const game = backgroundGame(score, layout, { instance, ...hidden });
        const random = seededRandom("signal");
        return lastOf(game, { removal: "bernoulli", features: 2, random });
      },
    );
    expect(prediction).toBe(6);
    expect(values[0]).toBeCloseTo(12, 0);
    expect(values[9]).toBeCloseTo(-6, 0);
    expect([...values.subarray(1, 9)]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("one word of a text", async () => {
    const text = "the pump at the north end is leaking again since monday";
    const game = textGame(
      wordCounts({ leaking: 1 }, 0, (sum) => sum),
      text,
    );
    const { values } = await lastOf(game, {
      removal: "lime_text",
      features: 3,
      random: seededRandom("word"),
    });
    const leaking = game.words.findIndex(({ word }) => word === "leaking");
    for (const [player, value] of values.entries())
      if (player === leaking) expect(value).toBeCloseTo(1, 2);
      else expect(Math.abs(value)).toBeLessThan(0.01);
  });
});

test("the estimates come coarse to fine, the base and the values add up to the local prediction", async () => {
  const counts: number[] = [];
  const game = additive([1, -2, 3, 0.5], (count) => counts.push(count));
  const estimates: Estimate[] = [];
  const options = { removal: "bernoulli", samples: 200, random: seededRandom("stages") } as const;
  for await (const estimate of maskedLime(game, options)) estimates.push(estimate);
  expect(estimates).toHaveLength(4);
  for (const { base, values, fit, prediction } of estimates) {
    expect(prediction).toBe(3.5);
    expect(fit?.intercept).toBe(base);
    const sum = values.reduce((total, value) => total + value, base);
    expect(fit?.local_prediction).toBeCloseTo(sum, 9);
  }
  // Four players make no more than 16 coalitions, each of 3 rows.
  expect(counts.reduce((total, count) => total + count, 0)).toBe(16);
  expect(estimates.at(-1)?.rows).toBe(48);
  expect(estimates.map(({ rows }) => rows)).toEqual(
    estimates.map(({ rows }) => rows).toSorted((one, other) => one - other),
  );
});

test("the same seed gives the same bytes, another seed others", async () => {
  const { text, weights, bias } = vectors.text;
  const game = textGame(wordCounts(weights, bias), text);
  const explain = (seed: string): Promise<Estimate> =>
    lastOf(game, { removal: "lime_text", samples: 300, random: seededRandom(seed) });
  expect(await explain("one")).toEqual(await explain("one"));
  expect((await explain("one")).values).not.toEqual((await explain("other")).values);
});

test("the intervals hold the mean over seeds, about 95 times of 100", async () => {
  const { text, weights, bias } = vectors.text;
  const game = textGame(wordCounts(weights, bias), text);
  const options = { removal: "lime_text", samples: 400, features: 12 } as const;
  const found = await Promise.all(
    Array.from({ length: 150 }, (_, seed) =>
      lastOf(game, { ...options, random: seededRandom(`coverage ${seed}`) }),
    ),
  );
  let held = 0;
  for (let player = 0; player < game.players; player += 1) {
    const mean = found.reduce((sum, { values }) => sum + (values[player] ?? 0), 0) / found.length;
    for (const { values, half_widths } of found)
      if (Math.abs((values[player] ?? 0) - mean) <= (half_widths?.[player] ?? 0)) held += 1;
  }
  const coverage = held / (found.length * game.players);
  expect(coverage).toBeGreaterThan(0.93);
  expect(coverage).toBeLessThan(0.97);
});

describe("is refused", () => {
  const random = seededRandom("refused");
  test.each([
    [{ samples: 1 }, "samples"],
    [{ samples: 1e9 }, "samples"],
    [{ features: 0 }, "features"],
    [{ kernel_width: 0 }, "kernel_width"],
    [{ kernel_width: Infinity }, "kernel_width"],
    [{ distance: "manhattan" }, "distance"],
    [{ removal: "constructor" }, "removal"],
    [{ selection: "best" }, "selection"],
  ])("the option %j", async (options, field) => {
    const all = { removal: "bernoulli", random, ...options } as MaskedLimeOptions;
    await expect(lastOf(additive([1, 2]), all)).rejects.toMatchObject({
      problem: { code: "option_invalid", field },
    });
  });

  test("a score that is not finite", async () => {
    const certain = textGame(async (texts) => new Float64Array(texts.length).fill(1), "one two", {
      link: "logit",
    });
    await expect(lastOf(certain, { removal: "lime_text", random })).rejects.toMatchObject({
      problem: { code: "value_invalid" },
    });
  });
});
