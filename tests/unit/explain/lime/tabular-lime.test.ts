import { beforeAll, afterAll, describe, expect, test } from "vitest";
import { lastEstimate, residualOf, type Estimate } from "../../../../domain/explain/estimate.ts";
import {
  tabularLime,
  tabularRules,
  type TabularLimeOptions,
} from "../../../../domain/explain/lime/tabular-lime.ts";
import type { RowLayout, Rows } from "../../../../domain/explain/rows.ts";
import { scoreOf, type Score } from "../../../../domain/explain/score.ts";
import { openModel, type OpenModel } from "../../../../domain/onnx/runtime.ts";
import { normalCdf } from "../../../../domain/statistics/normal.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { wasmRuntime } from "../../../fixtures/wasm-runtime.ts";
import vectors from "../../vectors/explain/lime-tabular.json";
import { evenly, tableLayout, tumourModel, tumours } from "./tables.ts";

/** A score of rows of `columns` numbers, and the rows that it was asked for. */
function watched(
  columns: number,
  of: (row: Float64Array) => number,
): { score: Score; asked: Float64Array[] } {
  const asked: Float64Array[] = [];
  const score = (rows: Rows, count: number): Promise<Float64Array> => {
    const scores = Float64Array.from({ length: count }, (_, at) => {
      const row = Float64Array.from(rows.subarray(at * columns, (at + 1) * columns));
      asked.push(row);
      return of(row);
    });
    return Promise.resolve(scores);
  };
  return { score, asked };
}

const COLUMNS = 5;
const layout = tableLayout(COLUMNS);
/** 400 rows of independent numbers with other means and spreads in each column. */
const training = (() => {
  const random = seededRandom("training rows");
  const rows = Float64Array.from({ length: 400 * COLUMNS }, (_, at) => {
    const column = at % COLUMNS;
    return 10 * column + (column + 1) * random.normal();
  });
  return evenly(rows, COLUMNS);
})();
const instance = Float64Array.of(1.5, 13, 15, 34, 40);
const plain = (seed: string | number): TabularLimeOptions => ({
  instance,
  training,
  random: seededRandom(seed),
});

/** Mean and deviation of a training column. */
function momentsOf(rows: Rows, columns: number, column: number): [mean: number, deviation: number] {
  const values = Array.from(rows).filter((_, at) => at % columns === column);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return [mean, Math.sqrt(squares / values.length)];
}

describe("a planted linear rule", () => {
  const PLANTED = [3, -2, 0, 0.5, 0];
  const { score } = watched(COLUMNS, (row) =>
    row.reduce((sum, value, column) => sum + value * (PLANTED[column] ?? 0), 7),
  );

  test.each([true, false])(
    "is found to a percent without bins (sample_around_instance %s)",
    async (sample_around_instance) => {
      const options = { ...plain("numbers"), discretiser: "none", features: 3 } as const;
      const found = await lastEstimate(
        tabularLime(score, layout, { ...options, sample_around_instance }),
      );
      for (const [column, planted] of PLANTED.entries()) {
        const [mean] = momentsOf(training.rows, COLUMNS, column);
        const expected = planted * ((instance[column] ?? 0) - mean);
        expect(Math.abs((found.values[column] ?? 0) - expected)).toBeLessThanOrEqual(
          0.01 * Math.abs(expected),
        );
      }
      expect(found.fit?.r2).toBeGreaterThan(0.999);
      expect(Math.abs(residualOf(found))).toBeLessThan(0.05);
    },
  );

  test("keeps its signs and its order in bins", async () => {
    const found = await lastEstimate(tabularLime(score, layout, plain("bins")));
    // Contributions over the mean: 4.5 of column 0, -6 of column 1, 2 of column 3, 0 of the others.
    const order = [...found.values.keys()].toSorted(
      (a, b) => (found.values[a] ?? 0) - (found.values[b] ?? 0),
    );
    expect([order[0], order[3], order[4]]).toEqual([1, 3, 0]);
    expect(found.values[1]).toBeLessThan(0);
    expect(found.values[3]).toBeGreaterThan(found.half_widths?.[3] ?? Infinity);
    for (const column of [2, 4])
      expect(Math.abs(found.values[column] ?? 0)).toBeLessThan(
        1.5 * (found.half_widths?.[column] ?? 0),
      );
  });

  test("values and base add up to what the surrogate says of the instance", async () => {
    for (const discretiser of ["none", "quartile"] as const) {
      const found = await lastEstimate(
        tabularLime(score, layout, { ...plain("sum"), discretiser, samples: 300 }),
      );
      const sum = found.values.reduce((total, value) => total + value, found.base);
      expect(sum).toBeCloseTo(found.fit?.local_prediction ?? Number.NaN, 10);
      expect(found.base).toBe(found.fit?.intercept);
      expect(found.prediction).toBe(7 + 3 * 1.5 - 2 * 13 + 0.5 * 34);
    }
  });
});

