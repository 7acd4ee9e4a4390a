import type { Field, Schema } from "../../schema.ts";
import { isTensor } from "../../table.ts";
import { utf8Encode } from "../../../text/utf8.ts";
import { DEEPEST, type Expression, refuseExpression } from "./expression.ts";
import { DATE_PARTS, FUNCTIONS } from "./functions.ts";
import { parseExpression } from "./parse-expression.ts";
import { kindOf, type ValueKind } from "./value-kind.ts";

export type Compiled = { kind: ValueKind; sql: string };

/** LIKE of SQLite in workerd takes no more. */
const LONGEST_PATTERN = 50;
const LARGEST_INTEGER = 2n ** 63n - 1n;

/**
 * Compiles expressions over the columns of one table, and notes which columns and constants they
 * use. What it prints is made of fixed words, the places of columns (`c0`) and digits alone: names
 * and constants that a caller wrote never reach the engine as SQL.
 */
export class Expressions {
  readonly #schema: Schema;
  /** Columns that are used, as `c0`, `c1`… in this order. */
  readonly operands: Field[] = [];
  /** Constants that are used, as the rows of the table `constant`. */
  readonly constants: (number | string)[] = [];

  constructor(schema: Schema) {
    this.#schema = schema;
  }

  /** `field` is the parameter that the expression is of; faults name it. */
  compile(text: string, field: string): Compiled {
    return this.#compile(parseExpression(text, field), field, 1);
  }

  condition(text: string, field: string): string {
    const { kind, sql } = this.compile(text, field);
    if (kind !== "boolean" && kind !== "null")
      refuseExpression(field, `it gives ${withArticle(kind)}, where a condition was expected`);
    return sql;
  }

  column(name: string, field: string): Compiled & { field: Field } {
    const found = this.#schema.fields.find((one) => one.name === name);
    if (!found) {
      const known = this.#schema.fields.map((one) => `'${one.name}'`).join(", ");
      return refuseExpression(field, `there is no column '${name}'; there are ${known}`);
    }
    if (isTensor(found))
      refuseExpression(
        field,
        `'${name}' is a column of tensors, which only signal features and augmentations compute with`,
      );
    let at = this.operands.indexOf(found);
    if (at < 0) at = this.operands.push(found) - 1;
    return { kind: kindOf(found.type), sql: `c${at}`, field: found };
  }

  constant(value: number | string): string {
    let at = this.constants.indexOf(value);
    if (at < 0) at = this.constants.push(value) - 1;
    return `(SELECT value FROM constant WHERE at = ${at})`;
  }

  #compile(expression: Expression, field: string, depth: number): Compiled {
    if (depth > DEEPEST) refuseExpression(field, `it is nested more than ${DEEPEST} deep`);
    if (expression.node === "column") return this.column(expression.name, field);
    if (expression.node === "call") return this.#call(expression, field, depth);
    return this.#literal(expression, field);
  }

  #literal({ kind, text }: Extract<Expression, { node: "literal" }>, field: string): Compiled {
    switch (kind) {
      case "null":
        return { kind, sql: "NULL" };
      case "boolean":
        return { kind, sql: text === "true" ? "1" : "0" };
      case "integer":
        if (text.length > 19 || BigInt(text) > LARGEST_INTEGER)
          refuseExpression(
            field,
            `${text.slice(0, 40)} is beyond 64 bits; write it as ${text.slice(0, 40)}.0`,
          );
        return { kind, sql: String(BigInt(text)) };
      case "real":
        if (!Number.isFinite(Number(text)))
          refuseExpression(field, `${text.slice(0, 40)} is beyond what a float64 holds`);
        return { kind, sql: this.constant(Number(text)) };
      case "text":
        return { kind, sql: this.constant(text) };
    }
  }

  #call(
    { name, inputs }: Extract<Expression, { node: "call" }>,
    field: string,
    depth: number,
  ): Compiled {
    if (name === "date" || name === "timestamp") return this.#instant(name, inputs, field);
    if (name === "like") this.#checkPattern(inputs[1], field);
    const called = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (!called)
      return refuseExpression(field, `there is no function ${name.slice(0, 40)}(); ${KNOWN}`);
    const compiled = inputs.map((input) => this.#compile(input, field, depth + 1));
    const kinds = compiled.map(({ kind }) => kind);
    const kind = called.kind(kinds);
    if (kind === null)
      return refuseExpression(
        field,
        `${name} takes ${called.takes}; it was given ${kinds.map(withArticle).join(" and ") || "nothing"}`,
      );
    const printed = compiled.map((input) =>
      Object.hasOwn(DATE_PARTS, name) ? seconds(input) : input.sql,
    );
    return { kind, sql: called.sql(printed) };
  }

  /** `date('2026-11-21')` and `timestamp('2026-11-21T09:30:00Z')` are constants. */
  #instant(kind: "date" | "timestamp", inputs: Expression[], field: string): Compiled {
    const [input] = inputs;
    const text = input?.node === "literal" && input.kind === "text" ? input.text : "";
    const pattern =
      kind === "date" ? /^\d{4}-\d\d-\d\d$/ : /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?Z$/;
    const milliseconds = pattern.test(text) ? Date.parse(text) : Number.NaN;
    if (inputs.length !== 1 || Number.isNaN(milliseconds))
      refuseExpression(
        field,
        `${kind} takes one text such as ${kind === "date" ? "'2026-11-21'" : "'2026-11-21T09:30:00Z'"}`,
      );
    const value = kind === "date" ? milliseconds / 86_400_000 : milliseconds * 1_000;
    return { kind, sql: value < 0 ? `(${value})` : String(value) };
  }

  #checkPattern(pattern: Expression | undefined, field: string): void {
    if (pattern?.node !== "literal" || pattern.kind !== "text")
      return refuseExpression(field, "LIKE takes its pattern as a text in '…'");
    if (utf8Encode(pattern.text).length > LONGEST_PATTERN)
      refuseExpression(field, `a pattern of LIKE has at most ${LONGEST_PATTERN} bytes`);
  }
}

const KNOWN = `there are ${Object.keys(FUNCTIONS)
  .filter(
    (name) =>
      /^[a-z]/.test(name) && !/^to_|^(?:and|or|not|is|in|between|like|case|negative)$/.test(name),
  )
  .join(", ")}`;

const seconds = ({ kind, sql }: Compiled): string =>
  kind === "date" ? `(${sql} * 86400)` : `floor(${sql} / 1000000.0)`;

const ARTICLES: Partial<Record<ValueKind, string>> = {
  null: "NULL",
  integer: "an integer",
  boolean: "a condition",
  binary: "bytes",
  json: "json",
};
const withArticle = (kind: ValueKind): string => ARTICLES[kind] ?? `a ${kind}`;
