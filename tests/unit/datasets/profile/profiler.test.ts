import { readFileSync } from "node:fs";
import {
  array,
  assert,
  bigInt,
  constant,
  double,
  integer,
  oneof,
  property,
  string,
} from "fast-check";
import { describe, expect, it } from "vitest";
import type { ColumnProfile } from "../../../../domain/datasets/inspection.ts";
import { newProfiler, profilerOf } from "../../../../domain/datasets/profile/profiler.ts";
import type { Field } from "../../../../domain/datasets/schema.ts";
import type { Cell, TensorCell } from "../../../../domain/datasets/table.ts";

type Expected = {
  min: number;
  max: number;
  mean: number;
  standard_deviation: number;
  quantiles: number[];
  histogram: number[];
  distinct: number;
};

const vectors = new URL("../../vectors/datasets/profile/numpy.json", import.meta.url);
const numpy = (JSON.parse(readFileSync(vectors, "utf8")) as { columns: Record<string, Expected> })
  .columns;

const COUNT = 50_000;
const uniform: number[] = [];
for (let at = 0, state = 1; at < COUNT; at++) {
  state = (state * 16807) % 2147483647;
  uniform.push(state / 2147483647);
}
const MADE: Record<string, (u: number) => number> = {
  offset: (u) => 1000 + 10 * u,
  wide: (u) => Math.exp(16 * u - 8),
  signed: (u) => (u - 0.5) ** 3 * 1e6,
  whole: (u) => Math.floor(u * 100),
  identifier: (u) => Math.floor(u * 2147483647),
  large: (u) => (u - 0.5) * 1e200,
  tiny: (u) => u * 1e-12,
  steep: (u) => 1e9 + Math.floor(u * 3),
};

const field = (type: Field["type"], shape?: (number | null)[]): Field => ({
  name: "x",
  type,
  nullable: true,
  ...(shape === undefined ? {} : { shape }),
});

function profileOf(cells: Cell[], { type = "float64", shape }: Partial<Field> = {}): ColumnProfile {
  const profiler = newProfiler({ fields: [field(type, shape)] });
  for (let from = 0; from < cells.length; from += 4096) {
    const part = cells.slice(from, from + 4096);
    profiler.add({ rows: part.length, columns: [part] });
  }
  const [profile] = profiler.finish();
  if (profile === undefined) throw new Error("no profile");
  return profile;
}

describe.each(Object.entries(numpy))("50,000 numbers, %s", (name, expected) => {
  const profile = profileOf(uniform.map(MADE[name] ?? Number));
  const range = expected.max - expected.min;

  it("have numpy's extremes, mean and deviation", () => {
    expect(profile.min).toBeCloseTo(expected.min, 12);
    expect(Number(profile.max) / expected.max).toBeCloseTo(1, 14);
    const scale = Math.max(Math.abs(expected.min), Math.abs(expected.max));
    expect(Math.abs((profile.mean ?? NaN) - expected.mean) / scale).toBeLessThan(1e-15);
    expect((profile.standard_deviation ?? NaN) / expected.standard_deviation).toBeCloseTo(1, 12);
  });

  it("have its quantiles, within 1 % or a 500th of the range", () => {
    for (const [at, { value }] of (profile.quantiles ?? []).entries()) {
      const exact = expected.quantiles[at] ?? NaN;
      const within = profile.distinct_is_exact
        ? Math.abs(exact) * 1e-15
        : Math.min(Math.abs(exact) > 1e-9 ? Math.abs(exact) * 0.01 : range, range / 500);
      expect(Math.abs(value - exact)).toBeLessThanOrEqual(within);
    }
    expect(profile.quantiles).toHaveLength(9);
  });

  it("have its histogram, within a 250th of the values", () => {
    const bars = profile.histogram ?? [];
    expect(bars.reduce((sum, { count }) => sum + count, 0)).toBe(COUNT);
    for (const [at, { count }] of bars.entries()) {
      const off = Math.abs(count - (expected.histogram[at] ?? NaN));
      expect(off).toBeLessThanOrEqual(profile.distinct_is_exact ? 0 : COUNT / 250);
    }
  });

  it("have its number of distinct values, within three standard errors of 1.6 %", () => {
    expect(profile.distinct_is_exact).toBe(expected.distinct <= 4096);
    const within = profile.distinct_is_exact ? 0 : 0.049 * expected.distinct;
    expect(Math.abs((profile.distinct ?? NaN) - expected.distinct)).toBeLessThanOrEqual(within);
  });
});

