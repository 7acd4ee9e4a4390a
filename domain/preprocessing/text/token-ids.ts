import type { IdsRule } from "../pipeline.ts";

/** What a text's tokens are for a model that reads them one by one. */
export type TokenIds = (tokens: readonly string[]) => number[];

/** Ids of the tokens, between the special ones, cut to `max_length` and not yet padded. */
export function tokenIds(
  { unknown, max_length, first, last }: IdsRule,
  vocabulary: readonly string[],
): TokenIds {
  const places = new Map(vocabulary.map((token, id) => [token, id]));
  const listed = (token: string | null): number[] => {
    const id = token === null ? undefined : places.get(token);
    return id === undefined ? [] : [id];
  };
  const [head, tail, stranger] = [listed(first), listed(last), listed(unknown)];
  const room = max_length - head.length - tail.length;
  return (tokens) => {
    const inner: number[] = [];
    for (const token of tokens) {
      if (inner.length === room) break;
      const id = places.get(token) ?? stranger[0];
      if (id !== undefined) inner.push(id);
    }
    return [...head, ...inner, ...tail];
  };
}

/** Rows of equal length; `mask` is 1 where a token is and 0 where there is padding. */
export type PaddedRows = { width: number; ids: Float64Array; mask: Float64Array };

export function padded(
  rows: readonly (readonly number[])[],
  width: number,
  pad: number,
): PaddedRows {
  const ids = new Float64Array(rows.length * width).fill(pad);
  const mask = new Float64Array(rows.length * width);
  for (const [index, row] of rows.entries()) {
    ids.set(row, index * width);
    mask.fill(1, index * width, index * width + row.length);
  }
  return { width, ids, mask };
}
