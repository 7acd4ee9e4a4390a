import { DEEPEST, type Expression, MOST_NODES, refuseExpression } from "./expression.ts";
import { type Token, tokensOf } from "./tokens.ts";

/** Operators between two expressions; those further down hold them more tightly, those of one line are taken from left to right. */
const OPERATORS = [
  ["or"],
  ["and"],
  ["not before one"],
  ["=", "==", "<>", "!=", "is", "in", "like", "between", "not"],
  ["<", "<=", ">", ">="],
  ["+", "-"],
  ["*", "/", "%"],
  ["||"],
  ["sign before one"],
] as const;
const BINDING: ReadonlyMap<string, number> = new Map(
  OPERATORS.flatMap((line, at) => line.map((operator) => [operator, at + 1] as const)),
);
const bindingOf = (operator: string): number => BINDING.get(operator) ?? 0;
const NOT_BINDING = bindingOf("not before one");
const SIGN_BINDING = bindingOf("sign before one");
const CANONICAL: ReadonlyMap<string, string> = new Map([
  ["==", "="],
  ["!=", "<>"],
]);

/** Words that are no columns unless they are quoted. */
const RESERVED = new Set(
  "and or not is in like between case when then else end null true false cast as distinct from select where over".split(
    " ",
  ),
);

/** Reads an expression; throws a DatasetFault `transformation_invalid` that says where it ends to be one. */
export function parseExpression(text: string, field: string): Expression {
  return new Parser(tokensOf(text, field), field).whole();
}

class Parser {
  readonly #tokens: Token[];
  readonly #field: string;
  #at = 0;
  #depth = 0;
  #nodes = 0;

  constructor(tokens: Token[], field: string) {
    this.#tokens = tokens;
    this.#field = field;
  }

  whole(): Expression {
    const found = this.#expression(0);
    if (this.#next().kind !== "end") this.#unexpected("an operator or the end");
    return found;
  }

  #expression(least: number): Expression {
    this.#depth += 1;
    if (this.#depth > DEEPEST)
      refuseExpression(this.#field, `it is nested more than ${DEEPEST} deep`);
    let left = this.#operand();
    for (;;) {
      const { kind, text } = this.#next();
      const binding = kind === "sign" || kind === "word" ? BINDING.get(text) : undefined;
      if (binding === undefined || binding <= least) break;
      this.#at += 1;
      left = this.#after(left, text, binding);
    }
    this.#depth -= 1;
    return left;
  }

  #after(left: Expression, operator: string, binding: number): Expression {
    switch (operator) {
      case "is":
        return this.#is(left);
      case "not": {
        const word = this.#word("in", "like", "between");
        return this.#call("not", [this.#after(left, word, binding)]);
      }
      case "in":
        return this.#call("in", [left, ...this.#list()]);
      case "between": {
        const low = this.#expression(bindingOf("<"));
        this.#word("and");
        return this.#call("between", [left, low, this.#expression(bindingOf("<"))]);
      }
      default:
        return this.#call(CANONICAL.get(operator) ?? operator, [left, this.#expression(binding)]);
    }
  }

  #is(left: Expression): Expression {
    const negated = this.#takes("not");
    const found = this.#takes("distinct")
      ? this.#call("not", [this.#distinctFrom(left)])
      : this.#call("is", [left, this.#expression(bindingOf("is"))]);
    return negated ? this.#call("not", [found]) : found;
  }

