import { createHash } from "node:crypto";
import { array, assert, boolean, constantFrom, property, record, uniqueArray } from "fast-check";
import { describe, expect, it } from "vitest";
import { DatasetFault } from "../../../../domain/datasets/dataset-fault.ts";
import { checkSchema } from "../../../../domain/datasets/schema-rules/check-schema.ts";
import { evolutionProblems } from "../../../../domain/datasets/schema-rules/evolution.ts";
import { fitInferred } from "../../../../domain/datasets/schema-rules/fit-inferred.ts";
import {
  schemaChanges,
  suspectedRenames,
} from "../../../../domain/datasets/schema-rules/schema-changes.ts";
import { schemaFromColumns } from "../../../../domain/datasets/schema-rules/schema-from-columns.ts";
import { schemaHash } from "../../../../domain/datasets/schema-rules/schema-hash.ts";
import { promotion } from "../../../../domain/datasets/schema-rules/type-promotion.ts";
import { COLUMN_TYPES, type Field, type Schema } from "../../../../domain/datasets/schema.ts";

const sha256 = async (bytes: Uint8Array): Promise<string> =>
  createHash("sha256").update(bytes).digest("hex");

const column = (name: string, more: Partial<Field> = {}): Field => ({
  name,
  type: "int64",
  nullable: true,
  ...more,
});
const schema = (...fields: Field[]): Schema => ({ fields });

function problemOf(work: () => unknown): DatasetFault["problem"] {
  try {
    work();
  } catch (error) {
    if (error instanceof DatasetFault) return error.problem;
    throw error;
  }
  throw new Error("nothing was refused");
}

const anyField = record({
  type: constantFrom(...COLUMN_TYPES),
  nullable: boolean(),
});
const anySchema = uniqueArray(constantFrom("a", "b", "c", "d"), { minLength: 1 }).chain((names) =>
  array(anyField, { minLength: names.length, maxLength: names.length }).map((fields): Schema => ({
    fields: fields.map((one, at) => ({ ...one, name: names[at] ?? "" })),
  })),
);

describe("a schema is refused", () => {
  it.each<[string, Schema, RegExp]>([
    ["without columns", schema(), /1 to 2000 columns, and this one has 0/],
    [
      "with too many",
      schema(...Array.from({ length: 2001 }, (_, at) => column(`c${at}`))),
      /has 2001/,
    ],
    ["with a name twice", schema(column("a"), column("a")), /two columns "a"/],
    ["with a column without a name", schema(column("a"), column("")), /column 2 has no name/],
    [
      "of more than a megabyte",
      schema(
        ...Array.from({ length: 2_000 }, (_, at) =>
          column(`${at}`, { description: "é".repeat(250) }),
        ),
      ),
      /bytes of JSON, and may have 1000000/,
    ],
    ["with a long name", schema(column("n".repeat(256))), /256 characters, and may have 255/],
    ["with a control character", schema(column("a\u0007")), /"a\\u0007", has a control character/],
    ["with __proto__", schema(column("__proto__")), /__proto__/],
    ["with a tensor of texts", schema(column("a", { type: "string", shape: [2] })), /string\[2\]/],
    ["with a broken size", schema(column("a", { shape: [-1] })), /shape \[-1\]/],
    ["with a broken rate", schema(column("a", { sampling_rate_hz: 0 })), /0 samples a second/],
    ["with a key that is no column", { ...schema(column("a")), primary_key: ["b"] }, /names "b"/],
    ["with an empty key", { ...schema(column("a")), partition_keys: [] }, /names no column/],
    [
      "with a key that may be null",
      { ...schema(column("a")), primary_key: ["a"] },
      /"a", which may be null: set nullable to false/,
    ],
    [
      "with a tensor as key",
      { ...schema(column("a", { shape: [3], nullable: false })), partition_keys: ["a"] },
      /int64\[3\]: a tensor/,
    ],
  ])("%s", (_, refused, message) => {
    const problem = problemOf(() => checkSchema(refused));
    expect(problem.code).toBe("schema_invalid");
    expect(problem.message).toMatch(message);
  });

  it("and a good one passes", () => {
    const id = column("id", { nullable: false });
    const signal = column("signal", {
      type: "float32",
      shape: [null, 2048],
      sampling_rate_hz: 12e3,
    });
    checkSchema({ fields: [id, signal, column("été 🦊")], primary_key: ["id"] });
  });
});

