import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { faultOf, field, type Rows, sourceOf, transform } from "./support.ts";

const schema = {
  fields: [
    field("recording", "string"),
    field("label", "string"),
    field("x", "float64"),
    field("key", "int64"),
  ],
};
function randomRows(seed: string, count: number): Rows {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, at) => {
    const recording = random.integer(60);
    return {
      recording: `r${recording}`,
      label: ["ball", "inner", "outer", "none"][recording % 4] ?? null,
      x: random.normal(),
      key: BigInt(at) * 7n,
    };
  });
}
const THIRDS = [
  { name: "train", fraction: 0.7 },
  { name: "validation", fraction: 0.2 },
  { name: "test", fraction: 0.1 },
];

/** The part of each row, by its key. */
async function partsOf(parameters: object, rows: Rows): Promise<Map<unknown, string>> {
  const { outputs } = await transform(
    "split",
    { parts: THIRDS, ...parameters },
    sourceOf(schema, rows, 50),
  );
  return new Map(
    Object.entries(outputs).flatMap(([part, own]) => own.map(({ key }) => [key, part])),
  );
}

describe.each([
  ["at random", {}],
  ["by stratum", { stratify_by: ["label"] }],
  ["by group", { group_by: ["recording"] }],
  ["by group and stratum", { group_by: ["recording"], stratify_by: ["label"] }],
])("a split %s", (_, parameters) => {
  it("has every row in one part, in the order of the source", async () => {
    const rows = randomRows("all", 500);
    const { outputs } = await transform("split", { ...parameters }, sourceOf(schema, rows));
    expect(Object.keys(outputs)).toEqual(["train", "validation", "test"]);
    for (const own of Object.values(outputs)) {
      const places = own.map((row) => rows.findIndex(({ key }) => key === row["key"]));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      expect(own).toEqual(places.map((at) => rows[at]));
    }
    const keys = Object.values(outputs).flatMap((own) => own.map(({ key }) => key));
    expect(new Set(keys).size).toBe(500);
    expect(keys.length).toBe(500);
  });

  it("moves no row when others are added at the end", async () => {
    const rows = randomRows("added", 800);
    const before = await partsOf(parameters, rows.slice(0, 300));
    const after = await partsOf(parameters, rows);
    for (const [key, part] of before) expect(after.get(key)).toBe(part);
  });

  it("is the same again with its seed, and another with another", async () => {
    const rows = randomRows("again", 300);
    const one = await partsOf({ ...parameters, seed: 1 }, rows);
    expect(await partsOf({ ...parameters, seed: "1" }, rows)).toEqual(one);
    expect(await partsOf({ ...parameters, seed: 2 }, rows)).not.toEqual(one);
  });
});

describe("a split", () => {
  it("by hash moves no row wherever others are put in, taken out or exchanged, given a key", async () => {
    for (const parameters of [{ key: ["key"] }, { group_by: ["recording"] }]) {
      const rows = randomRows("moved", 400);
      const before = await partsOf(parameters, rows);
      const random = seededRandom("exchanged");
      const other = rows
        .filter(() => random.uniform() < 0.7)
        .toSorted(() => random.uniform() - 0.5);
      for (const [key, part] of await partsOf(parameters, other))
        expect(before.get(key)).toBe(part);
    }
  });

  it("by group has no group in two parts", async () => {
    for (const stratify_by of [[], ["label"]]) {
      const rows = randomRows("groups", 900);
      const parts = await partsOf({ group_by: ["recording"], stratify_by }, rows);
      const partOf = new Map<unknown, unknown>();
      for (const { recording, key } of rows) {
        if (!partOf.has(recording)) partOf.set(recording, parts.get(key));
        expect(partOf.get(recording)).toBe(parts.get(key));
      }
      expect(new Set(partOf.values()).size).toBe(3);
    }
  });

  it("at random has about the shares that were asked for", async () => {
    const parts = [...(await partsOf({}, randomRows("shares", 6_000))).values()];
    for (const { name, fraction } of THIRDS) {
      const found = parts.filter((part) => part === name).length / 6_000;
      // Four standard deviations of a share.
      expect(Math.abs(found - fraction)).toBeLessThan(
        4 * Math.sqrt((fraction * (1 - fraction)) / 6_000),
      );
    }
  });

  it("by stratum has the shares exactly in every whole block of every stratum", async () => {
    const rows = randomRows("strata", 1_000);
    const parts = await partsOf({ stratify_by: ["label"] }, rows);
    for (const label of ["ball", "inner", "outer", "none"]) {
      const own = rows.filter((row) => row["label"] === label).map(({ key }) => parts.get(key));
      for (let from = 0; from + 10 <= own.length; from += 10) {
        const block = own.slice(from, from + 10);
        expect(block.filter((part) => part === "train").length).toBe(7);
        expect(block.filter((part) => part === "validation").length).toBe(2);
      }
    }
  });

  it("has parts that add up, with names of their own", async () => {
    const of = (parts: object[]) =>
      faultOf(() =>
        transform("split", { parts: parts.map((one) => ({ ...one })) }, sourceOf(schema, [])),
      );
    expect((await of([{ name: "a", fraction: 0.5 }])).message).toContain("add up to 0.5");
    const half = { name: "a", fraction: 0.5 };
    expect((await of([half, half])).message).toContain("one name");
    expect(await of([{ name: "A b", fraction: 1 }])).toMatchObject({
      field: "parameters.parts[0].name",
    });
    expect(await of([{ name: "a", fraction: 1, more: 1 }])).toMatchObject({
      field: "parameters.parts[0].more",
    });
  });

  it("gives nothing to a part of no share, not even what rounding leaves over", async () => {
    const parts = [
      ...Array.from({ length: 10 }, (_, at) => ({ name: `p${at}`, fraction: 0.1 })),
      { name: "none", fraction: 0 },
    ];
    const { outputs } = await transform(
      "split",
      { parts },
      sourceOf(schema, randomRows("none", 2_000)),
    );
    expect(outputs["none"]).toEqual([]);
    expect(Object.values(outputs).flat().length).toBe(2_000);
  });
});

