import type { AttentionLayer } from "../explanation.ts";

export type Rollout = {
  tokens: number;
  /** tokens x tokens: how much of each token after the last layer comes from each position of the input; rows sum to 1. */
  matrix: Float64Array;
  /** The mean of its rows: the relevance of each position of the input to all tokens together. */
  relevance: Float64Array;
};

/**
 * Attention rollout (Abnar & Zuidema 2020): what each token is made of, were every layer half its
 * mean attention over the heads and half the token itself (the residual connection). Null where a
 * layer has other numbers of queries and keys than the first.
 */
export function rolloutOf(layers: readonly AttentionLayer[]): Rollout | null {
  const tokens = layers[0]?.keys ?? 0;
  if (layers.some(({ queries, keys }) => queries !== tokens || keys !== tokens)) return null;
  let matrix: Float64Array = new Float64Array(tokens * tokens);
  for (let token = 0; token < tokens; token += 1) matrix[token * tokens + token] = 1;
  for (const layer of layers) matrix = product(mixing(layer), matrix, tokens);
  const relevance = new Float64Array(tokens);
  for (const [at, share] of matrix.entries())
    relevance[at % tokens] = (relevance[at % tokens] ?? 0) + share / tokens;
  return { tokens, matrix, relevance };
}

/** What a layer mixes each token of; a row of weights that sums to less than 1 is brought to 1. */
function mixing({ heads, queries, keys, weights }: AttentionLayer): Float64Array {
  const mixed = new Float64Array(queries * keys);
  for (const [at, weight] of weights.entries()) {
    const place = at % mixed.length;
    mixed[place] = (mixed[place] ?? 0) + weight / heads;
  }
  for (let query = 0; query < queries; query += 1) {
    const row = mixed.subarray(query * keys, (query + 1) * keys);
    row[query] = (row[query] ?? 0) + 1;
    const sum = row.reduce((all, value) => all + value, 0);
    for (const [key, value] of row.entries()) row[key] = value / sum;
  }
  return mixed;
}

function product(a: Float64Array, b: Float64Array, size: number): Float64Array {
  const result = new Float64Array(size * size);
  for (let row = 0; row < size; row += 1)
    for (let inner = 0; inner < size; inner += 1) {
      const factor = a[row * size + inner] ?? 0;
      for (let column = 0; column < size; column += 1)
        result[row * size + column] =
          (result[row * size + column] ?? 0) + factor * (b[inner * size + column] ?? 0);
    }
  return result;
}
