/**
 * Runs of `least` to `most` tokens side by side as one text each. Words are joined by a space,
 * characters (`joiner` "") by nothing.
 */
export function* termsOf(
  tokens: readonly string[],
  [least, most]: readonly [number, number],
  joiner: string,
): Generator<string> {
  for (let size = least; size <= most; size += 1)
    for (let from = 0; from + size <= tokens.length; from += 1)
      yield size === 1 ? (tokens[from] ?? "") : tokens.slice(from, from + size).join(joiner);
}
