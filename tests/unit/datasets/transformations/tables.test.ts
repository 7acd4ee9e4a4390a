import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { faultOf, field, type Rows, signal, sourceOf, transform } from "./support.ts";

const vectors = JSON.parse(
  readFileSync("tests/unit/vectors/datasets/transformations/tables.json", "utf8"),
) as {
  x: [number, number][];
  groups: Record<"mean" | "variance" | "median" | "q", number[]>;
};

const schema = {
  fields: [
    field("id", "int64"),
    field("x", "float64"),
    field("group", "string"),
    field("wave", "float32", { shape: [2] }),
  ],
  primary_key: ["id"],
};

/** Rows with values that are not there, that are NaN, and that are beyond 2^53. */
function randomRows(seed: string, count: number): Rows {
  const random = seededRandom(seed);
  return Array.from({ length: count }, (_, at) => ({
    id: 2n ** 62n + BigInt(at),
    x:
      random.uniform() < 0.1
        ? null
        : random.uniform() < 0.1
          ? Number.NaN
          : Math.round(random.normal() * 8) / 4,
    group: random.uniform() < 0.1 ? null : (["a", "b", "c"][random.integer(3)] ?? null),
    wave: signal([at, -at]),
  }));
}

/** Numbers that an expression computes with: NaN is no value there. */
const known = (value: unknown): value is number =>
  typeof value === "number" && !Number.isNaN(value);

const bigintOf = (cell: unknown): bigint => (typeof cell === "bigint" ? cell : 0n);

describe("filter", () => {
  it.each([1, 7, 1_000])(
    "keeps rows as they are, in their order, from batches of %i",
    async (each) => {
      const rows = randomRows("filter", 60);
      const where = `x > 0.5 or "group" = 'a'`;
      const found = await transform("filter", { where }, sourceOf(schema, rows, each));
      const wanted = rows.filter(({ x, group }) => (known(x) && x > 0.5) || group === "a");
      expect(wanted.length).toBeGreaterThan(10);
      expect(found.rows).toEqual(wanted);
      expect(found.schema).toEqual(schema);
      expect(found.parameters).toEqual({ where });
    },
  );

  it("keeps no row whose condition asks for what is not there", async () => {
    const rows = randomRows("unknown", 60);
    const none = await transform(
      "filter",
      { where: "x > 0 and not x > 0" },
      sourceOf(schema, rows),
    );
    expect(none.rows).toEqual([]);
    const some = await transform("filter", { where: "x > 0 or not x > 0" }, sourceOf(schema, rows));
    expect(some.rows).toEqual(rows.filter(({ x }) => known(x)));
  });

  it("says which parameter is unknown, and how many sources there must be", async () => {
    const source = sourceOf(schema, []);
    expect(
      await faultOf(() => transform("filter", { where: "true", wher: 1 }, source)),
    ).toMatchObject({ code: "transformation_invalid", field: "parameters.wher" });
    expect(
      await faultOf(() => transform("filter", { where: "true" }, source, source)),
    ).toMatchObject({ field: "source_versions" });
    expect(await faultOf(() => transform("filter", {}, source))).toMatchObject({
      field: "parameters.where",
    });
  });
});

