import { describe, expect, it } from "vitest";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { DatasetFault } from "../../../../domain/datasets/dataset-fault.ts";
import { Expressions } from "../../../../domain/datasets/transformations/expressions/compile-expression.ts";
import { faultOf, field, signal, sourceOf, transform } from "./support.ts";

const DAY_MS = 86_400_000;
const schema = {
  fields: [
    field("a", "int64"),
    field("b", "float64"),
    field("t", "string"),
    field("yes", "bool"),
    field("day", "date"),
    field("at", "timestamp"),
    field("j", "json"),
    field("raw", "binary"),
    field("two words", "int32"),
    field('quo"te', "int32"),
    field("select", "int8"),
    field("wave", "float32", { shape: [4] }),
  ],
};
const row = {
  a: 7n,
  b: 2.5,
  t: "Grüße 'x'",
  yes: true,
  day: Date.UTC(2024, 1, 29) / DAY_MS,
  at: BigInt(Date.UTC(1969, 6, 20, 20, 17, 40)) * 1_000n + 5n,
  j: { k: [1, "two"] },
  raw: Uint8Array.of(1, 2, 3),
  "two words": 22,
  'quo"te': 3,
  select: 1,
  wave: signal([1, 2, 3, 4]),
};

async function valueOf(expression: string): Promise<unknown> {
  const set = [{ name: "value", expression }];
  const { rows } = await transform("map", { set }, sourceOf(schema, [row]));
  return rows[0]?.["value"];
}

