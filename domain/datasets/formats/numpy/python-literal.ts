import { DatasetFault } from "../../dataset-fault.ts";

const DEEPEST = 32;

/** What a header may hold of Python's literals; a tuple is a list, a dictionary a Map. */
export type Literal = string | number | boolean | null | Literal[] | Map<string, Literal>;

const WORDS = new Map<string, Literal>([
  ["True", true],
  ["False", false],
  ["None", null],
]);
const ESCAPES = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);
// An `L` is how Python 2 ended long integers.
const TOKEN =
  /\s*(?:([[\](){}:,])|(-?\d{1,16})L?|(True|False|None)|[ub]?'((?:[^'\\]|\\[^])*)'|[ub]?"((?:[^"\\]|\\[^])*)")/y;

type Token = { mark: string } | { value: Literal };

/** Reads one literal of Python's, as numpy writes headers. Throws a DatasetFault for anything else. */
export function parsePythonLiteral(text: string): Literal {
  const tokens = tokensOf(text);
  let at = 0;
  const next = (): Token => {
    const token = tokens[at++];
    if (!token) throw malformed("it ends early");
    return token;
  };
  const comesNext = (mark: string): boolean => {
    const token = tokens[at];
    return token !== undefined && "mark" in token && token.mark === mark;
  };
  const passIf = (mark: string): boolean => {
    const comes = comesNext(mark);
    if (comes) at++;
    return comes;
  };
  const items = (closing: string, item: () => void): void => {
    while (!passIf(closing)) {
      item();
      if (!passIf(",") && !comesNext(closing)) throw malformed("a comma is missing");
    }
  };
  const value = (depth: number): Literal => {
    if (depth > DEEPEST) throw malformed(`it is more than ${DEEPEST} lists deep`);
    const token = next();
    if ("value" in token) return token.value;
    const inner: Literal[] = [];
    if (token.mark === "[" || token.mark === "(") {
      items(token.mark === "[" ? "]" : ")", () => inner.push(value(depth + 1)));
      return inner;
    }
    if (token.mark !== "{") throw malformed(`'${token.mark}' stands where a value is due`);
    const members = new Map<string, Literal>();
    items("}", () => {
      const key = value(depth + 1);
      if (typeof key !== "string" || !passIf(":")) throw malformed("a key is no text");
      if (members.has(key)) throw malformed(`it has '${key}' twice`);
      members.set(key, value(depth + 1));
    });
    return members;
  };
  const result = value(0);
  if (at < tokens.length) throw malformed("more follows its end");
  return result;
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < end) {
    const match = pattern.exec(text);
    if (!match) throw malformed("it has something that is no literal");
    const [, mark, digits, word, single, double] = match;
    if (mark !== undefined) tokens.push({ mark });
    else if (digits !== undefined) tokens.push({ value: Number(digits) });
    else if (word !== undefined) tokens.push({ value: WORDS.get(word) ?? null });
    else tokens.push({ value: unescaped(single ?? double ?? "") });
  }
  return tokens;
}

const unescaped = (text: string): string =>
  text.replace(
    /\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U000[0-9a-fA-F]{5}|[^])/g,
    (_, escape: string) =>
      escape.length > 2
        ? String.fromCodePoint(Math.min(Number.parseInt(escape.slice(1), 16), 0x10ffff))
        : (ESCAPES.get(escape) ?? escape),
  );

const malformed = (what: string): DatasetFault =>
  new DatasetFault("file_invalid", `the header of the array is not what numpy writes: ${what}`);