describe("on a neural network, lime says the same", () => {
  const table = tumours();
  let open: OpenModel;
  let score: Score;
  beforeAll(async () => {
    open = await openModel(wasmRuntime, tumourModel());
    score = scoreOf(open, table.layout, { output: "probabilities", index: 1 });
  });
  afterAll(() => open.release());

  const OPTIONS = [
    { discretiser: "quartile" },
    { discretiser: "entropy" },
    { discretiser: "none" },
    { discretiser: "none", sample_around_instance: true },
  ] as const;
  const SEEDS = 5;
  const LIME_SEEDS = 20;

  test.each(OPTIONS.map((options, at) => ({ options, at })))(
    "$options",
    async ({ options, at }) => {
      const run = vectors.runs[at];
      if (run === undefined) throw new Error(`there is no run ${at}`);
      const own = table.training.rows.slice(run.row * 30, run.row * 30 + 30);
      const told = Array.from(own, (value, column) => {
        if (options.discretiser !== "none") return 1;
        const [mean, deviation] = momentsOf(table.training.rows, 30, column);
        return (value - mean) / deviation;
      });
      const found: Estimate[] = [];
      for (let seed = 0; seed < SEEDS; seed += 1)
        found.push(
          await lastEstimate(
            tabularLime(score, table.layout, {
              ...table,
              ...options,
              instance: own,
              selection: "none",
              random: seededRandom(`tumour ${seed}`),
            }),
          ),
        );
      const meanOf = (of: (estimate: Estimate) => number): number =>
        found.reduce((sum, estimate) => sum + of(estimate), 0) / SEEDS;
      const far = (ours: number, lime: number, error: number): number =>
        Math.abs(ours - lime) / (error * Math.sqrt(1 + LIME_SEEDS / SEEDS));

      const distances = run.coefficients.map((coefficient, column) =>
        far(
          meanOf(({ values }) => (values[column] ?? 0) / (told[column] ?? 1)),
          coefficient,
          run.standard_errors[column] ?? 0,
        ),
      );
      expect(Math.max(...distances)).toBeLessThan(3.5);
      expect(distances.reduce((sum, distance) => sum + distance ** 2, 0) / 30).toBeLessThan(1.6);
      for (const [index, of] of (["intercept", "r2", "local_prediction"] as const).entries())
        expect(
          far(
            meanOf(({ fit }) => fit?.[of] ?? 0),
            run.fit[index] ?? 0,
            run.fit_errors[index] ?? 0,
          ),
        ).toBeLessThan(3);
      expect(found[0]?.prediction).toBeCloseTo(run.prediction, 5);

      // The intervals tell from one run how far lime's coefficients lie apart over its seeds.
      const spreads = run.standard_errors.map((error) => error * Math.sqrt(LIME_SEEDS));
      const claimed = spreads.map(
        (_, column) =>
          meanOf(({ half_widths }) => half_widths?.[column] ?? 0) /
          1.96 /
          Math.abs(told[column] ?? 1),
      );
      const ratios = claimed.map((half, column) => half / (spreads[column] ?? 1));
      expect(ratios.reduce((sum, ratio) => sum + ratio, 0) / 30).toBeCloseTo(1, 0.9);
    },
  );
});