  #distinctFrom(left: Expression): Expression {
    this.#word("from");
    return this.#call("is", [left, this.#expression(bindingOf("is"))]);
  }

  #operand(): Expression {
    const token = this.#next();
    this.#at += 1;
    switch (token.kind) {
      case "integer":
      case "real":
      case "text":
        return this.#literal(token.kind, token.text);
      case "quoted":
        return this.#column(token.text);
      case "sign":
        return this.#signed(token.text);
      case "word":
        return this.#named(token);
      case "end":
        this.#at -= 1;
        return this.#unexpected("a value");
    }
  }

  #signed(sign: string): Expression {
    if (sign === "(") {
      const found = this.#expression(0);
      this.#sign(")");
      return found;
    }
    if (sign === "-") return this.#call("negative", [this.#expression(SIGN_BINDING)]);
    if (sign === "+") return this.#expression(SIGN_BINDING);
    this.#at -= 1;
    return this.#unexpected("a value");
  }

  #named({ text, written }: Token): Expression {
    switch (text) {
      case "null":
        return this.#literal("null", text);
      case "true":
      case "false":
        return this.#literal("boolean", text);
      case "not":
        return this.#call("not", [this.#expression(NOT_BINDING)]);
      case "case":
        return this.#case();
      case "cast":
        return this.#cast();
    }
    if (RESERVED.has(text)) {
      this.#at -= 1;
      return this.#unexpected(`a value (a column of this name is written "${written}")`);
    }
    return this.#isSign("(") ? this.#call(text, this.#list()) : this.#column(written);
  }

  #case(): Expression {
    const subject = this.#isWord("when") ? null : this.#expression(0);
    const inputs: Expression[] = [];
    while (this.#takes("when")) {
      const when = this.#expression(0);
      inputs.push(subject ? this.#call("=", [subject, when]) : when);
      this.#word("then");
      inputs.push(this.#expression(0));
    }
    if (inputs.length === 0) this.#unexpected("WHEN");
    inputs.push(this.#takes("else") ? this.#expression(0) : this.#literal("null", "null"));
    this.#word("end");
    return this.#call("case", inputs);
  }

  #cast(): Expression {
    this.#sign("(");
    const input = this.#expression(0);
    this.#word("as");
    const type = this.#word("integer", "real", "text", "boolean");
    this.#sign(")");
    return this.#call(`to_${type}`, [input]);
  }

  #list(): Expression[] {
    this.#sign("(");
    const found: Expression[] = [];
    if (!this.#isSign(")"))
      do found.push(this.#expression(0));
      while (this.#takesSign(","));
    this.#sign(")");
    return found;
  }

  #literal(kind: "null" | "boolean" | "integer" | "real" | "text", text: string): Expression {
    return this.#counted({ node: "literal", kind, text });
  }

  #column(name: string): Expression {
    return this.#counted({ node: "column", name });
  }

  #call(name: string, inputs: Expression[]): Expression {
    return this.#counted({ node: "call", name, inputs });
  }

  #counted(expression: Expression): Expression {
    this.#nodes += 1;
    if (this.#nodes > MOST_NODES)
      refuseExpression(this.#field, `it has more than ${MOST_NODES} parts`);
    return expression;
  }

  #next(): Token {
    const token = this.#tokens[this.#at];
    if (!token) throw new RangeError("read beyond the end of an expression");
    return token;
  }

  #isWord(word: string): boolean {
    const { kind, text } = this.#next();
    return kind === "word" && text === word;
  }

  #isSign(sign: string): boolean {
    const { kind, text } = this.#next();
    return kind === "sign" && text === sign;
  }

  #takes(word: string): boolean {
    const isThere = this.#isWord(word);
    if (isThere) this.#at += 1;
    return isThere;
  }

  #takesSign(sign: string): boolean {
    const isThere = this.#isSign(sign);
    if (isThere) this.#at += 1;
    return isThere;
  }

  #word(...words: string[]): string {
    const found = words.find((word) => this.#takes(word));
    return found ?? this.#unexpected(words.map((word) => word.toUpperCase()).join(" or "));
  }

  #sign(sign: string): void {
    if (!this.#takesSign(sign)) this.#unexpected(`'${sign}'`);
  }

  #unexpected(expected: string): never {
    const { written, at } = this.#next();
    return refuseExpression(
      this.#field,
      `there is ${written.slice(0, 40)} at character ${at}, where ${expected} was expected`,
    );
  }
}