describe("the hash of a schema", () => {
  const base: Schema = { fields: [column("a"), column("b", { unit: "mm" })], primary_key: ["a"] };
  const hashOf = (one: Schema): Promise<string> => schemaHash(one, sha256);

  it("stays what it is", async () => {
    expect(await hashOf(schema(column("a", { nullable: false })))).toBe(
      createHash("sha256")
        .update('{"fields":[{"name":"a","nullable":false,"type":"int64"}]}')
        .digest("hex"),
    );
  });

  it("does not depend on descriptions or on members that are not set", async () => {
    const described = { ...base, fields: base.fields.map((one) => ({ ...one, description: "x" })) };
    expect(await hashOf(described)).toBe(await hashOf(base));
  });

  it.each<[string, Schema]>([
    ["the order of columns", { ...base, fields: base.fields.toReversed() }],
    ["a type", { ...base, fields: [column("a", { type: "int32" }), column("b", { unit: "mm" })] }],
    ["a unit", { ...base, fields: [column("a"), column("b", { unit: "m" })] }],
    [
      "nullable",
      { ...base, fields: [column("a", { nullable: false }), column("b", { unit: "mm" })] },
    ],
    ["the key", { ...base, primary_key: ["a", "b"] }],
  ])("depends on %s", async (_, other) => {
    expect(await hashOf(other)).not.toBe(await hashOf(base));
  });
});

describe("a schema from names and types", () => {
  it("takes the words of Python, numpy, Arrow and SQL, in order", () => {
    const made = schemaFromColumns(
      {
        id: "int",
        x: "float",
        s: "float32[2, ?]",
        when: "datetime64[ns]",
        note: "VARCHAR",
        b: "bool",
      },
      { primary_key: ["id"] },
    );
    expect(made).toEqual({
      fields: [
        { name: "id", type: "int64", nullable: false },
        { name: "x", type: "float64", nullable: true },
        { name: "s", type: "float32", nullable: true, shape: [2, null] },
        { name: "when", type: "timestamp", nullable: true },
        { name: "note", type: "string", nullable: true },
        { name: "b", type: "bool", nullable: true },
      ],
      primary_key: ["id"],
    });
  });

  it.each(["complex128", "", "float32[", "float32[x]", "constructor", "float32[-1]"])(
    "refuses %j, and names the column",
    (type) => {
      const problem = problemOf(() => schemaFromColumns({ a: type }));
      expect(problem).toMatchObject({ code: "schema_invalid", field: "a" });
    },
  );
});

describe("a type becomes another", () => {
  const ranges: Record<string, [bigint, bigint]> = Object.fromEntries(
    [8, 16, 32, 64].flatMap((bits) => [
      [`int${bits}`, [-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n]],
      [`uint${bits}`, [0n, 2n ** BigInt(bits) - 1n]],
    ]),
  );

  it("as the ranges of integers say", () => {
    for (const [from, [least, greatest]] of Object.entries(ranges))
      for (const [to, [lowest, highest]] of Object.entries(ranges)) {
        const fits = least >= lowest && greatest <= highest;
        expect([from, to, promotion(from as Field["type"], to as Field["type"])]).toEqual([
          from,
          to,
          fits ? "exact" : null,
        ]);
      }
  });

  it("as floats hold integers", () => {
    expect(promotion("int32", "float64")).toBe("exact");
    expect(promotion("int64", "float64")).toBe("rounding");
    expect(promotion("int32", "float32")).toBe("rounding");
    expect(promotion("uint16", "float32")).toBe("exact");
    expect(promotion("uint8", "float16")).toBe("exact");
    expect(promotion("int16", "float16")).toBe("rounding");
    expect(promotion("uint16", "float16")).toBeNull();
    expect(promotion("float32", "float64")).toBe("exact");
    expect(promotion("float64", "float32")).toBeNull();
    expect(promotion("float64", "int64")).toBeNull();
    expect(promotion("string", "int64")).toBeNull();
    expect(promotion("date", "timestamp")).toBe("exact");
  });

  it("exactly, as a partial order", () => {
    const exact = (a: Field["type"], b: Field["type"]): boolean => promotion(a, b) === "exact";
    for (const a of COLUMN_TYPES)
      for (const b of COLUMN_TYPES) {
        if (a !== b && exact(a, b)) expect(exact(b, a)).toBe(false);
        for (const c of COLUMN_TYPES)
          if (exact(a, b) && exact(b, c)) expect(exact(a, c)).toBe(true);
      }
  });
});