describe("what is drawn", () => {
  const { score, asked } = watched(COLUMNS, (row) => row[0] ?? 0);

  async function draw(
    options: Partial<TabularLimeOptions>,
    seed = "draws",
  ): Promise<Float64Array[]> {
    asked.length = 0;
    await lastEstimate(tabularLime(score, layout, { ...plain(seed), ...options }));
    return [...asked];
  }

  test("the first row is the instance", async () => {
    for (const discretiser of ["quartile", "none"] as const)
      expect((await draw({ discretiser, samples: 10 }))[0]).toEqual(instance);
  });

  test("a longer run begins with the rows of a shorter one", async () => {
    const short = await draw({ samples: 50 });
    const long = await draw({ samples: 200 });
    expect(long.slice(0, 50)).toEqual(short);
  });

  test("numbers in bins keep within the training rows, a quarter in each quartile", async () => {
    const values = Array.from(training.rows).filter((_, at) => at % COLUMNS === 2);
    const drawn = (await draw({ samples: 4_000 })).slice(1).map((row) => row[2] ?? 0);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(Math.min(...values));
    expect(Math.max(...drawn)).toBeLessThanOrEqual(Math.max(...values));
    const median = values.toSorted((a, b) => a - b)[200] ?? 0;
    const below = drawn.filter((value) => value <= median).length / drawn.length;
    expect(Math.abs(below - 0.5)).toBeLessThan(3 * Math.sqrt(0.25 / 4_000));
  });

  test("a value in a bin has the normal distribution of the bin, cut off at its ends", async () => {
    // One quarter of four values each: the lowest quartile of the column holds 0, 1, 2 and 3.
    const column = evenly(
      Float64Array.from({ length: 16 }, (_, at) => at),
      1,
    );
    const one = tableLayout(1);
    const { score: watch, asked: rows } = watched(1, (row) => row[0] ?? 0);
    const options = { instance: Float64Array.of(2), training: column, samples: 8_000 };
    await lastEstimate(tabularLime(watch, one, { ...options, random: seededRandom("one bin") }));
    const [low, high, mean, deviation] = [0, 3.75, 1.5, Math.sqrt(1.25)];
    const inBin = rows
      .slice(1)
      .map((row) => row[0] ?? 0)
      .filter((value) => value <= high)
      .sort((a, b) => a - b);
    const below = (value: number): number => normalCdf((value - mean) / deviation);
    const cdf = (value: number): number => (below(value) - below(low)) / (below(high) - below(low));
    const apart = inBin.map((value, rank) => Math.abs(cdf(value) - (rank + 0.5) / inBin.length));
    // The 1 % point of Kolmogorov's distance.
    expect(Math.max(...apart)).toBeLessThan(1.63 / Math.sqrt(inBin.length));
  });

  test("a bin of one value keeps that value, where lime makes it 0", async () => {
    const zeros = evenly(Float64Array.of(5, 5, 5, 5, 5, 8, 9, 10), 1);
    const { score: watch, asked: rows } = watched(1, (row) => row[0] ?? 0);
    const options = { instance: Float64Array.of(5), training: zeros, samples: 200 };
    await lastEstimate(tabularLime(watch, tableLayout(1), { ...options, random: seededRandom(1) }));
    const lowest = rows.map((row) => row[0] ?? 0).filter((value) => value < 5.01);
    expect(new Set(lowest)).toEqual(new Set([5]));
    expect(lowest.length).toBeGreaterThan(100);
  });

  test("categories come by their weight in the training rows", async () => {
    const rows = Float64Array.of(1, 2, 4, 4);
    const weights = Float64Array.of(0.5, 0.2, 0.2, 0.1);
    const { score: watch, asked: drawn } = watched(1, (row) => (row[0] === 2 ? 1 : 0));
    const found = await lastEstimate(
      tabularLime(watch, tableLayout(1), {
        instance: Float64Array.of(2),
        training: { rows, weights, count: 4 },
        categorical: [0],
        random: seededRandom("categories"),
      }),
    );
    const shareOf = (value: number): number =>
      drawn.filter((row) => row[0] === value).length / drawn.length;
    for (const [value, share] of [[1, 0.5] as const, [2, 0.2] as const, [4, 0.3] as const])
      expect(Math.abs(shareOf(value) - share)).toBeLessThan(3 * Math.sqrt(0.25 / 5_000));
    // The model asks for this very category, so that it explains all.
    expect(found.values[0]).toBeCloseTo(1, 1);
    expect(found.fit?.r2).toBeGreaterThan(0.999);
  });

  test("an input of whole numbers gets such, in the bin that the surrogate is told", async () => {
    const counts = evenly(Float64Array.of(0, 0, 1, 1, 1, 2, 2, 3, 4, 6, 7, 9), 1);
    const bounds = [1, 2, 4.5];
    const { score: watch, asked: rows } = watched(1, ([value = 0]) =>
      value > (bounds[1] ?? 0) && value <= (bounds[2] ?? 0) ? 1 : 0,
    );
    const options = { instance: Float64Array.of(3), training: counts, samples: 2_000 };
    const whole = tableLayout(1, "uint8");
    const found = await lastEstimate(
      tabularLime(watch, whole, { ...options, random: seededRandom("counts") }),
    );
    expect(new Set(rows.map((row) => row[0]))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
    expect(found.fit?.r2).toBeGreaterThan(0.999);
    rows.length = 0;
    await lastEstimate(
      tabularLime(watch, whole, { ...options, discretiser: "none", random: seededRandom("none") }),
    );
    const drawn = rows.map((row) => row[0] ?? 0);
    expect(drawn).toSatisfy((all: number[]) => all.every(Number.isInteger));
    expect(Math.min(...drawn)).toBe(0);
  });

  test("numbers without bins vary about their mean, or about the instance", async () => {
    for (const sample_around_instance of [false, true]) {
      const drawn = await draw({ discretiser: "none", sample_around_instance });
      const [mean, deviation] = momentsOf(
        Float64Array.from(drawn.flatMap((row) => [...row])),
        5,
        1,
      );
      const [trained, spread] = momentsOf(training.rows, COLUMNS, 1);
      const centre = sample_around_instance ? 13 : trained;
      expect(Math.abs(mean - centre)).toBeLessThan((3 * spread) / Math.sqrt(5_000));
      expect(deviation / spread).toBeCloseTo(1, 1);
    }
  });
});

describe("estimates", () => {
  const { score } = watched(COLUMNS, (row) => Math.tanh((row[0] ?? 0) * ((row[1] ?? 0) - 10)));

  async function estimates(seed: string, options: Partial<TabularLimeOptions> = {}) {
    const found: Estimate[] = [];
    for await (const estimate of tabularLime(score, layout, { ...plain(seed), ...options }))
      found.push(estimate);
    return found;
  }

  test("come coarse to fine, with ever narrower intervals", async () => {
    const found = await estimates("coarse to fine", { selection: "none" });
    expect(found.map(({ rows }) => rows)).toEqual([500, 1_000, 2_000, 5_000]);
    const widths = found.map(({ half_widths }) => Math.max(...(half_widths ?? [])));
    expect(widths).toEqual(widths.toSorted((a, b) => b - a));
  });

  test("two samples are enough to run", async () => {
    const found = await estimates("two", { samples: 2 });
    expect(found.map(({ rows }) => rows)).toEqual([2]);
    for (const { values, half_widths, base, fit } of found)
      expect([...values, ...(half_widths ?? []), base, fit?.r2]).toSatisfy((all: unknown[]) =>
        all.every(Number.isFinite),
      );
  });

  test("the same seed gives the same bytes, another seed others", async () => {
    const bytesOf = async (seed: string): Promise<string> =>
      JSON.stringify(
        (await estimates(seed)).map((estimate) => ({
          ...estimate,
          values: [...estimate.values],
          half_widths: [...(estimate.half_widths ?? [])],
        })),
      );
    expect(await bytesOf("one")).toBe(await bytesOf("one"));
    expect(await bytesOf("one")).not.toBe(await bytesOf("other"));
  });

  test("keep at most as many features as asked for", async () => {
    for (const selection of ["auto", "forward_selection", "highest_weights", "lasso_path"] as const)
      for (const { values } of await estimates("few", { selection, features: 2, samples: 400 }))
        expect([...values].filter((value) => value !== 0)).toHaveLength(2);
  });

  test("without options they are lime's: 10 features, and a kernel of 0.75 sqrt(columns)", async () => {
    const rows = Float64Array.from({ length: 600 }, (_, at) => (at * 37) % 101);
    const wide = evenly(rows, 12);
    const sum = watched(12, (row) => row.reduce((total, value) => total + value, 0));
    const found = async (options: Partial<TabularLimeOptions>): Promise<Estimate> =>
      lastEstimate(
        tabularLime(sum.score, tableLayout(12), {
          instance: rows.slice(0, 12),
          training: wide,
          random: seededRandom("defaults"),
          ...options,
        }),
      );
    const plainly = await found({});
    expect([...plainly.values].filter((value) => value !== 0)).toHaveLength(10);
    expect(plainly).toEqual(
      await found({
        samples: 5_000,
        features: 10,
        kernel_width: 0.75 * Math.sqrt(12),
        distance: "euclidean",
        discretiser: "quartile",
        selection: "highest_weights",
      }),
    );
  });

  test("the width of the kernel says how near the rows are that count", async () => {
    const bent = watched(1, ([value = 0]) => -((value - 1) ** 2));
    const one = evenly(
      Float64Array.from(training.rows).filter((_, at) => at % COLUMNS === 0),
      1,
    );
    const [mean, deviation] = momentsOf(one.rows, 1, 0);
    const own = 0.5;
    for (const kernel_width of [0.4, 1, 100]) {
      const { values } = await lastEstimate(
        tabularLime(bent.score, tableLayout(1), {
          instance: Float64Array.of(own),
          training: one,
          discretiser: "none",
          kernel_width,
          samples: 20_000,
          random: seededRandom("kernel"),
        }),
      );
      // Normal draws under a normal kernel are normal about this mean, and a parabola's slope is that there.
      const [near, all] = [(kernel_width * deviation) ** -2, deviation ** -2];
      const centre = (own * near + mean * all) / (near + all);
      const expected = 2 * (1 - centre) * (own - mean);
      expect((values[0] ?? 0) / expected).toBeCloseTo(1, 1.3);
    }
  });

  test("each distance weighs other rows", async () => {
    const found = new Set<number>();
    for (const distance of ["euclidean", "manhattan", "cosine"] as const)
      found.add((await estimates("distance", { distance, samples: 200 }))[0]?.base ?? 0);
    expect(found.size).toBe(3);
  });
});

describe("rules", () => {
  const texts: RowLayout = {
    ports: [
      {
        name: "colour",
        type: "string",
        shape: [1],
        offset: 0,
        count: 1,
        categories: [["red", "blue"]],
      },
      { name: "size", type: "float32", shape: [2], offset: 1, count: 2, categories: null },
    ],
    size: 3,
  };
  const rows = evenly(Float64Array.of(0, 1, 5, 1, 2, 5, 0, 3, 6, 1, 4, 7), 3);

  test("say what is so of the instance in each column", () => {
    expect(
      tabularRules(texts, ["colour", "width", "height"], {
        instance: Float64Array.of(1, 2, 6.5),
        training: rows,
        categorical: [2],
      }),
    ).toEqual(["colour = blue", "1.75 < width <= 2.5", "height = 6.5"]);
  });

  test("a text is a category without being named one", async () => {
    const { score, asked } = watched(3, () => 0);
    const options = { instance: Float64Array.of(1, 2, 6), training: rows, samples: 50 };
    await lastEstimate(tabularLime(score, texts, { ...options, random: seededRandom(3) }));
    expect(new Set(asked.map((row) => row[0]))).toEqual(new Set([0, 1]));
  });
});

describe("what is refused", () => {
  const { score } = watched(COLUMNS, () => 0);
  const none = { rows: new Float64Array(0), count: 0, weights: new Float64Array(0) };
  const holed = { ...training, rows: training.rows.with(7, Number.NaN) };

  test.each([
    ["option_invalid", "samples", { samples: 1 }],
    ["option_invalid", "samples", { samples: 10.5 }],
    ["option_invalid", "samples", { samples: 1e7 }],
    ["option_invalid", "features", { features: 0 }],
    ["option_invalid", "kernel_width", { kernel_width: 0 }],
    ["option_invalid", "kernel_width", { kernel_width: Number.NaN }],
    ["option_invalid", "categorical", { categorical: [5] }],
    ["option_invalid", "labels", { labels: [1, 2] }],
    ["option_invalid", "discretiser", { discretiser: "entropy" }],
    ["option_invalid", "discretiser", { discretiser: "octile" as "decile" }],
    ["option_invalid", "distance", { distance: "far" as "cosine" }],
    ["option_invalid", "selection", { selection: "all" as "none" }],
    ["option_invalid", "sample_around_instance", { sample_around_instance: true }],
    ["background_missing", undefined, { training: none }],
    ["value_invalid", "training", { training: holed }],
    ["value_invalid", "instance", { instance: instance.with(2, Infinity) }],
  ] as const)("%s: %s", async (code, field, wrong) => {
    const work = lastEstimate(tabularLime(score, layout, { ...plain("refused"), ...wrong }));
    await expect(work).rejects.toMatchObject({ problem: { code, ...(field && { field }) } });
  });

  test("more numbers than can be held, with the samples that can", async () => {
    const wide = tableLayout(1_000);
    const rows = evenly(new Float64Array(1_000), 1_000);
    const options = {
      samples: 5_000,
      instance: rows.rows,
      training: rows,
      random: seededRandom("wide"),
    };
    await expect(lastEstimate(tabularLime(score, wide, options))).rejects.toThrow(
      /ask for 4194 samples or fewer/u,
    );
  });

  test("a model that answers NaN", async () => {
    const broken = watched(COLUMNS, ([value = 0]) => (value > 0 ? 1 : Number.NaN));
    await expect(
      lastEstimate(tabularLime(broken.score, layout, plain("broken"))),
    ).rejects.toMatchObject({ problem: { code: "value_invalid" } });
  });
});