describe("map", () => {
  it("computes columns from those of the source, and drops and renames others", async () => {
    const rows = randomRows("map", 40);
    const found = await transform(
      "map",
      {
        set: [
          { name: "x", expression: "x * 2", type: "float32" },
          { name: "next", expression: "id + 1" },
          { name: "is_a", expression: `"group" = 'a'` },
        ],
        drop: ["wave"],
        rename: [{ from: "group", to: "class" }],
      },
      sourceOf(schema, rows),
    );
    expect(found.schema.fields.map(({ name, type }) => [name, type])).toEqual([
      ["id", "int64"],
      ["x", "float32"],
      ["class", "string"],
      ["next", "int64"],
      ["is_a", "bool"],
    ]);
    expect(found.schema.primary_key).toEqual(["id"]);
    expect(found.rows).toEqual(
      rows.map(({ id, x, group }) => ({
        id,
        x: known(x) ? x * 2 : null,
        class: group,
        next: bigintOf(id) + 1n,
        is_a: group === null ? null : group === "a",
      })),
    );
  });

  it("keeps a primary key only as long as its columns mean the same", async () => {
    const source = sourceOf(schema, []);
    const set = [{ name: "id", expression: "id + 1" }];
    expect((await transform("map", { set }, source)).schema.primary_key).toBeUndefined();
    const renamed = await transform("map", { rename: [{ from: "id", to: "key" }] }, source);
    expect(renamed.schema.primary_key).toEqual(["key"]);
    const dropped = await transform("map", { drop: ["id"] }, source);
    expect(dropped.schema.primary_key).toBeUndefined();
  });

  it("refuses two columns of one name, a type that does not fit, and a result of no column", async () => {
    const map = (parameters: object) =>
      faultOf(() => transform("map", { ...parameters }, sourceOf(schema, [])));
    const twice = await map({ rename: [{ from: "x", to: "id" }] });
    expect(twice.message).toContain("two columns 'id'");
    const misfit = await map({ set: [{ name: "y", expression: "x", type: "string" }] });
    expect(misfit).toMatchObject({ field: "parameters.set[0].type" });
    expect((await map({ drop: ["id", "x", "group", "wave"] })).message).toContain("no column");
  });
});

