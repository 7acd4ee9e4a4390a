import { MOST_CHARACTERS, refuseExpression } from "./expression.ts";

export type Token = {
  kind: "word" | "quoted" | "text" | "integer" | "real" | "sign" | "end";
  /** A word in lower case, what a quoted name or text means, digits, or the sign. */
  text: string;
  /** As it was written. */
  written: string;
  /** Characters before it. */
  at: number;
};

const SPACE = /[ \t\r\n]+/y;
const PATTERNS: readonly [Token["kind"], RegExp][] = [
  ["real", /(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+/y],
  ["integer", /\d+/y],
  ["word", /[\p{L}_][\p{L}\p{M}\p{N}_]*/uy],
  ["quoted", /"(?:[^"]|"")+"/y],
  ["text", /'(?:[^']|'')*'/y],
  ["sign", /<=|>=|<>|!=|==|\|\||[-+*/%=<>(),]/y],
];

/**
 * The words and signs of an expression. Comments, semicolons, parameters and whatever else SQL has
 * and an expression does not need are no tokens.
 */
export function tokensOf(text: string, field: string): Token[] {
  if (text.length > MOST_CHARACTERS)
    refuseExpression(
      field,
      `the expression has ${text.length} characters; it may have ${MOST_CHARACTERS}`,
    );
  const tokens: Token[] = [];
  let at = skipSpace(text, 0);
  while (at < text.length) {
    if (/^(?:--|\/\*)/.test(text.slice(at, at + 2)))
      refuseExpression(field, `there is a comment at character ${at}; an expression has none`);
    const token = tokenAt(text, at);
    if (!token)
      refuseExpression(
        field,
        `there is ${JSON.stringify(text.slice(at, at + 10))} at character ${at}, where a name, a number, a text in '…' or an operator was expected`,
      );
    const after = at + token.written.length;
    if (/^(?:integer|real)$/.test(token.kind) && /^[\p{L}\p{N}_.]/u.test(text.slice(after)))
      refuseExpression(field, `the number at character ${at} is not one`);
    tokens.push(token);
    at = skipSpace(text, after);
  }
  return [...tokens, { kind: "end", text: "", written: "the end", at }];
}

function tokenAt(text: string, at: number): Token | null {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = at;
    const written = pattern.exec(text)?.[0];
    if (written !== undefined) return { kind, text: meant(kind, written), written, at };
  }
  return null;
}

function meant(kind: Token["kind"], written: string): string {
  if (kind === "word") return written.toLowerCase();
  if (kind === "quoted") return written.slice(1, -1).replaceAll('""', '"');
  if (kind === "text") return written.slice(1, -1).replaceAll("''", "'");
  return written;
}

function skipSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  return at + (SPACE.exec(text)?.[0].length ?? 0);
}