describe("an expression", () => {
  it.each<[string, unknown]>([
    ["1 + 2 * 3", 7n],
    ["(1 + 2) * 3", 9n],
    ["2 - 3 - 4", -5n],
    ["7 / 2", 3.5],
    ["a % 4", 3n],
    ["-a + 1", -6n],
    ["- - 2", 2n],
    ["1 / 0", null],
    ["a * b", 17.5],
    ["0.1 + 0.2", 0.1 + 0.2],
    ["1e-320", 1e-320],
    ["9223372036854775807", 2n ** 63n - 1n],
    ["not yes or yes", true],
    ["true", true],
    ["false", false],
    ["not (yes or yes)", false],
    ["yes and null", null],
    ["a = 7 and b < 3", true],
    ["a <> 7", false],
    ["a == 7.0", true],
    ["a between 1 and 6 or a between 7 and 8", true],
    ["a not between 1 and 6", true],
    ["t in ('x', 'Grüße ''x''')", true],
    ["a not in (1, 2)", true],
    ["null is null", true],
    ["b is not null", true],
    ["b is distinct from 2.5", false],
    ["b is not distinct from null", false],
    ["t like 'gr%x_'", true],
    ["t not like '%y%'", true],
    ["t || '!'", "Grüße 'x'!"],
    ["length(t)", 9n],
    ["length(raw)", 3n],
    ["substr(t, 2, 3)", "rüß"],
    ["upper(t)", "GRüßE 'X'"],
    ["replace(t, 'x', 'yy')", "Grüße 'yy'"],
    ["case when a > 5 then 'big' when a > 3 then 'mid' else 'small' end", "big"],
    ["case t when 'no' then 1 end", null],
    ["iif(yes, 1, 2.5)", 1],
    ["coalesce(null, a)", 7n],
    ["nullif(a, 7)", null],
    ["least(a, 3, 5)", 3n],
    ["greatest(b, 3)", 3],
    ["round(b * 1.3, 1)", 3.3],
    ["floor(-b)", -3],
    ["power(2, 0.5)", Math.SQRT2],
    ["ln(exp(b))", 2.5],
    ["log10(1000)", 3],
    ["abs(-a)", 7n],
    ["sign(b)", 1n],
    ["sqrt(-1.0)", null],
    ["cast(b as integer)", 2n],
    ["cast('12x' as integer)", 12n],
    ["cast(a as text)", "7"],
    ["cast(b as boolean)", true],
    ["year(day) * 10000 + month(day) * 100 + day_of_year(day)", 20_240_260n],
    ["year(at) + hour(at) + minute(at) + second(at)", 1969n + 20n + 17n + 40n],
    ["weekday(date('2026-11-22'))", 0n],
    ["day + 1 = date('2024-03-01')", true],
    ["day - date('2024-02-01')", 28n],
    ["at - timestamp('1969-07-20T20:17:40Z')", 5n],
    ["json_number(j, '$.k[0]') + 1", 2],
    ["json_text(j, '$.k[1]')", "two"],
    ['"two words" + "quo""te" + "select"', 26n],
    ["yes", true],
    ["A", 7n],
  ])("%s", async (expression, wanted) => {
    if (expression === "A") {
      const fault = await faultOf(() => valueOf(expression));
      expect(fault.message).toContain("there is no column 'A'");
      return;
    }
    const found = await valueOf(expression);
    if (typeof wanted === "number") expect(found).toBeCloseTo(wanted, 14);
    else expect(found).toEqual(wanted);
  });

  it.each<[string, string]>([
    ["", "a text"],
    ["a +", "a value was expected"],
    ["a b", "an operator or the end"],
    ["(a", "')'"],
    ["a > t", "two values of one kind"],
    ["a and yes", "and takes two conditions"],
    ["t + 1", "+ takes two numbers"],
    ["wave > 1", "column of tensors"],
    ["nothing > 1", "no column 'nothing'"],
    ["select", "a column of this name is written"],
    ["sqrt()", "sqrt takes a number"],
    ["sqrt(t)", "sqrt takes a number"],
    ["a * t", "* takes two numbers"],
    ["yes * 2", "* takes two numbers"],
    ["cast(j as integer)", "a number, a text, a condition"],
    ["cast(raw as integer)", "a number, a text, a condition"],
    ["t like a", "its pattern as a text"],
    ["99999999999999999999", "beyond 64 bits"],
    ["1e999", "float64"],
    ["12abc", "not one"],
    ["t like t", "its pattern as a text"],
    [`t like '${"ü".repeat(26)}'`, "50 bytes"],
    ["date('2026-13-01')", "date takes one text"],
    ["date(t)", "date takes one text"],
    ["a in ()", "in takes a value and a list"],
    ["case end", "a value"],
    [`${"(".repeat(60)}a${")".repeat(60)}`, "nested"],
    [Array.from({ length: 60 }, () => "a").join("+"), "nested"],
    [Array.from({ length: 600 }, () => "1").join(","), "an operator or the end"],
    [`a in (${Array.from({ length: 600 }, () => "1").join(",")})`, "parts"],
    ["a".repeat(5_000), "characters"],
  ])("is refused where it makes no sense: %s", async (expression, says) => {
    const fault = await faultOf(() => valueOf(expression));
    expect(fault.code).toBe("transformation_invalid");
    expect(fault.message).toContain(says);
    expect(fault.field).toContain("parameters.set[0].expression");
  });

  it("that has rows of one value must have a condition where one is asked for", async () => {
    const fault = await faultOf(() =>
      transform("filter", { where: "a + 1" }, sourceOf(schema, [row])),
    );
    expect(fault).toMatchObject({ field: "parameters.where" });
    expect(fault.message).toContain("a condition was expected");
  });
});

