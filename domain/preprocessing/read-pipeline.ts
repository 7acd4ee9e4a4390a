import {
  booleanOf,
  distinctTextsOf,
  integerOf,
  type JsonField,
  listOf,
  membersOf,
  numberOf,
  oneOf,
  orElse,
  refused,
  textOf,
} from "../models/json-field.ts";
import type { Norm, Pipeline, TextPipeline, TokenRule, VectorRule } from "./pipeline.ts";
import { readImagePipeline } from "./read-image-pipeline.ts";

/** The most columns that a bag of terms may have; a request's rows are bounded beside. */
const MOST_COLUMNS = 2 ** 20;
const LONGEST_ROW = 65_536;
const LONGEST_NGRAM = 10;

const TEXT_MEMBERS = [
  "version",
  "kind",
  "input",
  "unicode",
  "lowercase",
  "strip_accents",
  "tokens",
  "ngrams",
  "vector",
] as const;

const vocabularyOf = distinctTextsOf(1, MOST_COLUMNS);
const normOf = (field: JsonField, absent: Norm): Norm =>
  orElse(field, oneOf(["l1", "l2", "none"]), absent);
const flagOf = (field: JsonField, absent = false): boolean => orElse(field, booleanOf, absent);
const maybeText = (field: JsonField): string | null => orElse(field, textOf, null);

/** A pipeline as somebody wrote it. Throws `OnnxFault` (invalid), which names the field. */
export function readPipeline(field: JsonField): Pipeline {
  const { kind } = Object(field.value) as { kind?: unknown };
  return kind === "image" ? readImagePipeline(field) : readTextPipeline(field);
}

function readTextPipeline(field: JsonField): TextPipeline {
  const given = membersOf(field, TEXT_MEMBERS);
  oneOf(["text", "image"])(given.kind);
  const tokens = readTokens(given.tokens);
  return {
    version: oneOf([1] as const)(given.version),
    kind: "text",
    input: textOf(given.input),
    unicode: orElse(given.unicode, oneOf(["NFC", "NFD", "NFKC", "NFKD"]), null),
    lowercase: flagOf(given.lowercase, true),
    strip_accents: orElse(given.strip_accents, oneOf(["nfkd", "nfd"]), null),
    tokens,
    ...readTerms(given.ngrams, given.vector, tokens),
  };
}

/** The kind of an object with a member `by`, which says what its other members are. */
const kindOf = <Kind extends string>(field: JsonField, kinds: readonly Kind[]): Kind => {
  const by = typeof field.value === "object" && field.value !== null && "by" in field.value;
  if (!by) throw refused(field, `an object with "by", one of ${kinds.join(", ")}`);
  return oneOf(kinds)({ value: Reflect.get(Object(field.value), "by"), path: `${field.path}.by` });
};

function readTokens(field: JsonField): TokenRule {
  const by = kindOf(field, ["words", "whitespace", "characters", "wordpiece"]);
  if (by !== "wordpiece") {
    membersOf(field, ["by"]);
    return { by };
  }
  const given = membersOf(field, ["by", "vocabulary", "unknown", "most_characters"]);
  const vocabulary = vocabularyOf(given.vocabulary);
  const unknown = orElse(given.unknown, textOf, "[UNK]");
  requireKnown({ ...given.unknown, value: unknown }, vocabulary);
  const most_characters = orElse(given.most_characters, integerOf(1, 1_000), 100);
  return { by, vocabulary, unknown, most_characters };
}

function readTerms(
  ngramsField: JsonField,
  vectorField: JsonField,
  tokens: TokenRule,
): Pick<TextPipeline, "ngrams" | "vector"> {
  const vector = readVector(vectorField, tokens);
  const sizes = orElse(ngramsField, listOf(integerOf(1, LONGEST_NGRAM), 2, 2), [1, 1]);
  const [least = 1, most = 1] = sizes;
  if (least > most) throw refused(ngramsField, "the smaller number first");
  if (vector.by === "ids" && most > 1)
    throw refused(ngramsField, `[1, 1], or a vector other than "ids", which takes single tokens`);
  return { ngrams: [least, most], vector };
}

function readVector(field: JsonField, tokens: TokenRule): VectorRule {
  const by = kindOf(field, ["hashing", "counts", "tfidf", "ids"]);
  switch (by) {
    case "hashing": {
      const given = membersOf(field, ["by", "n_features", "alternate_sign", "binary", "norm"]);
      return {
        by,
        n_features: integerOf(1, MOST_COLUMNS)(given.n_features),
        alternate_sign: flagOf(given.alternate_sign, true),
        binary: flagOf(given.binary),
        norm: normOf(given.norm, "l2"),
      };
    }
    case "counts": {
      const given = membersOf(field, ["by", "vocabulary", "binary", "norm"]);
      const vocabulary = vocabularyOf(given.vocabulary);
      return { by, vocabulary, binary: flagOf(given.binary), norm: normOf(given.norm, "none") };
    }
    case "tfidf": {
      const given = membersOf(field, ["by", "vocabulary", "idf", "sublinear_tf", "binary", "norm"]);
      const vocabulary = vocabularyOf(given.vocabulary);
      const { length } = vocabulary;
      return {
        by,
        vocabulary,
        idf: listOf(numberOf, length, length)(given.idf),
        sublinear_tf: flagOf(given.sublinear_tf),
        binary: flagOf(given.binary),
        norm: normOf(given.norm, "l2"),
      };
    }
    case "ids":
      return readIds(field, tokens);
  }
}

const IDS_MEMBERS = [
  "by",
  "vocabulary",
  "unknown",
  "max_length",
  "first",
  "last",
  "pad",
  "padding",
  "attention_mask",
  "token_type_ids",
] as const;

function readIds(field: JsonField, tokens: TokenRule): VectorRule {
  const given = membersOf(field, IDS_MEMBERS);
  const pieces = tokens.by === "wordpiece" ? tokens.vocabulary : null;
  const own = orElse(given.vocabulary, vocabularyOf, null);
  if (own !== null && pieces !== null)
    throw refused(given.vocabulary, "nothing: the ids are places in the vocabulary of 'tokens'");
  const vocabulary = own ?? pieces;
  if (vocabulary === null) throw refused(given.vocabulary, "the list of tokens, in their order");
  for (const name of ["unknown", "first", "last", "pad"] as const)
    orElse(given[name], (token) => requireKnown(token, vocabulary), null);
  const first = maybeText(given.first);
  const last = maybeText(given.last);
  const specials = Number(first !== null) + Number(last !== null);
  return {
    by: "ids",
    vocabulary: own,
    unknown: maybeText(given.unknown),
    max_length: integerOf(1 + specials, LONGEST_ROW)(given.max_length),
    first,
    last,
    pad: textOf(given.pad),
    padding: orElse(given.padding, oneOf(["max_length", "longest"]), "max_length"),
    attention_mask: maybeText(given.attention_mask),
    token_type_ids: maybeText(given.token_type_ids),
  };
}

function requireKnown(field: JsonField, vocabulary: readonly string[]): void {
  if (!vocabulary.includes(textOf(field))) throw refused(field, "a token of the vocabulary");
}
