import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ExplainFault } from "../../../../domain/explain/explain-fault.ts";
import { shrinkingFlips, smallestFlip } from "../../../../domain/explain/gradients/adversarial.ts";
import { classScoresOf } from "../../../../domain/explain/gradients/class-scores.ts";
import type {
  Classifier,
  Flip,
  FlipOptions,
} from "../../../../domain/explain/gradients/flip-options.ts";
import {
  openScoreGradient,
  type ScoreGradient,
} from "../../../../domain/explain/gradients/score-gradient.ts";
import { newRows, type RowLayout } from "../../../../domain/explain/rows.ts";
import { readModel, writeModel } from "../../../../domain/onnx/codec/onnx-file.ts";
import type { Model } from "../../../../domain/onnx/model.ts";
import { openModel, type OpenModel } from "../../../../domain/onnx/runtime.ts";
import { buildNetwork } from "../../../../domain/onnx/train/architectures/build-network.ts";
import { seededRandom, type Random } from "../../../../domain/statistics/random.ts";
import { wasmRuntime } from "../../../fixtures/wasm-runtime.ts";

const layoutOf = (size: number, type: "float32" | "float64" = "float64"): RowLayout => ({
  size,
  ports: [{ name: "features", type, shape: [size], offset: 0, count: size, categories: null }],
});

/** Scores that are functions of the row with known slopes. */
function classifierOf(
  size: number,
  threshold: number,
  scores: readonly {
    score: (row: Float64Array) => number;
    slope: (row: Float64Array, at: number) => number;
  }[],
): Classifier {
  const layout = layoutOf(size);
  const rowAt = (rows: ArrayLike<number>, row: number): Float64Array =>
    Float64Array.from({ length: size }, (_, at) => rows[row * size + at] ?? 0);
  const gradient = (weights: ReadonlyMap<number, number>): ScoreGradient => ({
    async run(rows, count) {
      const found = { scores: new Float64Array(count), gradients: newRows(layout, count) };
      for (let row = 0; row < count; row += 1)
        for (const [index, weight] of weights) {
          const own = rowAt(rows, row);
          const part = scores[index];
          if (!part) throw new Error(`no score ${index}`);
          found.scores[row] = (found.scores[row] ?? 0) + weight * part.score(own);
          for (let at = 0; at < size; at += 1)
            found.gradients[row * size + at] =
              (found.gradients[row * size + at] ?? 0) + weight * part.slope(own, at);
        }
      return found;
    },
    of: gradient,
    release() {},
  });
  return {
    layout,
    scores_each: scores.length,
    threshold,
    scores: async (rows, count) =>
      Float64Array.from(
        { length: count * scores.length },
        (_, at) =>
          scores[at % scores.length]?.score(rowAt(rows, Math.floor(at / scores.length))) ?? 0,
      ),
    gradient: gradient(new Map([[0, 1]])),
  };
}

const linear = (weights: readonly number[], intercept = 0) => ({
  score: (row: Float64Array) =>
    row.reduce((sum, value, at) => sum + value * (weights[at] ?? 0), intercept),
  slope: (_: Float64Array, at: number) => weights[at] ?? 0,
});

const optionsOf = (more: Partial<FlipOptions> = {}): FlipOptions => ({
  norm: "l2",
  max_epsilon: 10,
  random: seededRandom("flip"),
  ...more,
});

async function flipOf(
  classifier: Classifier,
  instance: readonly number[],
  more: Partial<FlipOptions> = {},
): Promise<Extract<Flip, { found: true }>> {
  const flip = await smallestFlip(classifier, Float64Array.from(instance), optionsOf(more));
  if (!flip.found) throw new Error("no flip was found");
  return flip;
}

