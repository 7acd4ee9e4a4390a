import { describe, expect, it } from "vitest";
import type { Cell } from "../../../../domain/datasets/table.ts";
import type { JsonObject } from "../../../../domain/datasets/transformations/parameters.ts";
import { faultOf, field, signal, sourceOf, transform } from "./support.ts";

const LENGTH = 8;
const schema = {
  fields: [
    field("k", "int32", { nullable: false }),
    field("w", "float64", { shape: [LENGTH] }),
    field("n", "int32", { shape: [LENGTH] }),
  ],
};
const RAMP = Array.from({ length: LENGTH }, (_, at) => at + 1);
const source = (rows = 200) =>
  sourceOf(
    schema,
    Array.from({ length: rows }, (_, k) => ({ k, w: signal(RAMP), n: null })),
  );

const samplesOf = (cell: Cell | undefined): number[] =>
  typeof cell === "object" && cell !== null && "data" in cell && ArrayBuffer.isView(cell.data)
    ? Array.from(cell.data as Float64Array)
    : [];
/** The signals of the copies, of which each row has one. */
async function copiesBy(step: JsonObject, rows?: number): Promise<number[][]> {
  const steps = [{ column: "w", ...step }];
  const found = await transform("augmentation", { steps, keep_original: false }, source(rows));
  return found.rows.map(({ w }) => samplesOf(w));
}

describe("a step of an augmentation", () => {
  it("shifts around the end by up to so many samples, each way alike", async () => {
    const times = new Map<number, number>();
    for (const found of await copiesBy({ kind: "shift", most_samples: 2 }, 2_000)) {
      const by = found.indexOf(1);
      expect(found).toEqual(RAMP.map((_, at) => RAMP[(at - by + LENGTH) % LENGTH]));
      times.set(by, (times.get(by) ?? 0) + 1);
    }
    expect([...times.keys()].toSorted((a, b) => a - b)).toEqual([0, 1, 2, 6, 7]);
    for (const [by, count] of times) expect(Math.abs(count - 400), String(by)).toBeLessThan(80);
  });

  it("scales by factors between two, which are all drawn", async () => {
    const factors = (await copiesBy({ kind: "scale", factor: [2, 4] }, 500)).map((found) => {
      for (const [at, value] of found.entries())
        expect(value / (RAMP[at] ?? 0)).toBeCloseTo(found[0] ?? 0, 12);
      return found[0] ?? 0;
    });
    expect(Math.min(...factors)).toBeGreaterThanOrEqual(2);
    expect(Math.min(...factors)).toBeLessThan(2.05);
    expect(Math.max(...factors)).toBeGreaterThan(3.95);
    expect(Math.max(...factors)).toBeLessThan(4);
    for (const found of await copiesBy({ kind: "scale", factor: -3 }, 2))
      expect(found).toEqual(RAMP.map((value) => -3 * value));
  });

  it.each([
    ["flip", RAMP.map((value) => -value)],
    ["reverse", RAMP.toReversed()],
  ])("%ss with a probability", async (kind, changed) => {
    const share = async (probability: number) => {
      const found = await copiesBy({ kind, probability }, 500);
      for (const one of found) expect([changed, RAMP]).toContainEqual(one);
      return found.filter((one) => one[0] === changed[0]).length / found.length;
    };
    expect(await share(0)).toBe(0);
    expect(await share(1)).toBe(1);
    expect(await share(0.25)).toBeCloseTo(0.25, 1);
  });

  it("crops copies from anywhere and originals from the middle, so that all have one shape", async () => {
    const parameters = { steps: [{ kind: "crop", column: "w", length: 4 }], number_as: "copy" };
    const found = await transform("augmentation", parameters, source());
    expect(found.schema.fields.find(({ name }) => name === "w")?.shape).toEqual([4]);
    const starts = new Set<number>();
    for (const { w, copy } of found.rows) {
      const [start = 0, ...others] = samplesOf(w);
      expect(others).toEqual([start + 1, start + 2, start + 3]);
      if (copy === 0) expect(start).toBe(3);
      else starts.add(start);
    }
    expect([...starts].toSorted()).toEqual([1, 2, 3, 4, 5]);
    const long = { steps: [{ kind: "crop", column: "w", length: 9 }] };
    const fault = await faultOf(() => transform("augmentation", long, source(1)));
    expect(fault.message).toContain("row 0 of 'w' has 8 samples, fewer than the 9");
  });

  it("leaves originals and what has no signal as they are", async () => {
    const parameters = { steps: [{ kind: "noise", column: "w", snr_db: [0, 20] }], copies: 2 };
    const rows = [
      { k: 1, w: signal(RAMP), n: null },
      { k: 2, w: null, n: null },
    ];
    const found = await transform("augmentation", parameters, sourceOf(schema, rows));
    expect(found.rows.map(({ k }) => k)).toEqual([1, 1, 1, 2, 2, 2]);
    expect(samplesOf(found.rows[0]?.["w"])).toEqual(RAMP);
    expect(samplesOf(found.rows[1]?.["w"])).not.toEqual(samplesOf(found.rows[2]?.["w"]));
    expect(found.rows.slice(3).map(({ w }) => w)).toEqual([null, null, null]);
  });

  it.each<[JsonObject, string]>([
    [{ kind: "scale", column: "w", factor: [3, 1] }, "factor"],
    [{ kind: "scale", column: "w", factor: [1, 2, 3] }, "factor"],
    [{ kind: "scale", column: "w", factor: "2" }, "factor"],
    [{ kind: "scale", column: "w", factor: [1, 1e9] }, "factor"],
    [{ kind: "scale", column: "w", factor: [-1e9, 1] }, "factor"],
    [{ kind: "noise", column: "w" }, "snr_db"],
    [{ kind: "noise", column: "k", snr_db: 1 }, "column"],
    [{ kind: "noise", column: "n", snr_db: 1 }, "column"],
    [{ kind: "flip", column: "w", probability: 1.5 }, "probability"],
    [{ kind: "shift", column: "w", most_samples: 0 }, "most_samples"],
    [{ kind: "flip", column: "w", more: 1 }, "more"],
    [{ kind: "twist", column: "w" }, "kind"],
  ])("is refused as %o", async (step, field) => {
    const fault = await faultOf(() => transform("augmentation", { steps: [step] }, source(1)));
    expect(fault).toMatchObject({
      code: "transformation_invalid",
      field: `parameters.steps[0].${field}`,
    });
  });
});

describe("copies", () => {
  it("are either counted or as many as a class needs, and leave a row", async () => {
    const refused = (parameters: JsonObject) =>
      faultOf(() => transform("augmentation", parameters, source(1)));
    expect((await refused({ copies: 0, keep_original: false })).field).toBe("parameters.copies");
    for (const more of [{ copies: 1 }, { keep_original: false }])
      expect((await refused({ oversample: { by: ["k"] }, ...more })).field).toBe(
        "parameters.oversample",
      );
    expect((await refused({ oversample: { by: [] } })).field).toBe("parameters.oversample.by");
  });
});
