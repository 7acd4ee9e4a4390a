import { common, isNumber, type ValueKind } from "./value-kind.ts";

/** What a function gives for inputs of these kinds; null where it does not take them. */
type Rule = (kinds: readonly ValueKind[]) => ValueKind | null;
export type SqlFunction = {
  /** As people are told. */
  takes: string;
  kind: Rule;
  /** The inputs are printed, whole and in brackets where they need them. */
  sql: (inputs: readonly string[]) => string;
};

const is = (wanted: ValueKind) => (kind: ValueKind | undefined) =>
  kind === wanted || kind === "null";
const number = (kind: ValueKind | undefined) => kind !== undefined && isNumber(kind);
type Accepts = (kind: ValueKind | undefined) => boolean;

/** Inputs of these kinds, of which the last `optional` may be left out. */
const inputs =
  (gives: ValueKind, accepts: readonly Accepts[], optional = 0): Rule =>
  (kinds) =>
    kinds.length <= accepts.length &&
    kinds.length >= accepts.length - optional &&
    kinds.every((kind, at) => accepts[at]?.(kind) === true)
      ? gives
      : null;

/** The kind that all have in common. */
const alike =
  (least: number): Rule =>
  (kinds) =>
    kinds.length < least
      ? null
      : kinds.reduce<ValueKind | null>(
          (found, kind) => (found === null ? null : common(found, kind)),
          "null",
        );

const named = (name: string) => (inputs: readonly string[]) => `${name}(${inputs.join(", ")})`;
const between = (operator: string) => (inputs: readonly string[]) =>
  `(${inputs.join(` ${operator} `)})`;

const text = is("text");
const real = (sql: string): SqlFunction => ({
  takes: "a number",
  kind: inputs("real", [number]),
  sql: named(sql),
});

const arithmetic = (operator: string): SqlFunction => ({
  takes: "two numbers",
  kind: ([a, b]) =>
    a !== undefined && b !== undefined && number(a) && number(b) ? common(a, b) : null,
  sql: between(operator),
});

/** Days and microseconds move by whole numbers of themselves, and their differences are such. */
const moves = (operator: "+" | "-"): SqlFunction => {
  const { kind, sql } = arithmetic(operator);
  return {
    takes: `two numbers${operator === "-" ? ", two dates, two timestamps" : ""}, or a date or timestamp and an integer (days, microseconds)`,
    kind: (kinds) => {
      const [a, b] = kinds;
      if (a !== "date" && a !== "timestamp") return kind(kinds);
      if (operator === "-" && a === b) return "integer";
      return b === "integer" ? a : null;
    },
    sql,
  };
};

const comparison = (operator: string): SqlFunction => ({
  takes: "two values of one kind",
  kind: (kinds) => (kinds.length === 2 && alike(2)(kinds) !== null ? "boolean" : null),
  sql: between(operator),
});

const logic = (operator: string): SqlFunction => ({
  takes: "two conditions",
  kind: inputs("boolean", [is("boolean"), is("boolean")]),
  sql: between(operator),
});

/** A part of a date or timestamp, UTC, as an integer. */
const part = (format: string): SqlFunction => ({
  takes: "a date or a timestamp",
  kind: inputs("integer", [(kind) => is("date")(kind) || is("timestamp")(kind)]),
  sql: ([seconds = ""]) => `CAST(strftime('${format}', ${seconds}, 'unixepoch') AS INTEGER)`,
});

/** The functions whose inputs are handed over as seconds since 1970. */
export const DATE_PARTS: Readonly<Record<string, SqlFunction>> = {
  year: part("%Y"),
  month: part("%m"),
  day: part("%d"),
  hour: part("%H"),
  minute: part("%M"),
  second: part("%S"),
  day_of_year: part("%j"),
  /** 0 is Sunday. */
  weekday: part("%w"),
};

/**
 * Every operator and function that an expression may have. All of them give the same for the same
 * inputs: SQLite's random, its clock and what tells of the connection are not among them.
 */
