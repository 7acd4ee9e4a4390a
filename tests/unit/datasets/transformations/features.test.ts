import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { faultOf, field, signal, sourceOf, transform } from "./support.ts";

const vectors = JSON.parse(
  readFileSync("tests/unit/vectors/datasets/transformations/tables.json", "utf8"),
) as {
  x: [number, number][];
  bins: number[][];
  rolling_standard_deviation: (number | null)[];
  rolling_mean: (number | null)[];
} & Record<"z_score" | "min_max" | "robust" | "max_abs", [number, number][]>;

const fields = [field("a", "float64"), field("b", "float64"), field("g", "string")];
const rows = vectors.x.map(([a, b], at) => ({ a, b, g: at % 2 === 0 ? "even" : "odd" }));
const source = (each = 7) => sourceOf({ fields }, rows, each);

describe("normalization", () => {
  it.each(["z_score", "min_max", "robust", "max_abs"] as const)(
    "%s is scikit-learn's",
    async (method) => {
      const parameters = { method, ...(method === "min_max" ? { range: [-1, 1] } : {}) };
      const found = await transform("normalization", parameters, source());
      for (const [at, [a, b]] of vectors[method].entries()) {
        expect(found.rows[at]?.["a"]).toBeCloseTo(a, 12);
        expect(found.rows[at]?.["b"]).toBeCloseTo(b, 12);
      }
      const again = await transform("normalization", found.parameters, source(3));
      expect(again.rows).toEqual(found.rows);
      expect(again.parameters).toEqual(found.parameters);
    },
  );
});

it.each([
  [{ method: "min_max", range: [1, 1] }, "parameters.range"],
  [{ method: "min_max", range: [0, 1, 2] }, "parameters.range"],
  [{ columns: ["g"] }, "parameters.columns"],
  [{ columns: [] }, "parameters.columns"],
  [{ fitted: [{ column: "a", centre: 0, scale: 1 }] }, "parameters.fitted"],
  [{ columns: ["a"], fitted: ["a"] }, "parameters.fitted[0]"],
  [
    { columns: ["a"], fitted: [{ column: "a", centre: 0, scale: 0 }] },
    "parameters.fitted[0].scale",
  ],
])("a normalization by %o is refused", async (parameters, where) => {
  const fault = await faultOf(() => transform("normalization", parameters, source()));
  expect(fault).toMatchObject({ code: "transformation_invalid", field: where });
});

describe("features", () => {
  it("bins and rolls as numpy and pandas do, and gives the same from what was fitted", async () => {
    const rolling = { kind: "rolling", column: "a", window: 4, min_periods: 2 };
    const features = [
      { kind: "bin", column: "a", method: "quantile", bins: 4 },
      { ...rolling, function: "mean", name: "mean" },
      { ...rolling, function: "standard_deviation", name: "deviation" },
      { kind: "one_hot", column: "g" },
      { kind: "lag", column: "b", by: 2 },
    ];
    const found = await transform("feature_engineering", { features }, source());
    expect(found.rows.map((row) => row["a_bin"])).toEqual(vectors.bins[0]);
    expect(found.rows.map((row) => row["g_odd"])).toEqual(rows.map((_, at) => at % 2));
    expect(found.rows.map((row) => row["b_lag_2"])).toEqual(
      rows.map((_, at) => rows[at - 2]?.b ?? null),
    );
    for (const [at, row] of found.rows.entries())
      for (const [name, wanted] of [
        ["mean", vectors.rolling_mean[at]],
        ["deviation", vectors.rolling_standard_deviation[at]],
      ] as const)
        if (wanted === null || wanted === undefined) expect(row[name]).toBeNull();
        else expect(row[name]).toBeCloseTo(wanted, 11);
    const again = await transform("feature_engineering", found.parameters, source(5));
    expect(again.rows).toEqual(found.rows);
  });

  it("of windows of a signal are those of each stretch", async () => {
    const wave = [field("w", "float64", { shape: [8], sampling_rate_hz: 8 })];
    const found = await transform(
      "feature_engineering",
      {
        windows: { column: "w", length: 4, hop: 2 },
        features: [{ kind: "signal", column: "w", statistics: ["peak"] }],
        drop: ["w"],
      },
      sourceOf({ fields: wave }, [{ w: signal([0, 1, -2, 3, 4, -5, 6, 7]) }]),
    );
    expect(found.rows).toEqual([
      { window: 0, w_peak: 3 },
      { window: 1, w_peak: 5 },
      { window: 2, w_peak: 7 },
    ]);
  });
});

it("augmented signals depend on seed, key and copy alone, and have the noise that was asked for", async () => {
  const wave = {
    fields: [field("k", "int32"), field("w", "float64", { shape: [4_096] })],
    primary_key: ["k"],
  };
  const signals = [1, 2, 3].map((k) => ({
    k,
    w: signal(Array.from({ length: 4_096 }, (_, t) => Math.sin(t * k))),
  }));
  const parameters = {
    copies: 2,
    keep_original: false,
    steps: [{ kind: "noise", column: "w", snr_db: 10 }],
  };
  const found = await transform("augmentation", parameters, sourceOf(wave, signals));
  const turned = await transform(
    "augmentation",
    parameters,
    sourceOf(wave, signals.toReversed(), 1),
  );
  expect(turned.rows.filter(({ k }) => k === 2)).toEqual(found.rows.filter(({ k }) => k === 2));
  for (const row of found.rows) {
    const noisy = (row["w"] as ReturnType<typeof signal>).data;
    const clean = signals.find(({ k }) => k === row["k"])?.w.data ?? [];
    const noise = Array.from(
      { length: 4_096 },
      (_, t) => (Number(noisy[t]) - Number(clean[t])) ** 2,
    );
    expect(noise.reduce((sum, value) => sum + value, 0) / 4_096 / 0.05).toBeCloseTo(1, 0);
  }
});