describe("the distance of a linear model's boundary has a closed form", () => {
  const random = seededRandom("linear models");
  const draws = Array.from({ length: 20 }, (_, model) => ({
    model,
    weights: Array.from({ length: 6 }, () => random.normal()),
    instance: Array.from({ length: 6 }, () => random.normal()),
    scale: Array.from({ length: 6 }, () => 0.5 + random.uniform()),
    intercept: random.normal(),
  }));

  test.each(draws)("model $model: |score| over the norm of the weights", async (draw) => {
    const { weights, instance, scale, intercept } = draw;
    const classifier = classifierOf(6, 0, [linear(weights, intercept)]);
    const score = Math.abs(linear(weights, intercept).score(Float64Array.from(instance)));
    const scaled = weights.map((weight, at) => weight * (scale[at] ?? 0));
    const distances = {
      l2: score / Math.hypot(...scaled),
      linf: score / scaled.reduce((sum, weight) => sum + Math.abs(weight), 0),
    };
    for (const norm of ["l2", "linf"] as const) {
      // Along a line the end is found whatever the precision of the search.
      const flip = await flipOf(classifier, instance, { norm, scale, precision: 0.5 });
      expect(flip.epsilon / distances[norm]).toBeGreaterThanOrEqual(1 - 1e-9);
      expect(flip.epsilon / distances[norm]).toBeLessThan(1.005);
      expect(flip.after.class).toBe(1 - flip.before.class);
    }
  });

  test("between many classes it is that of the nearest", async () => {
    const classes = [
      linear([0, 0], 1),
      linear([1, 0], 0),
      linear([0, 3], -1.2),
      linear([-1, -1], -9),
    ];
    const flip = await flipOf(classifierOf(2, 0, classes), [0, 0]);
    // 1 / 1 to class 1, which scores second, and 2.2 / 3 to class 2.
    expect(flip.before.class).toBe(0);
    expect(flip.after.class).toBe(2);
    expect(flip.epsilon).toBeGreaterThanOrEqual(2.2 / 3 - 1e-9);
    expect(flip.epsilon).toBeLessThan((2.2 / 3) * 1.005);
    const asked = await flipOf(classifierOf(2, 0, classes), [0, 0], { to_class: 1 });
    expect(asked.after.class).toBe(1);
    expect(asked.epsilon).toBeGreaterThanOrEqual(1 - 1e-9);
    expect(asked.epsilon).toBeLessThan(1.05);
  });

  test("a probability flips at its threshold, in either direction", async () => {
    const probability = {
      score: ([x = 0]: Float64Array) => 1 / (1 + Math.exp(-x)),
      slope: ([x = 0]: Float64Array) => Math.exp(-x) / (1 + Math.exp(-x)) ** 2,
    };
    const classifier = classifierOf(1, 0.9, [probability]);
    const boundary = Math.log(9);
    const [up, down] = [await flipOf(classifier, [0]), await flipOf(classifier, [4])];
    expect(up.after).toMatchObject({ class: 1 });
    expect(up.row[0]).toBeCloseTo(boundary, 2);
    expect(down.after).toMatchObject({ class: 0 });
    expect(down.row[0]).toBeCloseTo(boundary, 2);
  });
});

describe("a change stays within what is allowed", () => {
  const weights = [3, 2, 1, 0.5];
  const classifier = classifierOf(4, 0, [linear(weights, -2)]);
  const instance = [0, 0, 0, 0];

  test("features that are immutable stay as they are", async () => {
    const flip = await flipOf(classifier, instance, { immutable: [0, 2] });
    expect([flip.row[0], flip.row[2]]).toEqual([0, 0]);
    expect(flip.epsilon).toBeCloseTo(2 / Math.hypot(2, 0.5), 2);
  });

  test("bounds hold, and the rest of the way is gone by others", async () => {
    const bounds = [
      [0, 0.25],
      [-1, 1],
      [0, 9],
      [0, 9],
    ] as const;
    for (const norm of ["l2", "linf"] as const) {
      const flip = await flipOf(classifier, instance, { bounds, norm });
      for (const [at, [low, high]] of bounds.entries()) {
        expect(flip.row[at]).toBeGreaterThanOrEqual(low);
        expect(flip.row[at]).toBeLessThanOrEqual(high);
      }
      // The first at its bound leaves 1.25 for the others: for linf (2 - 0.75) / 3.5.
      const expected =
        norm === "linf" ? 1.25 / 3.5 : Math.hypot(0.25, 1.25 / Math.hypot(2, 1, 0.5));
      expect(flip.epsilon).toBeGreaterThanOrEqual(expected - 1e-9);
      expect(flip.epsilon).toBeLessThan(expected * 1.03);
    }
  });

  test("whole numbers stay whole, and flip the class as they are", async () => {
    const whole = classifierOf(2, 0, [linear([1, 1.5], -3.4)]);
    for (const norm of ["l2", "linf"] as const) {
      const flip = await flipOf(whole, [0, 0], { integers: [0, 1], norm });
      for (const value of flip.row) expect(Number.isInteger(value)).toBe(true);
      const [a = 0, b = 0] = flip.row;
      expect(a + 1.5 * b).toBeGreaterThanOrEqual(3.4);
      // (1, 2) is the nearest of all whole rows beyond the boundary; (2, 2) is as near by its greatest part.
      expect(flip.epsilon).toBeCloseTo(norm === "l2" ? Math.sqrt(5) : 2, 9);
    }
  });

  test("a whole number is not reached beyond the greatest change", async () => {
    const whole = classifierOf(2, 0, [linear([1, 1.5], -3.4)]);
    const options = optionsOf({ integers: [0, 1], max_epsilon: 2.1 });
    const flip = await smallestFlip(whole, Float64Array.of(0, 0), options);
    expect(flip.found).toBe(false);
  });

  test("where no change in reach flips the class, none is claimed", async () => {
    for (const more of [{ max_epsilon: 0.1 }, { immutable: [0, 1, 2], max_epsilon: 3 }]) {
      const flip = await smallestFlip(classifier, Float64Array.from(instance), optionsOf(more));
      expect(flip).toMatchObject({ found: false, before: { class: 0 } });
      expect(flip.rows).toBeGreaterThan(10);
    }
  });
});