describe("a profile of few values is exact", () => {
  const finite = double({ noNaN: true, noDefaultInfinity: true });

  it("in quantiles, histogram and counts", () => {
    assert(
      property(array(oneof(finite, integer({ min: -3, max: 3 })), { minLength: 1 }), (values) => {
        const profile = profileOf(values);
        const sorted = values.map((value) => value + 0).sort((a, b) => a - b);
        expect(profile.min).toBe(sorted[0]);
        expect(profile.max).toBe(sorted.at(-1));
        for (const { q, value } of profile.quantiles ?? [])
          expect(value).toBe(sorted.find((_, at) => (at + 1) / sorted.length >= q));
        expect(profile.distinct).toBe(new Set(sorted).size);
        const total = (profile.histogram ?? []).reduce((sum, { count }) => sum + count, 0);
        expect(total).toBe(values.length);
      }),
    );
  });

  it("of bars that hold their lower bound, and the last its upper one", () => {
    const profile = profileOf([0, 1, 1, 5, 10, 19, 20, 20]);
    const counts = profile.histogram?.map(({ count }) => count);
    expect(counts).toEqual([1, 2, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 3]);
  });

  it("of numbers that are further apart than the greatest number counts them in its bars", () => {
    const { histogram = [] } = profileOf([9.4e306, -1.7976931348623147e308]);
    expect(histogram.map(({ count }) => count)).toEqual([
      1,
      ...Array.from({ length: 18 }, () => 0),
      1,
    ]);
  });

  it("and never NaN or infinite, whatever the numbers", () => {
    assert(
      property(array(double()), (values) => {
        const text = JSON.stringify(profileOf(values), (_, value: unknown) => {
          if (typeof value === "number") expect(Number.isFinite(value)).toBe(true);
          return value;
        });
        expect(text).toContain(
          `"not_finite":${values.filter((one) => !Number.isFinite(one)).length}`,
        );
      }),
    );
  });
});

describe("columns of every type", () => {
  it("without cells, or of nothing but nulls, have counts alone", () => {
    expect(profileOf([])).toEqual({
      name: "x",
      count: 0,
      nulls: 0,
      not_finite: 0,
      distinct: 0,
      distinct_is_exact: true,
    });
    expect(profileOf([null, null], field("string"))).toEqual({
      name: "x",
      count: 2,
      nulls: 2,
      distinct: 0,
      distinct_is_exact: true,
    });
  });

  it("keep NaN and infinities out of all but their count", () => {
    const profile = profileOf([1, NaN, 3, Infinity, -Infinity, null]);
    expect(profile).toMatchObject({ count: 6, nulls: 1, not_finite: 3, min: 1, max: 3, mean: 2 });
    expect(profile.distinct).toBe(2);
  });

  it("have the extremes of 64 bits in full", () => {
    const profile = profileOf([2n ** 63n - 1n, -(2n ** 63n), 5n], field("int64"));
    expect(profile.min).toBe("-9223372036854775808");
    expect(profile.max).toBe("9223372036854775807");
    expect(profile.distinct).toBe(3);
    expect(profile.top).toContainEqual({ value: "9223372036854775807", count: 1 });
    expect(profileOf([7n, 9n], field("uint64"))).toMatchObject({ min: 7, max: 9, mean: 8 });
  });

  it("tell integers apart that are one double", () => {
    assert(
      property(array(bigInt({ min: 2n ** 62n, max: 2n ** 62n + 20n })), (values) => {
        const profile = profileOf(values, field("int64"));
        expect(profile.distinct).toBe(new Set(values).size);
        for (const { value } of profile.quantiles ?? []) expect(value).toBe(2 ** 62);
      }),
    );
  });

  it("count texts by characters and values", () => {
    const profile = profileOf(["né", "😀", "", "né", null], field("string"));
    expect(profile).toMatchObject({ min_length: 0, max_length: 2, distinct: 3, nulls: 1 });
    expect(profile.top?.[0]).toEqual({ value: "né", count: 2 });
    expect(profile.min).toBeUndefined();
  });

  it("cut long texts that they show, and still tell them apart", () => {
    const long = "x".repeat(1000);
    const profile = profileOf([`${long}a`, `${long}b`], field("string"));
    expect(profile.distinct).toBe(2);
    expect(profile.top?.map(({ value }) => value)).toEqual([0, 1].map(() => `${"x".repeat(99)}…`));
  });

  it("of bool, bytes, JSON, days and tensors", () => {
    expect(profileOf([true, false, true], field("bool")).top).toEqual([
      { value: true, count: 2 },
      { value: false, count: 1 },
    ]);
    expect(
      profileOf([new Uint8Array([1]), new Uint8Array([1]), new Uint8Array(3)], field("binary")),
    ).toMatchObject({ distinct: 2, min_length: 1, max_length: 3 });
    expect(profileOf([{ a: 1, b: 2 }, { b: 2, a: 1 }, [1]], field("json"))).toMatchObject({
      distinct: 2,
      top: [
        { value: { a: 1, b: 2 }, count: 2 },
        { value: [1], count: 1 },
      ],
    });
    expect(profileOf([0, 20_000], field("date"))).toMatchObject({ min: 0, max: 20_000 });
    const tensor: TensorCell = { dims: [3], data: Float32Array.of(1, 2, NaN) };
    expect(profileOf([tensor, null, tensor], field("float32", [3]))).toMatchObject({
      count: 3,
      nulls: 1,
      elements: 6,
      not_finite: 2,
      mean: 1.5,
    });
    const wide: TensorCell = { dims: [2], data: BigInt64Array.of(2n ** 62n, 1n) };
    expect(profileOf([wide], field("int64", [2]))).toMatchObject({
      min: 1,
      max: String(2n ** 62n),
    });
  });
});