describe("one-hot columns", () => {
  const kinds = { fields: [field("kind", "string")] };
  const encoded = (parameters: object, values: (string | null)[]) =>
    transform(
      "feature_engineering",
      { features: [{ kind: "one_hot", column: "kind", ...parameters }], drop: ["kind"] },
      sourceOf(
        kinds,
        values.map((kind) => ({ kind })),
      ),
    );

  it("are those of the data in order, and of a missing value all zero", async () => {
    const { rows: found, parameters } = await encoded({ unknown: "refuse" }, ["b", null, "a"]);
    expect(found).toEqual([
      { kind_a: 0, kind_b: 1 },
      { kind_a: 0, kind_b: 0 },
      { kind_a: 1, kind_b: 0 },
    ]);
    expect(parameters["features"]).toMatchObject([{ categories: ["a", "b"] }]);
  });

  it("of given categories have zeros for another one, or refuse it", async () => {
    const { rows: found } = await encoded({ categories: ["b"] }, ["b", "c"]);
    expect(found).toEqual([{ kind_b: 1 }, { kind_b: 0 }]);
    const strict = { categories: ["b"], unknown: "refuse" };
    expect((await encoded(strict, ["b", null])).rows).toEqual([{ kind_b: 1 }, { kind_b: 0 }]);
    const { message } = await faultOf(() => encoded(strict, ["b", "c"]));
    expect(message).toContain("row 1 of 'kind' is \"c\"");
  });
});

it("features keep keys whose columns stay, and a primary key only while a row is a row", async () => {
  const wave = field("w", "float64", { shape: [8], sampling_rate_hz: 8 });
  const keyed = {
    fields: [...fields, wave],
    primary_key: ["a"],
    partition_keys: ["g"],
  };
  const schemaOf = async (parameters: object) =>
    (
      await transform(
        "feature_engineering",
        { features: [{ kind: "lag", column: "b" }], ...parameters },
        sourceOf(keyed, []),
      )
    ).schema;
  expect(await schemaOf({})).toMatchObject({ primary_key: ["a"], partition_keys: ["g"] });
  const dropped = await schemaOf({ drop: ["a", "g"] });
  expect([dropped.primary_key, dropped.partition_keys]).toEqual([undefined, undefined]);
  const cut = await schemaOf({ features: [], windows: { column: "w", length: 4 } });
  expect([cut.primary_key, cut.partition_keys]).toEqual([undefined, ["g"]]);
});

it("an envelope adds up the lines of a modulation that lie within its harmonics and the spectrum", async () => {
  const rate_hz = 1_024;
  const samples = Array.from({ length: rate_hz }, (_, at) => {
    const t = (2 * Math.PI * at) / rate_hz;
    const modulation = 1 + 0.5 * Math.cos(10 * t) + 0.2 * Math.cos(20 * t);
    return modulation * Math.sin(200 * t);
  });
  const shape = { shape: [rate_hz], sampling_rate_hz: rate_hz };
  const amplitude = async (hz: number, harmonics: number) => {
    const { rows: found } = await transform(
      "feature_engineering",
      {
        features: [
          { kind: "envelope", column: "w", frequencies: [{ name: "line", hz }], harmonics },
        ],
        drop: ["w"],
      },
      sourceOf({ fields: [field("w", "float64", shape)] }, [{ w: signal(samples) }]),
    );
    return Number(found[0]?.["w_envelope_line"]);
  };
  expect(await amplitude(10, 1)).toBeCloseTo(0.5, 9);
  expect(await amplitude(10, 2)).toBeCloseTo(0.7, 9);
  expect(await amplitude(20, 50)).toBeCloseTo(0.2, 9);
});

it("a spectrum has the amplitudes of each channel", async () => {
  const shape = { shape: [2, 16], sampling_rate_hz: 16 };
  const wave = (hz: number, amplitude: number) =>
    Array.from({ length: 16 }, (_, at) => amplitude * Math.cos((2 * Math.PI * hz * at) / 16));
  const { rows: found } = await transform(
    "feature_engineering",
    { features: [{ kind: "spectrum", column: "w" }], drop: ["w"] },
    sourceOf({ fields: [field("w", "float64", shape)] }, [
      { w: signal([...wave(3, 2), ...wave(5, 0.5)], [2, 16]) },
    ]),
  );
  const spectrum = found[0]?.["w_spectrum"] as ReturnType<typeof signal>;
  expect(spectrum.dims).toEqual([2, 9]);
  for (const [at, amplitude] of Array.from(spectrum.data, Number).entries())
    expect(amplitude, String(at)).toBeCloseTo(at === 3 ? 2 : at === 9 + 5 ? 0.5 : 0, 6);
});