describe("features that need not change are put back", () => {
  test("one that has no influence never changes", async () => {
    const flip = await flipOf(classifierOf(3, 0, [linear([1, 0, 1], -1)]), [0, 0, 0], {
      norm: "linf",
    });
    expect(flip.changes.map(({ index }) => index).sort()).toEqual([0, 2]);
  });

  test("with some slack, those of little influence do not either", async () => {
    const classifier = classifierOf(4, 0, [linear([4, 1, 0.2, 0.1], -1)]);
    const flip = await flipOf(classifier, [0, 0, 0, 0], { slack: 0.2 });
    const least = 1 / Math.hypot(4, 1, 0.2, 0.1);
    expect(flip.changes.map(({ index }) => index)).toEqual([0]);
    expect(flip.epsilon).toBeLessThan(least * 1.2);
    expect(flip.epsilon).toBeCloseTo(1 / 4, 2);
  });

  test("the one of the least influence first", async () => {
    const classifier = classifierOf(3, 0, [linear([3, 2, 1], -1)]);
    const flip = await flipOf(classifier, [0, 0, 0], { slack: 0.5 });
    // A stretch by half can do without 1/14 or 4/14 of itself, and not without both.
    expect(flip.changes.map(({ index }) => index)).toEqual([0, 1]);
  });

  test("changes are listed greatest first, in units of the scale", async () => {
    const classifier = classifierOf(2, 0, [linear([1, 1], -1)]);
    const flip = await flipOf(classifier, [0, 0], { scale: [1, 2] });
    expect(flip.changes.map(({ index }) => index)).toEqual([1, 0]);
    for (const { index, from, to, scaled } of flip.changes) {
      expect(from).toBe(0);
      expect(to).toBe(flip.row[index]);
      expect(scaled).toBeCloseTo(to / (index + 1), 12);
    }
  });
});

test("a boundary that bends is found where it is nearest", async () => {
  // Beyond a circle of radius 2; the nearest point of it to (1, 0.5) lies in that direction.
  const circle = {
    score: (row: Float64Array) => row.reduce((sum, value) => sum + value ** 2, -4),
    slope: (row: Float64Array, at: number) => 2 * (row[at] ?? 0),
  };
  const flip = await flipOf(classifierOf(2, 0, [circle]), [1, 0.5]);
  expect(flip.epsilon).toBeGreaterThanOrEqual(2 - Math.hypot(1, 0.5) - 1e-9);
  expect(flip.epsilon).toBeLessThan((2 - Math.hypot(1, 0.5)) * 1.01);
});

test("where the slope is level a search goes on in random directions", async () => {
  const plateau = {
    score: ([x = 0, y = 0]: Float64Array) => Math.max(Math.abs(x), Math.abs(y)) - 1,
    slope: ([x = 0, y = 0]: Float64Array, at: number) =>
      Math.max(Math.abs(x), Math.abs(y)) < 0.5 ? 0 : Math.sign(at === 0 ? x : y),
  };
  const flip = await flipOf(classifierOf(2, 0, [plateau]), [0, 0], { restarts: 1 });
  expect(flip.epsilon).toBeGreaterThanOrEqual(1 - 1e-9);
  expect(flip.epsilon).toBeLessThan(1.1);
});

