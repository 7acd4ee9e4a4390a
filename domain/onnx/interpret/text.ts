import { countOf } from "../../tensors/tensor.ts";
import { attributeOf, intOf, intsOf, stringOf } from "../node.ts";
import { OnnxFault } from "../onnx-fault.ts";
import { filled, indexOf, isTexts, numbers, positionOf, type Texts, type Value } from "./array.ts";
import { broadcastDims } from "./broadcast.ts";
import type { InterpreterCall, InterpreterRule } from "./interpreter-call.ts";
import { isElements } from "./rearrange.ts";

function textsAt(call: InterpreterCall, index: number): Texts {
  const value = call.value(index);
  if (isTexts(value)) return value;
  throw call.fault(`input ${index} is a ${value.type}`);
}

const texts = (dims: readonly number[], data: readonly string[]): Texts => ({
  type: "string",
  dims,
  data,
});

const concat: InterpreterRule = (call) => {
  const both = [textsAt(call, 0), textsAt(call, 1)];
  const dims = broadcastDims(
    call,
    both.map((text) => text.dims),
  );
  const at = (text: Texts, position: readonly number[]): string => {
    const own = position.slice(position.length - text.dims.length);
    const clamped = own.map((index, axis) => (text.dims[axis] === 1 ? 0 : index));
    return text.data[indexOf(clamped, text.dims)] ?? "";
  };
  const data = Array.from({ length: countOf(dims) }, (_, index) => {
    const position = positionOf(index, dims);
    return both.map((text) => at(text, position)).join("");
  });
  return texts(dims, data);
};

/** With no delimiter, white space of any length is one, and what stands at the ends is no part. */
function partsOf(text: string, delimiter: string, most: number): string[] {
  const parts: string[] = [];
  let rest = delimiter === "" ? text.trimStart() : text;
  while (parts.length < most) {
    const found = delimiter === "" ? /\s+/.exec(rest) : null;
    const at = delimiter === "" ? (found?.index ?? -1) : rest.indexOf(delimiter);
    if (at < 0) break;
    parts.push(rest.slice(0, at));
    rest = rest.slice(at + (found?.[0].length ?? delimiter.length));
  }
  return delimiter === "" && rest.trim() === "" ? parts : [...parts, rest];
}

const split: InterpreterRule = (call) => {
  const x = textsAt(call, 0);
  const delimiter = stringOf(call.node, "delimiter", "");
  const most = intOf(call.node, "maxsplit", Number.POSITIVE_INFINITY);
  const parts = x.data.map((text) => partsOf(text, delimiter, most));
  const width = Math.max(0, ...parts.map((own) => own.length));
  const padded = parts.flatMap((own) => Array.from({ length: width }, (_, at) => own[at] ?? ""));
  return [
    texts([...x.dims, width], padded),
    numbers(
      "int64",
      x.dims,
      parts.map((own) => own.length),
    ),
  ];
};

const CASES: Readonly<Record<string, (text: string) => string>> = {
  LOWER: (text) => text.toLowerCase(),
  UPPER: (text) => text.toUpperCase(),
  NONE: (text) => text,
};

const normalise: InterpreterRule = (call) => {
  const x = textsAt(call, 0);
  const isSensitive = intOf(call.node, "is_case_sensitive", 0) === 1;
  const key = (text: string): string => (isSensitive ? text : text.toLowerCase());
  const stops = new Set((attributeOf(call.node, "stopwords", "strings") ?? []).map(key));
  const change = CASES[stringOf(call.node, "case_change_action", "NONE")] ?? String;
  const kept = x.data.filter((text) => !stops.has(key(text))).map(change);
  const data = kept.length === 0 ? [""] : kept;
  return texts([...x.dims.slice(0, -1), data.length], data);
};

const fullMatch: InterpreterRule = (call) => {
  const x = textsAt(call, 0);
  const pattern = stringOf(call.node, "pattern", "");
  const expression = expressionOf(pattern);
  return filled("bool", x.dims, (index) => (expression.test(x.data[index] ?? "") ? 1 : 0));
};

/** A pattern of RE2 as far as JavaScript has the same syntax. */
function expressionOf(pattern: string): RegExp {
  try {
    return new RegExp(`^(?:${pattern})$`, "u");
  } catch {
    throw new OnnxFault("unsupported", `JavaScript cannot read the pattern ${pattern}`);
  }
}

/** Counts of n-grams whose elements stand 1, 2 … `max_skip_count + 1` apart. */
const tfIdf: InterpreterRule = (call) => {
  const { node } = call;
  const value: Value = call.value(0);
  if (!isElements(value)) throw call.fault(`input 0 is a ${value.type}`);
  const indexes = intsOf(node, "ngram_indexes") ?? [];
  const width = Math.max(-1, ...indexes) + 1;
  const weights = attributeOf(node, "weights", "floats");
  const mode = stringOf(node, "mode", "TF");
  const pool = poolOf(call);
  const length = value.dims.at(-1) ?? 0;
  const rows = countOf(value.dims.slice(0, -1));
  const result = filled("float32", [...value.dims.slice(0, -1), width], () => 0);
  for (let row = 0; row < rows; row += 1) {
    const words = Array.from<unknown>(value.data.slice(row * length, (row + 1) * length));
    for (const gram of gramsOf(call, words)) {
      const found = pool.get(JSON.stringify(gram));
      if (found === undefined) continue;
      const at = row * width + (indexes[found] ?? 0);
      const weight = mode === "TF" ? 1 : (weights?.[found] ?? 1);
      result.data[at] = mode === "IDF" ? weight : (result.data[at] ?? 0) + weight;
    }
  }
  return result;
};

/** The n-grams of the pool and which each is; `ngram_counts` says where those of each n begin. */
function poolOf({ node }: InterpreterCall): Map<string, number> {
  const words = attributeOf(node, "pool_strings", "strings") ?? intsOf(node, "pool_int64s") ?? [];
  const starts = intsOf(node, "ngram_counts") ?? [];
  const pool = new Map<string, number>();
  for (const [index, start] of starts.entries()) {
    const size = index + 1;
    for (let at = start; at + size <= (starts[index + 1] ?? words.length); at += size)
      pool.set(JSON.stringify(words.slice(at, at + size)), pool.size);
  }
  return pool;
}

function gramsOf({ node }: InterpreterCall, words: readonly unknown[]): unknown[][] {
  const grams: unknown[][] = [];
  const skips = intOf(node, "max_skip_count", 0);
  for (
    let size = intOf(node, "min_gram_length", 1);
    size <= intOf(node, "max_gram_length", 1);
    size += 1
  )
    // A single word skips nothing: it is one n-gram, whatever may be skipped.
    for (let stride = 1; stride <= (size === 1 ? 1 : skips + 1); stride += 1)
      for (let start = 0; start + (size - 1) * stride < words.length; start += 1)
        grams.push(Array.from({ length: size }, (_, at) => words[start + at * stride]));
  return grams;
}

export const TEXT: Record<string, InterpreterRule> = {
  StringConcat: concat,
  StringSplit: split,
  StringNormalizer: normalise,
  RegexFullMatch: fullMatch,
  TfIdfVectorizer: tfIdf,
};
