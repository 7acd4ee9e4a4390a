import { fail, ok, type Result } from "../result.ts";
import { describeValue, type InputProblem } from "../tensors/input-problem.ts";
import type { BagRule, IdsRule, TextPipeline } from "./pipeline.ts";
import { MOST_VALUES, type Prepared, type Values } from "./prepared.ts";
import { bagOfTerms } from "./text/bag-of-terms.ts";
import { normaliseText } from "./text/normalise-text.ts";
import { padded, tokenIds } from "./text/token-ids.ts";
import { termsOf } from "./text/terms.ts";
import { tokeniser } from "./text/tokenise.ts";

type Tokens = (text: string) => string[];

/** The pipeline with its vocabulary looked up, for any number of runs. */
export function prepareText(pipeline: TextPipeline): Prepared {
  const { input, vector, tokens: rule } = pipeline;
  const split = tokeniser(rule);
  const tokens: Tokens = (text) => split(normaliseText(text, pipeline));
  const run =
    vector.by === "ids"
      ? idRows(
          vector,
          vector.vocabulary ?? (rule.by === "wordpiece" ? rule.vocabulary : []),
          tokens,
        )
      : bagRows(vector, pipeline, tokens);
  return (values) => {
    const odd = values.findIndex((value) => typeof value !== "string");
    return odd < 0
      ? run(values as readonly string[], input)
      : fail({
          code: "input_type",
          input,
          expected: "a text",
          found: describeValue(values[odd]),
          path: `[${odd}]`,
        });
  };
}

type TextRows = (
  texts: readonly string[],
  input: string,
) => Result<Map<string, Values>, InputProblem>;

function bagRows(
  vector: BagRule,
  { ngrams, tokens: rule }: TextPipeline,
  tokens: Tokens,
): TextRows {
  const bag = bagOfTerms(vector);
  const joiner = rule.by === "characters" ? "" : " ";
  return (texts, input) => {
    const { columns } = bag;
    if (texts.length * columns > MOST_VALUES) return fail(tooMany(input, texts.length, columns));
    const values = new Float64Array(texts.length * columns);
    for (const [row, text] of texts.entries())
      bag.fill(
        termsOf(tokens(text), ngrams, joiner),
        values.subarray(row * columns, (row + 1) * columns),
      );
    return ok(new Map([[input, { dims: [texts.length, columns], values }]]));
  };
}

function idRows(vector: IdsRule, vocabulary: readonly string[], tokens: Tokens): TextRows {
  const toIds = tokenIds(vector, vocabulary);
  const pad = vocabulary.indexOf(vector.pad);
  return (texts, input) => {
    const rows = texts.map((text) => toIds(tokens(text)));
    const longest = rows.reduce((most, { length }) => Math.max(most, length), 1);
    const width = vector.padding === "longest" ? longest : vector.max_length;
    if (rows.length * width > MOST_VALUES) return fail(tooMany(input, rows.length, width));
    const { ids, mask } = padded(rows, width, pad);
    const dims = [rows.length, width];
    const filled = new Map([[input, { dims, values: ids }]]);
    if (vector.attention_mask !== null) filled.set(vector.attention_mask, { dims, values: mask });
    if (vector.token_type_ids !== null)
      filled.set(vector.token_type_ids, { dims, values: new Float64Array(ids.length) });
    return ok(filled);
  };
}

const tooMany = (input: string, rows: number, columns: number): InputProblem => ({
  code: "input_shape",
  input,
  expected: `at most ${Math.floor(MOST_VALUES / columns)} texts at once, for ${columns} columns`,
  found: `${rows} texts`,
});