test("a threshold is a shift of the score", async () => {
  const shifted = (shift: number) => ({
    score: ([a = 0, b = 0, c = 0]: Float64Array) => a * b + c + shift,
    slope: ([a = 0, b = 0]: Float64Array, at: number) => [b, a, 1][at] ?? 0,
  });
  const [with0, with2] = [
    await flipOf(classifierOf(3, 0, [shifted(-2)]), [0.1, 0.9, 0]),
    await flipOf(classifierOf(3, 2, [shifted(0)]), [0.1, 0.9, 0]),
  ];
  expect(with2.epsilon).toBeCloseTo(with0.epsilon, 6);
});

test("each flip told of is smaller than the one before", async () => {
  const classifier = classifierOf(3, 0, [
    {
      score: ([a = 0, b = 0, c = 0]) => a * b + c - 2,
      slope: ([a = 0, b = 0], at) => [b, a, 1][at] ?? 0,
    },
  ]);
  const sizes: number[] = [];
  for await (const flip of shrinkingFlips(classifier, Float64Array.of(0.1, 0.2, 0), optionsOf()))
    if (flip.found) sizes.push(flip.epsilon);
  expect(sizes.length).toBeGreaterThan(1);
  for (const [at, size] of sizes.entries())
    expect(size).toBeLessThanOrEqual(sizes[at - 1] ?? Infinity);
});

test.each<[string, Partial<FlipOptions>, string]>([
  ["no reach", { max_epsilon: 0 }, "max_epsilon"],
  ["a class that is not there", { to_class: 2 }, "target_class"],
  ["the class that it has", { to_class: 0 }, "target_class"],
  ["half a step", { steps: 0.5 }, "steps"],
  ["no restarts", { restarts: 0 }, "restarts"],
  ["a scale of 0", { scale: [1, 0] }, "scale"],
  ["too short a scale", { scale: [1] }, "scale"],
  [
    "bounds the wrong way round",
    {
      bounds: [
        [1, -1],
        [0, 1],
      ],
    },
    "bounds",
  ],
  [
    "bounds that leave the instance out",
    {
      bounds: [
        [1, 2],
        [0, 1],
      ],
    },
    "bounds",
  ],
  ["an immutable feature that is not there", { immutable: [2] }, "immutable"],
  ["a whole number that is not there", { integers: [-1] }, "integers"],
  ["nothing that may change", { immutable: [0, 1] }, "immutable"],
  ["a negative slack", { slack: -1 }, "slack"],
])("%s is refused", async (_, more, field) => {
  const classifier = classifierOf(2, 0, [linear([1, 1], -1)]);
  const refused = smallestFlip(classifier, Float64Array.of(0, 0), optionsOf(more));
  await expect(refused).rejects.toThrow(ExplainFault);
  await expect(refused).rejects.toMatchObject({ problem: { field } });
});

test("an instance that is not finite is refused", async () => {
  const classifier = classifierOf(2, 0, [linear([1, 1], -1)]);
  const refused = smallestFlip(classifier, Float64Array.of(0, Number.NaN), optionsOf());
  await expect(refused).rejects.toMatchObject({ problem: { code: "value_invalid" } });
});