describe("join", () => {
  const right = {
    fields: [field("group", "string"), field("x", "float64"), field("note", "json")],
  };
  const rightRows = (seed: string): Rows => {
    const random = seededRandom(seed);
    return Array.from({ length: 9 }, (_, at) => ({
      group: ["a", "b", "z", null][random.integer(4)] ?? null,
      x: at % 4 === 0 ? Number.NaN : at,
      note: { at },
    }));
  };

  /** Every pair of rows, one by one. */
  function joined(how: string, left: Rows, other: Rows): Rows {
    const blank = Object.fromEntries(schema.fields.map(({ name }) => [name, null]));
    const pairs: Rows = [];
    const matched = new Set<number>();
    for (const row of left) {
      const own = other.flatMap((one, at) =>
        one["group"] !== null && one["group"] === row["group"] ? [at] : [],
      );
      for (const at of own) matched.add(at);
      if (how === "semi" && own.length > 0) pairs.push(row);
      if (how === "anti" && own.length === 0) pairs.push(row);
      if (how === "semi" || how === "anti") continue;
      for (const at of own)
        pairs.push({
          ...row,
          x_right: other[at]?.["x"] ?? null,
          note: other[at]?.["note"] ?? null,
        });
      if (own.length === 0 && (how === "left" || how === "full"))
        pairs.push({ ...row, x_right: null, note: null });
    }
    if (how === "right" || how === "full")
      for (const [at, { group = null, x = null, note = null }] of other.entries())
        if (!matched.has(at)) pairs.push({ ...blank, group, x_right: x, note });
    return pairs;
  }

  it.each(["inner", "left", "right", "full", "semi", "anti"])(
    "%s has the rows that every pair of rows, tried one by one, gives",
    async (how) => {
      for (const seed of ["one", "two", "three"]) {
        const left = randomRows(seed, 30);
        const other = rightRows(seed);
        const on = ["group"];
        const found = await transform(
          "join",
          { how, on },
          sourceOf(schema, left),
          sourceOf(right, other, 4),
        );
        expect(found.rows, seed).toEqual(joined(how, left, other));
      }
    },
  );

  it("says in its columns what may be missing, and renames what both have", async () => {
    const found = await transform(
      "join",
      { how: "left", on: [{ left: "group", right: "group" }], right_suffix: "_b" },
      sourceOf(schema, []),
      sourceOf({ fields: right.fields.map((one) => ({ ...one, nullable: false })) }, []),
    );
    expect(found.schema.fields.map(({ name, nullable }) => `${name} ${nullable}`)).toEqual([
      "id true", "x true", "group true", "wave true", "x_b true", "note true",
    ]); // prettier-ignore
    expect(found.parameters["on"]).toEqual([{ left: "group", right: "group" }]);
  });

  it.each([
    ["inner", "false false"],
    ["left", "false true"],
    ["right", "true false"],
    ["full", "true true"],
  ])("%s has columns of either side that may be missing as it is", async (how, wanted) => {
    const certain = (name: string) =>
      sourceOf({ fields: ["k", name].map((one) => field(one, "int64", { nullable: false })) }, []);
    const { schema: found } = await transform(
      "join",
      { how, on: ["k"] },
      certain("a"),
      certain("b"),
    );
    const nullable = found.fields.filter(({ name }) => name !== "k").map((one) => one.nullable);
    expect(nullable.join(" ")).toBe(wanted);
  });

  it("goes through more matches of one row than a page holds, and marks all of them", async () => {
    const many = Array.from({ length: 5_000 }, (_, at) => ({ group: "a", x: at, note: null }));
    const left = [
      { id: 1n, x: 0, group: "a", wave: null },
      { id: 2n, x: 0, group: "b", wave: null },
    ];
    const found = await transform(
      "join",
      { how: "full", on: ["group"] },
      sourceOf(schema, left),
      sourceOf(right, many, 1_000),
    );
    expect(found.rows.map((row) => row["x_right"])).toEqual([...many.map(({ x }) => x), null]);
  });

  it("carries cells of every type through the table of the right side as they are", async () => {
    const fields = [
      field("k", "int32"), field("u", "uint64"), field("i", "int64"), field("f", "float64"), field("b", "bool"),
      field("raw", "binary"), field("s", "string"), field("j", "json"), field("w", "int16", { shape: [2, 1] }),
    ]; // prettier-ignore
    const row = {
      k: 1, u: 2n ** 64n - 1n, i: -(2n ** 63n), f: -0, b: false, raw: Uint8Array.of(0, 255), s: "Ω\ud83d\ude00",
      j: [{ a: null }, "x", 1.5], w: { dims: [2, 1], data: Int16Array.of(-32768, 7) },
    }; // prettier-ignore
    const found = await transform(
      "join",
      { on: ["k"] },
      sourceOf({ fields: [field("k", "int32")] }, [{ k: 1 }]),
      sourceOf({ fields }, [row]),
    );
    expect(found.rows).toEqual([row]);
    expect(Object.is(found.rows[0]?.["f"], -0)).toBe(true);
  });

  it("refuses keys that never are equal, keys that are there twice if they must not be, and no keys", async () => {
    const left = sourceOf(schema, randomRows("keys", 5));
    const other = sourceOf(right, rightRows("one"));
    const fault = (parameters: object) =>
      faultOf(() => transform("join", { ...parameters }, left, other));
    expect((await fault({ on: [{ left: "id", right: "group" }] })).message).toContain(
      "never are equal",
    );
    expect((await fault({ on: [{ left: "wave", right: "x" }] })).message).toContain("tensors");
    expect(await fault({ on: [] })).toMatchObject({ field: "parameters.on" });
    const twice = await fault({ on: ["group"], at_most_one_match: true });
    expect(twice.message).toContain("have the same keys");
    const once = sourceOf(right, rightRows("one").slice(0, 1));
    const parameters = { on: ["group"], at_most_one_match: true, how: "left" };
    expect((await transform("join", parameters, left, once)).rows).toHaveLength(5);
  });

  it.each([
    ["int64", "int32", 3, 3n],
    ["int32", "int64", 3n, 3],
    ["float64", "int64", 3n, 3],
    ["float64", "int32", 3, 3],
    ["uint64", "int8", 3, 3n],
  ] as const)(
    "has keys that only the right side has as %s, whose own are %s",
    async (own, other, k, wanted) => {
      const { rows } = await transform(
        "join",
        { how: "right", on: ["k"] },
        sourceOf({ fields: [field("k", own)] }, []),
        sourceOf({ fields: [field("k", other)] }, [{ k }]),
      );
      expect(rows).toEqual([{ k: wanted }]);
    },
  );
});