describe("the most frequent values", () => {
  it("are found among many, with counts that are never too high and within the bound", () => {
    const cells: Cell[] = [];
    for (let at = 0; at < 60_000; at++) cells.push(at % 3 === 0 ? `often-${at % 5}` : `rare-${at}`);
    const profile = profileOf(cells, field("string"));
    expect(profile.distinct_is_exact).toBe(false);
    expect(profile.top?.map(({ value }) => value).sort()).toEqual(
      [0, 1, 2, 3, 4].map((at) => `often-${at}`),
    );
    for (const { count } of profile.top ?? []) {
      expect(count).toBeLessThanOrEqual(4000);
      expect(count).toBeGreaterThan(4000 - 60_000 / 2048);
    }
  });

  it("are not told of a column in which none is certain", () => {
    expect(profileOf(uniform).top).toBeUndefined();
  });
});

describe("profiles of parts", () => {
  const pieces = array(
    array(oneof(double(), integer({ max: 5, min: 0 }), constant(null)), { maxLength: 40 }),
  );

  it("merge to the profile of the whole", () => {
    assert(
      property(pieces, (parts) => {
        const schema = { fields: [field("float64")] };
        const whole = newProfiler(schema);
        const merged = newProfiler(schema);
        for (const cells of parts) {
          const part = newProfiler(schema);
          for (const profiler of [part, whole])
            profiler.add({ rows: cells.length, columns: [cells] });
          merged.merge(profilerOf(JSON.parse(JSON.stringify(part.state()))));
        }
        const [a, b] = [whole.finish()[0], merged.finish()[0]];
        expect({ ...b, mean: 0, standard_deviation: 0 }).toEqual({
          ...a,
          mean: 0,
          standard_deviation: 0,
        });
        const scale = Math.max(
          Math.abs(Number(a?.min ?? 0)),
          Math.abs(Number(a?.max ?? 0)),
          1e-300,
        );
        expect(Math.abs((a?.mean ?? 0) - (b?.mean ?? 0)) / scale).toBeLessThan(1e-14);
        expect(
          Math.abs((a?.standard_deviation ?? 0) - (b?.standard_deviation ?? 0)) / scale,
        ).toBeLessThan(1e-14);
      }),
    );
  });

  it("merge to it beyond what is counted exactly, but for the values that are frequent", () => {
    const cells = uniform.map((u) => Math.exp(16 * u - 8) * (u < 0.3 ? -1 : 1));
    const schema = { fields: [field("float64")] };
    const [whole, left, right] = [newProfiler(schema), newProfiler(schema), newProfiler(schema)];
    whole.add({ rows: COUNT, columns: [cells] });
    left.add({ rows: 2000, columns: [cells.slice(0, 3000)] });
    right.add({ rows: COUNT - 3000, columns: [cells.slice(3000)] });
    left.merge(profilerOf(right.state()));
    const [a, b] = [whole.finish()[0], left.finish()[0]];
    expect(b).toEqual({ ...a, standard_deviation: b?.standard_deviation, mean: b?.mean });
    expect((b?.mean ?? NaN) / (a?.mean ?? NaN)).toBeCloseTo(1, 14);
  });

  it("of texts merge, with what stands for them", () => {
    assert(
      property(array(string()), array(string()), (left, right) => {
        const schema = { fields: [field("string")] };
        const [a, b, whole] = [newProfiler(schema), newProfiler(schema), newProfiler(schema)];
        a.add({ rows: left.length, columns: [left] });
        b.add({ rows: right.length, columns: [right] });
        whole.add({ rows: left.length + right.length, columns: [[...left, ...right]] });
        a.merge(b);
        expect(a.finish()).toEqual(whole.finish());
      }),
    );
  });

  it("of other columns are refused", () => {
    const other = newProfiler({ fields: [field("string")] });
    expect(() => newProfiler({ fields: [field("float64")] }).merge(other)).toThrow(
      /different columns/,
    );
  });
});

describe("a table of 401 columns", () => {
  it("keeps its state small, whatever the values", () => {
    const fields = Array.from({ length: 401 }, (_, at) => ({
      ...field("float64"),
      name: `x${at}`,
    }));
    const profiler = newProfiler({ fields });
    const cells = uniform.slice(0, 200).map((u) => Math.exp(1400 * u - 700));
    profiler.add({ rows: 200, columns: fields.map(() => cells) });
    expect(JSON.stringify(profiler.state()).length).toBeLessThan(401 * 20_000);
    expect(profiler.finish()[400]).toMatchObject({ distinct_is_exact: false, count: 200 });
  });
});