describe("on ONNX Runtime", () => {
  type Opened = { classifier: Classifier; open: OpenModel; ran: { rows: number } };

  async function opened(model: Model, size: number, classes: number): Promise<Opened> {
    const layout = layoutOf(size, "float32");
    const ran = { rows: 0 };
    const count = (rows: number): void => void (ran.rows += rows);
    const open = await openModel(wasmRuntime, writeModel(model));
    const output = "probabilities";
    const gradient = await openScoreGradient(
      wasmRuntime,
      model,
      layout,
      { output, index: 0 },
      { ran: count },
    );
    const scores = classScoresOf(open, layout, output, classes, { ran: count });
    return {
      classifier: { layout, scores_each: classes, threshold: 0.5, scores, gradient },
      open,
      ran,
    };
  }

  const classOf = async (open: OpenModel, row: Float32Array): Promise<number> => {
    const feeds = { features: { type: "float32" as const, dims: [1, row.length], data: row } };
    const scores = Array.from((await open.run(feeds))["probabilities"]?.data ?? [], Number);
    return scores.indexOf(Math.max(...scores));
  };

  let cancer: Opened;
  const lines = readFileSync(
    new URL("../../../../examples/wdbc/breast_cancer.csv", import.meta.url),
    "utf8",
  );
  const rows = lines
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.split(",").slice(0, 30).map(Number));
  const scale = Array.from({ length: 30 }, (_, at) => {
    const mean = rows.reduce((sum, row) => sum + (row[at] ?? 0), 0) / rows.length;
    return Math.sqrt(
      rows.reduce((sum, row) => sum + ((row[at] ?? 0) - mean) ** 2, 0) / rows.length,
    );
  });
  const bounds = scale.map((_, at): [number, number] => {
    const column = Float32Array.from(rows, (row) => row[at] ?? 0);
    return [Math.min(...column), Math.max(...column)];
  });

  beforeAll(async () => {
    const file = new URL("../../../../examples/wdbc/models/wdbc-mlp.onnx", import.meta.url);
    cancer = await opened(readModel(new Uint8Array(readFileSync(file))), 30, 2);
  });
  afterAll(async () => {
    await cancer.open.release();
    await cancer.classifier.gradient.release();
  });

  test.each([0, 19, 100])(
    "patient %d gets the other diagnosis, within what patients have",
    async (patient) => {
      const instance = Float32Array.from(rows[patient] ?? []);
      const before = await classOf(cancer.open, instance);
      for (const norm of ["linf", "l2"] as const) {
        cancer.ran.rows = 0;
        const options = optionsOf({ norm, scale, bounds, slack: 0.2, max_epsilon: 12 });
        const flip = await smallestFlip(cancer.classifier, instance, options);
        if (!flip.found) throw new Error("no flip");
        expect(flip.rows).toBe(cancer.ran.rows);
        expect(flip.before.class).toBe(before);
        expect(await classOf(cancer.open, Float32Array.from(flip.row))).toBe(1 - before);
        for (const [at, value] of flip.row.entries()) {
          expect(value).toBeGreaterThanOrEqual(bounds[at]?.[0] ?? 0);
          expect(value).toBeLessThanOrEqual(bounds[at]?.[1] ?? 0);
        }
        const parts = scale.map((unit, at) => ((flip.row[at] ?? 0) - (instance[at] ?? 0)) / unit);
        const size = norm === "l2" ? Math.hypot(...parts) : Math.max(...parts.map(Math.abs));
        expect(flip.epsilon).toBeCloseTo(size, 9);
      }
    },
  );

  test("the same seed gives the same bytes", async () => {
    const instance = Float32Array.from(rows[3] ?? []);
    const once = () => smallestFlip(cancer.classifier, instance, optionsOf({ scale }));
    expect(await once()).toEqual(await once());
  });

  test("no random change of the size found flips more often than it: random networks of three classes", async () => {
    const random: Random = seededRandom("networks");
    for (let seed = 0; seed < 3; seed += 1) {
      const model = buildNetwork({
        architecture: { kind: "mlp" },
        input: { features: 5 },
        output: { classes: 3 },
        seed,
      });
      const { classifier, open } = await opened(model, 5, 3);
      const instance = Float32Array.from({ length: 5 }, () => random.normal());
      const flip = await smallestFlip(classifier, instance, optionsOf({ max_epsilon: 20 }));
      if (!flip.found) throw new Error(`no flip of network ${seed}`);
      // Random changes of 0.9 of its size: if one flipped, the search would have missed a smaller change.
      const tries = Float32Array.from({ length: 5 * 400 });
      for (let at = 0; at < 400; at += 1) {
        const direction = Array.from({ length: 5 }, () => random.normal());
        const factor = (0.9 * flip.epsilon) / Math.hypot(...direction);
        tries.set(
          direction.map((part, index) => (instance[index] ?? 0) + factor * part),
          at * 5,
        );
      }
      const scores = await classifier.scores(tries, 400);
      for (let at = 0; at < 400; at += 1) {
        const own = Array.from(scores.subarray(at * 3, at * 3 + 3));
        expect(own.indexOf(Math.max(...own))).toBe(flip.before.class);
      }
      await open.release();
      await classifier.gradient.release();
    }
  });

  test("an output of another width is refused", async () => {
    const scores = classScoresOf(cancer.open, cancer.classifier.layout, "probabilities", 3);
    await expect(scores(Float32Array.from(rows[0] ?? []), 1)).rejects.toMatchObject({
      problem: { code: "target_unknown" },
    });
  });
});