describe("aggregate", () => {
  const x = vectors.x.map(([first], at) => ({ g: at % 3, x: first }));
  const fields = [field("g", "int32"), field("x", "float64")];

  it("is what pandas says of groups", async () => {
    const { rows } = await transform(
      "aggregate",
      {
        by: ["g"],
        aggregates: [
          { name: "mean", function: "mean", column: "x" },
          { name: "variance", function: "variance", column: "x" },
          { name: "median", function: "median", column: "x" },
          { name: "q", function: "quantile", column: "x", q: 0.3 },
          { name: "deviation", function: "standard_deviation", column: "x" },
        ],
      },
      sourceOf({ fields }, x),
    );
    for (const name of ["mean", "variance", "median", "q"] as const)
      for (const [at, value] of vectors.groups[name].entries())
        expect(rows[at]?.[name], `${name} of ${at}`).toBeCloseTo(value, 12);
    expect(Number(rows[1]?.["deviation"]) ** 2).toBeCloseTo(vectors.groups.variance[1] ?? 0, 11);
  });

  it("agrees with sums made one by one, whatever has no value", async () => {
    for (const seed of ["1", "2", "3", "4"]) {
      const rows = randomRows(seed, 50);
      const { rows: found } = await transform(
        "aggregate",
        {
          by: ["group"],
          where: "id % 5 <> 0",
          aggregates: [
            { name: "rows", function: "count" },
            { name: "known", function: "count", column: "x" },
            { name: "distinct", function: "count_distinct", column: "x" },
            { name: "sum", function: "sum", expression: "x * 4" },
            { name: "least", function: "min", column: "id" },
            { name: "most", function: "max", column: "x" },
            { name: "first", function: "first", column: "x" },
            { name: "last", function: "last", column: "id" },
            { name: "share", function: "mean", expression: "x > 0" },
          ],
        },
        sourceOf(schema, rows),
      );
      const taken = rows.filter(({ id }) => bigintOf(id) % 5n !== 0n);
      const wanted = [null, "a", "b", "c"].flatMap((group) => {
        const own = taken.filter((row) => row["group"] === group);
        const values = own.map((row) => row["x"]).filter(known);
        const positive = values.filter((value) => value > 0).length;
        return own.length === 0
          ? []
          : [
              {
                group,
                rows: BigInt(own.length),
                known: BigInt(values.length),
                distinct: BigInt(new Set(values).size),
                sum: values.length === 0 ? null : values.reduce((a, b) => a + b * 4, 0),
                least: own[0]?.["id"] ?? null,
                most: values.length === 0 ? null : Math.max(...values),
                first: known(own[0]?.["x"]) ? own[0]["x"] : null,
                last: own.at(-1)?.["id"] ?? null,
                share: values.length === 0 ? null : positive / values.length,
              },
            ];
      });
      expect(found, seed).toEqual(wanted);
    }
  });

  it("of all rows together is one row, even where there is none", async () => {
    const aggregates = [
      { name: "n", function: "count" },
      { name: "sum", function: "sum", column: "x" },
      { name: "median", function: "median", column: "x" },
    ];
    const one = await transform("aggregate", { aggregates }, sourceOf({ fields }, x));
    expect(one.rows).toMatchObject([{ n: 23n }]);
    const none = await transform("aggregate", { aggregates }, sourceOf({ fields }, []));
    expect(none.rows).toEqual([{ n: 0n, sum: null, median: null }]);
    const grouped = await transform(
      "aggregate",
      { by: ["g"], aggregates },
      sourceOf({ fields }, []),
    );
    expect(grouped.rows).toEqual([]);
  });

  it("interpolates between values that are infinite without making NaN of them", async () => {
    const rows = [
      { g: 1, x: Infinity },
      { g: 1, x: Infinity },
      { g: 2, x: -1 },
    ];
    const aggregates = [{ name: "q", function: "quantile", column: "x", q: 0.25 }];
    const found = await transform(
      "aggregate",
      { by: ["g"], aggregates },
      sourceOf({ fields }, rows),
    );
    expect(found.rows).toEqual([
      { g: 1, q: Infinity },
      { g: 2, q: -1 },
    ]);
  });

  it("refuses a function without a column, of texts, and a column that is there twice", async () => {
    const of = (...aggregates: object[]) =>
      faultOf(() =>
        transform(
          "aggregate",
          { by: ["group"], aggregates: aggregates.map((one) => ({ ...one })) },
          sourceOf(schema, []),
        ),
      );
    expect((await of({ name: "m", function: "mean" })).message).toContain("either a column or");
    expect((await of({ name: "m", function: "mean", column: "group" })).message).toContain("text");
    expect((await of({ name: "group", function: "count" })).message).toContain("two columns");
    expect(await of({ name: "m", function: "quantile", column: "x", q: 2 })).toMatchObject({
      field: "parameters.aggregates[0].q",
    });
  });
});