describe("changes of a schema", () => {
  it("are named one by one, in order", () => {
    const before: Schema = {
      fields: [
        column("a"),
        column("b"),
        column("c", { unit: "g" }),
        column("s", { type: "float32", shape: [4] }),
      ],
      primary_key: ["a"],
    };
    const after: Schema = {
      fields: [
        column("c", { unit: "m/s2", description: "z" }),
        column("a", { type: "float64", nullable: false }),
        column("d", { type: "string" }),
        column("s", { type: "float32", shape: [null], sampling_rate_hz: 100 }),
      ],
    };
    expect(schemaChanges(before, after)).toEqual([
      { change: "type", column: "a", before: "int64", after: "float64" },
      { change: "nullable", column: "a", before: true, after: false },
      { change: "removed", column: "b", position: 1, type: "int64", nullable: true },
      { change: "unit", column: "c", before: "g", after: "m/s2" },
      { change: "description", column: "c", before: null, after: "z" },
      { change: "type", column: "s", before: "float32[4]", after: "float32[?]" },
      { change: "sampling_rate_hz", column: "s", before: null, after: 100 },
      { change: "added", column: "d", position: 2, type: "string", nullable: true },
      { change: "order", before: ["a", "c", "s"], after: ["c", "a", "s"] },
      { change: "primary_key", before: ["a"], after: null },
    ]);
  });

  it("are none exactly between equal schemas", () => {
    assert(
      property(anySchema, anySchema, (a, b) => {
        expect(schemaChanges(a, a)).toEqual([]);
        const isSame = JSON.stringify(a) === JSON.stringify(b);
        expect(schemaChanges(a, b).length === 0).toBe(isSame);
      }),
    );
  });

  it("suspect a rename of a column with its type and place", () => {
    const renames = suspectedRenames(
      schema(column("a"), column("b")),
      schema(column("a"), column("bee")),
    );
    expect(renames).toEqual([{ from: "b", to: "bee", position: 1 }]);
    expect(
      suspectedRenames(schema(column("b")), schema(column("bee", { type: "string" }))),
    ).toEqual([]);
  });
});

/** Can a reader of one schema read all that another allows to be written: what evolution is about, without its rules. */
const reads = (reader: Schema, written: Schema): boolean =>
  reader.fields.every((wanted) => {
    const found = written.fields.find(({ name }) => name === wanted.name);
    if (found === undefined) return wanted.nullable;
    return promotion(found.type, wanted.type) !== null && (wanted.nullable || !found.nullable);
  });