export const FUNCTIONS: Readonly<Record<string, SqlFunction>> = {
  and: logic("AND"),
  or: logic("OR"),
  not: {
    takes: "a condition",
    kind: inputs("boolean", [is("boolean")]),
    sql: ([a = ""]) => `(NOT ${a})`,
  },
  "=": comparison("="),
  "<>": comparison("<>"),
  "<": comparison("<"),
  "<=": comparison("<="),
  ">": comparison(">"),
  ">=": comparison(">="),
  is: comparison("IS"),
  in: {
    takes: "a value and a list of values of its kind",
    kind: (kinds) => (alike(2)(kinds) === null ? null : "boolean"),
    sql: ([value = "", ...list]) => `(${value} IN (${list.join(", ")}))`,
  },
  between: {
    takes: "three values of one kind",
    kind: (kinds) => (alike(3)(kinds) === null ? null : "boolean"),
    sql: ([value = "", low = "", high = ""]) => `(${value} BETWEEN ${low} AND ${high})`,
  },
  like: {
    takes: "two texts",
    kind: inputs("boolean", [text, text]),
    sql: between("LIKE"),
  },
  "||": { takes: "two texts", kind: inputs("text", [text, text]), sql: between("||") },
  "+": moves("+"),
  "-": moves("-"),
  "*": arithmetic("*"),
  "/": {
    takes: "two numbers",
    kind: inputs("real", [number, number]),
    sql: ([a = "", b = ""]) => `(CAST(${a} AS REAL) / ${b})`,
  },
  "%": {
    takes: "two integers",
    kind: inputs("integer", [is("integer"), is("integer")]),
    sql: between("%"),
  },
  negative: {
    takes: "a number",
    kind: ([a, ...more]) => (a !== undefined && isNumber(a) && more.length === 0 ? a : null),
    sql: ([a = ""]) => `(- ${a})`,
  },
  case: {
    takes: "conditions, and results of one kind",
    kind: (kinds) => {
      const results = kinds.filter((_, at) => at % 2 === 1 || at === kinds.length - 1);
      const conditions = kinds.filter((_, at) => at % 2 === 0 && at < kinds.length - 1);
      return conditions.every(is("boolean")) ? alike(1)(results) : null;
    },
    sql: (inputs) => {
      const whens = inputs
        .slice(0, -1)
        .map((input, at) => `${at % 2 === 0 ? "WHEN" : "THEN"} ${input}`);
      return `(CASE ${whens.join(" ")} ELSE ${inputs.at(-1) ?? "NULL"} END)`;
    },
  },
  to_integer: {
    takes: "a number, a text, a condition, a date or a timestamp",
    kind: ([a]) => (a === "binary" || a === "json" ? null : "integer"),
    sql: ([a = ""]) => `CAST(${a} AS INTEGER)`,
  },
  to_real: {
    takes: "a number, a text or a condition",
    kind: inputs("real", [(kind) => number(kind) || text(kind) || is("boolean")(kind)]),
    sql: ([a = ""]) => `CAST(${a} AS REAL)`,
  },
  to_text: {
    takes: "an integer, a text or a condition",
    kind: inputs("text", [
      (kind) => is("integer")(kind) || text(kind) || is("boolean")(kind) || is("json")(kind),
    ]),
    sql: ([a = ""]) => `CAST(${a} AS TEXT)`,
  },
  to_boolean: {
    takes: "a number or a condition",
    kind: inputs("boolean", [(kind) => number(kind) || is("boolean")(kind)]),
    sql: ([a = ""]) => `(${a} <> 0)`,
  },
  abs: {
    takes: "a number",
    kind: ([a, ...more]) => (a !== undefined && isNumber(a) && more.length === 0 ? a : null),
    sql: named("abs"),
  },
  sign: { takes: "a number", kind: inputs("integer", [number]), sql: named("sign") },
  round: {
    takes: "a number, and to how many decimals",
    kind: inputs("real", [number, is("integer")], 1),
    sql: named("round"),
  },
  floor: real("floor"),
  ceil: real("ceil"),
  trunc: real("trunc"),
  sqrt: real("sqrt"),
  exp: real("exp"),
  ln: real("ln"),
  log2: real("log2"),
  log10: real("log"),
  sin: real("sin"),
  cos: real("cos"),
  tan: real("tan"),
  asin: real("asin"),
  acos: real("acos"),
  atan: real("atan"),
  sinh: real("sinh"),
  cosh: real("cosh"),
  tanh: real("tanh"),
  radians: real("radians"),
  degrees: real("degrees"),
  atan2: { takes: "two numbers", kind: inputs("real", [number, number]), sql: named("atan2") },
  power: { takes: "two numbers", kind: inputs("real", [number, number]), sql: named("pow") },
  least: { takes: "values of one kind", kind: alike(2), sql: named("min") },
  greatest: { takes: "values of one kind", kind: alike(2), sql: named("max") },
  coalesce: { takes: "values of one kind", kind: alike(2), sql: named("coalesce") },
  nullif: {
    takes: "two values of one kind",
    kind: (kinds) => (kinds.length === 2 && alike(2)(kinds) !== null ? (kinds[0] ?? null) : null),
    sql: named("nullif"),
  },
  iif: {
    takes: "a condition and two values of one kind",
    kind: ([condition, ...results]) =>
      is("boolean")(condition) && results.length === 2 ? alike(2)(results) : null,
    sql: named("iif"),
  },
  length: {
    takes: "a text or bytes",
    kind: inputs("integer", [(kind) => text(kind) || is("binary")(kind)]),
    sql: named("length"),
  },
  /** Of ASCII letters, as SQLite has it. */
  lower: { takes: "a text", kind: inputs("text", [text]), sql: named("lower") },
  upper: { takes: "a text", kind: inputs("text", [text]), sql: named("upper") },
  trim: {
    takes: "a text, and characters",
    kind: inputs("text", [text, text], 1),
    sql: named("trim"),
  },
  ltrim: {
    takes: "a text, and characters",
    kind: inputs("text", [text, text], 1),
    sql: named("ltrim"),
  },
  rtrim: {
    takes: "a text, and characters",
    kind: inputs("text", [text, text], 1),
    sql: named("rtrim"),
  },
  replace: {
    takes: "three texts",
    kind: inputs("text", [text, text, text]),
    sql: named("replace"),
  },
  instr: { takes: "two texts", kind: inputs("integer", [text, text]), sql: named("instr") },
  substr: {
    takes: "a text, the first character from 1, and how many",
    kind: inputs("text", [text, is("integer"), is("integer")], 1),
    sql: named("substr"),
  },
  json_text: {
    takes: "a json value and a path such as '$.a[0]'",
    kind: inputs("text", [is("json"), text]),
    sql: (inputs) => `CAST(json_extract(${inputs.join(", ")}) AS TEXT)`,
  },
  json_number: {
    takes: "a json value and a path such as '$.a[0]'",
    kind: inputs("real", [is("json"), text]),
    sql: (inputs) => `CAST(json_extract(${inputs.join(", ")}) AS REAL)`,
  },
  ...DATE_PARTS,
};