describe("what a caller writes", () => {
  /** What the printer may print: fixed words, places of columns, digits and operators. */
  const PRINTED =
    /^(?:c\d+|[a-z_]+\d*|[A-Z]+|'%[YmdHMSjw]'|'unixepoch'|\d+(?:\.\d+)?|[-+*/%=<>(),.|\s])*$/;
  const PIECES = [
    "'", "''", '"', "--", "/*", "*/", ";", "\0", "\\", "`", "[a]", "?1", ":a", "@a", "$a", "x'00'",
    "select", "(select 1)", "from source_0", "union all", "drop table source_0", "pragma user_version",
    "attach 'x'", "randomblob(9)", "random()", "datetime('now')", "load_extension('x')", "sqlite_version()",
    "changes()", "last_insert_rowid()", "strftime('%s','now')", "date('now')", "a", "b", "t", "1", "+", "or", "and",
    "(", ")", ",", " ", "１", "ａ", "＇", "\u2028", "\u00a0", "’", "😀", "\ud800", "CURRENT_TIMESTAMP", "rowid", "row",
    "__proto__", "constructor(1)", "toString()", "over ()", "collate nocase", "exists", "glob '*'", "regexp 'a'", "match 'a'", "->> '$'", "~1", "<<", "&", "!",
  ]; // prettier-ignore

  it("never reaches SQLite as SQL, however it is put together", () => {
    const seed = "hostile expressions 1";
    const random = seededRandom(seed);
    let accepted = 0;
    for (let attempt = 0; attempt < 4_000; attempt += 1) {
      const parts = Array.from(
        { length: 1 + random.integer(8) },
        () => PIECES[random.integer(PIECES.length)],
      );
      const text = parts.join(random.uniform() < 0.5 ? "" : " ");
      const expressions = new Expressions(schema);
      try {
        const { sql } = expressions.compile(text, "parameters.where");
        accepted += 1;
        expect(sql, `${seed}: ${JSON.stringify(text)}`).toMatch(PRINTED);
        expect(
          sql.replaceAll(/\(SELECT value FROM constant WHERE at = \d+\)/g, ""),
          text,
        ).not.toMatch(/select|from|random|now|pragma|attach|drop/i);
      } catch (error) {
        if (!(error instanceof DatasetFault)) throw error;
        expect(error.problem.code, text).toBe("transformation_invalid");
      }
    }
    expect(accepted).toBeGreaterThan(20);
  });

  it.each([
    "1) or (1=1",
    "a = 1; drop table source_0",
    "a = 1 -- b",
    "a /* b */ = 1",
    "(select 1) = 1",
    "a in (select a from source_0)",
    "random() > 0",
    "date('now') > day",
    "a = ?1",
    "a = :x",
    "x'00' = raw",
    "t = 'unfinished",
    't = "unfinished',
    "a = 1 union select 1",
    "load_extension('x') is null",
    "[a] = 1",
    "`a` = 1",
    "a = $x",
    "t collate nocase = 'x'",
    "exists(1)",
    "a -> '$'",
    "current_timestamp > 1",
    "rowid = 1",
    "source_0.a = 1",
    "hasOwnProperty(a)",
    "__proto__",
    "constructor(1) = 1",
    "a = 1\0",
    "a ＝ 1",
    "count(*) > 1",
    "row_number() over () = 1",
    "cast(a as blob) = raw",
  ])("is refused where SQL would take it: %s", async (where) => {
    const fault = await faultOf(() => transform("filter", { where }, sourceOf(schema, [row])));
    expect(fault).toMatchObject({ code: "transformation_invalid", field: "parameters.where" });
  });

  it("may be any text as a constant, and any name as a column", async () => {
    const odd = `'; DROP TABLE source_0; -- " \\ 😀 \u2028`;
    const fields = [field(odd, "string")];
    const expression = `"${odd.replaceAll('"', '""')}" = '${odd.replaceAll("'", "''")}'`;
    const { rows } = await transform(
      "filter",
      { where: expression },
      sourceOf({ fields }, [{ [odd]: odd }, { [odd]: "x" }]),
    );
    expect(rows).toEqual([{ [odd]: odd }]);
  });
});

it("what only values make impossible is a fault that says so", async () => {
  const fields = [field("a", "int64"), field("j", "json")];
  const at = (a: bigint) => sourceOf({ fields }, [{ a, j: null }]);
  const most = 2n ** 63n - 1n;
  const sum = { aggregates: [{ name: "s", function: "sum", column: "a" }] };
  const over = await faultOf(() =>
    transform("aggregate", sum, sourceOf({ fields }, [{ a: most }, { a: 1n }])),
  );
  expect(over.message).toContain("integer overflow");
  const map = (expression: string, type?: string) => ({
    set: [{ name: "x", expression, ...(type ? { type } : {}) }],
  });
  const wide = await faultOf(() => transform("map", map("a * 2"), at(most)));
  expect(wide).toMatchObject({ code: "schema_mismatch", row: 0, field: "x" });
  const narrow = await faultOf(() => transform("map", map("a", "int8"), at(128n)));
  expect(narrow.message).toBe("row 0 of 'x' becomes 128, which is no int8");
  const half = await faultOf(() => transform("map", map("a / 2", "int32"), at(3n)));
  expect(half.message).toContain("becomes 1.5, which is no int32");
  const path = await faultOf(() =>
    transform("map", map("json_text(j, 'no path')"), sourceOf({ fields }, [{ j: {} }])),
  );
  expect(path.code).toBe("transformation_invalid");
});