describe("the evolution of a schema", () => {
  const errorsOf = (
    before: Schema,
    after: Schema,
    mode: "none" | "backward" | "forward" | "full",
  ) => evolutionProblems(before, after, mode).errors;

  it("has errors exactly where a reader cannot read", () => {
    assert(
      property(anySchema, anySchema, (before, after) => {
        expect(errorsOf(before, after, "none")).toEqual([]);
        expect(errorsOf(before, after, "backward").length === 0).toBe(reads(after, before));
        expect(errorsOf(before, after, "forward").length === 0).toBe(reads(before, after));
        expect(errorsOf(before, after, "full")).toEqual([
          ...errorsOf(before, after, "backward"),
          ...errorsOf(before, after, "forward"),
        ]);
        expect(errorsOf(before, before, "full")).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("names the column, the rule and what would be allowed", () => {
    const before = schema(column("a", { type: "int32" }), column("b"));
    const after = schema(
      column("a", { type: "int16" }),
      column("c", { nullable: false, type: "string" }),
    );
    expect(errorsOf(before, after, "backward")).toEqual([
      {
        rule: "type_incompatible",
        direction: "backward",
        column: "a",
        message: expect.stringContaining(
          '"a" is int32 in the old data and int16 in the new schema',
        ),
        allowed: "leave it, or widen it: int32, int64, float64",
      },
      {
        rule: "column_missing",
        direction: "backward",
        column: "c",
        message: expect.stringContaining('the column "c", which may not be null'),
        allowed: 'add "c" as nullable',
      },
    ]);
    expect(
      errorsOf(before, schema(column("a", { type: "int64" }), column("b")), "forward"),
    ).toMatchObject([
      { column: "a", allowed: "leave it, or narrow it: int32, int8, int16, uint8, uint16" },
    ]);
  });

  it("lets shapes open up for new readers, and close for old ones", () => {
    const fixed = schema(column("s", { type: "float32", shape: [2048] }));
    const open = schema(column("s", { type: "float32", shape: [null] }));
    expect(errorsOf(fixed, open, "backward")).toEqual([]);
    expect(errorsOf(open, fixed, "backward")[0]?.rule).toBe("shape_incompatible");
    expect(errorsOf(open, fixed, "forward")).toEqual([]);
    expect(errorsOf(fixed, schema(column("s", { type: "float32" })), "backward")[0]?.rule).toBe(
      "shape_incompatible",
    );
  });

  it("refuses other units and rates, where both sides say theirs", () => {
    const inG = schema(column("s", { unit: "g", sampling_rate_hz: 100 }));
    const inMetres = schema(column("s", { unit: "m/s2", sampling_rate_hz: 200 }));
    expect(errorsOf(inG, inMetres, "backward").map(({ rule }) => rule)).toEqual([
      "unit_changed",
      "sampling_rate_changed",
    ]);
    expect(errorsOf(inG, schema(column("s")), "full")).toEqual([]);
    expect(evolutionProblems(inG, inMetres, "none").warnings).toHaveLength(2);
  });

  it("warns of renames, of rounding, of another order and another key", () => {
    const before: Schema = { fields: [column("a"), column("b"), column("c")], primary_key: ["a"] };
    const after = schema(column("b"), column("a", { type: "float64" }), column("see"));
    const { errors, warnings } = evolutionProblems(before, after, "backward");
    expect(errors).toEqual([]);
    expect(warnings.map(({ rule }) => rule)).toEqual([
      "value_rounded",
      "rename_suspected",
      "order_changed",
      "key_changed",
    ]);
  });
});

describe("what was read fits what was declared", () => {
  it("where its types have a place in the declared ones", () => {
    const declared = schema(column("b", { type: "float64" }), column("a", { type: "string" }));
    const read = schema(
      column("a", { type: "string" }),
      column("b", { type: "int64", sampling_rate_hz: 5 }),
    );
    expect(fitInferred(declared, read)).toEqual(
      schema(
        column("b", { type: "float64", sampling_rate_hz: 5 }),
        column("a", { type: "string" }),
      ),
    );
  });

  it.each<[string, Schema, Schema, string]>([
    ["a type", schema(column("a", { type: "int32" })), schema(column("a")), "a"],
    ["a null", schema(column("a", { nullable: false })), schema(column("a")), "a"],
    ["a column too many", schema(column("a")), schema(column("a"), column("b")), "b"],
    ["a column too few", schema(column("a"), column("b")), schema(column("a")), "b"],
    ["a shape", schema(column("a", { shape: [3] })), schema(column("a", { shape: [4] })), "a"],
    [
      "a rate",
      schema(column("a", { sampling_rate_hz: 3 })),
      schema(column("a", { sampling_rate_hz: 4 })),
      "a",
    ],
  ])("and not for %s, naming the column", (_, declared, read, field) => {
    const problem = problemOf(() => fitInferred(declared, read));
    expect(problem).toMatchObject({ code: "schema_mismatch", field });
  });

  it("by the nulls that were counted, where they were", () => {
    const declared = schema(column("a", { nullable: false }));
    const profile = { name: "a", count: 10, nulls: 0 };
    expect(fitInferred(declared, schema(column("a")), [profile])).toEqual(declared);
    const problem = problemOf(() =>
      fitInferred(declared, schema(column("a")), [{ ...profile, nulls: 2 }]),
    );
    expect(problem.message).toContain("null in 2 of 10 rows");
    const empty = { name: "a", count: 10, nulls: 10 };
    expect(
      fitInferred(schema(column("a")), schema(column("a", { type: "string" })), [empty]),
    ).toEqual(schema(column("a")));
  });
});