describe("a sample", () => {
  const rows = randomRows("sampled", 500);
  const sampled = async (parameters: object, from = rows) =>
    (await transform("sample", { ...parameters }, sourceOf(schema, from, 64))).rows;

  it("has as many rows as were asked for, in their order, or all that there are", async () => {
    const found = await sampled({ n: 37 });
    expect(found.length).toBe(37);
    expect(found).toEqual(rows.filter((row) => found.some(({ key }) => key === row["key"])));
    expect((await sampled({ fraction: 0.125 })).length).toBe(63);
    expect(await sampled({ n: 10_000 })).toEqual(rows);
    expect(await sampled({ fraction: 0 })).toEqual([]);
    expect(await sampled({ n: 5 }, [])).toEqual([]);
  });

  it("is within a larger one of the same seed", async () => {
    const small = await sampled({ n: 40, seed: 3 });
    const large = (await sampled({ n: 90, seed: 3 })).map(({ key }) => key);
    for (const { key } of small) expect(large).toContain(key);
    expect((await sampled({ n: 40, seed: 4 })).map(({ key }) => key)).not.toEqual(
      small.map(({ key }) => key),
    );
  });

  it("does not depend on the order of the rows, given a key", async () => {
    const forward = await sampled({ n: 50, key: ["key"] });
    const backward = await sampled({ n: 50, key: ["key"] }, rows.toReversed());
    expect(backward.toReversed()).toEqual(forward);
  });

  it("by stratum has of each its share, to within one row", async () => {
    const found = await sampled({ fraction: 0.3, stratify_by: ["label", "recording"] });
    expect(found.length).toBe(150);
    const count = (of: Rows) => {
      const counts = new Map<string, number>();
      for (const { label, recording } of of) {
        const stratum = JSON.stringify([label, recording]);
        counts.set(stratum, (counts.get(stratum) ?? 0) + 1);
      }
      return counts;
    };
    const own = count(found);
    for (const [stratum, all] of count(rows))
      expect(Math.abs((own.get(stratum) ?? 0) - 0.3 * all)).toBeLessThan(1);
  });

  it("has either a number or a fraction", async () => {
    for (const parameters of [{}, { n: 1, fraction: 0.5 }])
      expect((await faultOf(() => sampled(parameters))).message).toContain("either n");
  });
});

describe("oversampling", () => {
  it("brings every class to the size of the largest, with each row about as often", async () => {
    const rows = randomRows("classes", 200).filter(
      ({ label }, at) => label !== "ball" || at % 5 === 0,
    );
    const { rows: found } = await transform(
      "augmentation",
      { oversample: { by: ["label"] }, number_as: "copy" },
      sourceOf(schema, rows),
    );
    const largest = Math.max(
      ...["ball", "inner", "outer", "none"].map(
        (label) => rows.filter((row) => row["label"] === label).length,
      ),
    );
    for (const label of ["ball", "inner", "outer", "none"]) {
      const own = found.filter((row) => row["label"] === label);
      expect(own.length, label).toBe(largest);
      const times = rows
        .filter((row) => row["label"] === label)
        .map(({ key }) => own.filter((row) => row["key"] === key).length);
      expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
    }
    expect(found.filter(({ copy }) => copy === 0).length).toBe(rows.length);
  });

  it("never takes a row away", async () => {
    const rows = randomRows("small", 40);
    const { rows: found } = await transform(
      "augmentation",
      { oversample: { by: ["label"], to: 1 } },
      sourceOf(schema, rows),
    );
    expect(found).toEqual(rows);
  });
});
