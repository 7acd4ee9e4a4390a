import { murmur3X86Hash32 } from "../../experiments/foreign/murmur3-x86-32.ts";
import { utf8Encode } from "../../text/utf8.ts";
import type { BagRule, Norm } from "../pipeline.ts";

/** Adds a text's terms to a row, which is all zeros before; `row` has `columns` places. */
export type Bag = {
  readonly columns: number;
  readonly fill: (terms: Iterable<string>, row: Float64Array) => void;
};

/** What a term adds, and to which column; no column for a term that has none. */
type Place = { column: number; sign: 1 | -1 };

/** Counts terms as scikit-learn's vectorisers do: by hash (Weinberger et al. 2009) or vocabulary. */
export function bagOfTerms(rule: BagRule): Bag {
  const placeOf = rule.by === "hashing" ? byHash(rule) : byVocabulary(rule.vocabulary);
  const columns = rule.by === "hashing" ? rule.n_features : rule.vocabulary.length;
  return {
    columns,
    fill(terms, row) {
      const touched = new Set<number>();
      for (const term of terms) {
        const place = placeOf(term);
        if (place === undefined) continue;
        touched.add(place.column);
        row[place.column] = (row[place.column] ?? 0) + place.sign;
      }
      // Terms that cancelled each other out were there all the same.
      if (rule.binary) for (const column of touched) row[column] = 1;
      if (rule.by === "tfidf")
        for (const column of touched) {
          const count = row[column] ?? 0;
          const weight = rule.sublinear_tf ? 1 + Math.log(count) : count;
          row[column] = weight * (rule.idf[column] ?? 0);
        }
      scale(row, touched, rule.norm);
    },
  };
}

function byVocabulary(vocabulary: readonly string[]): (term: string) => Place | undefined {
  const places = new Map(vocabulary.map((term, column) => [term, { column, sign: 1 } as const]));
  return (term) => places.get(term);
}

const byHash =
  ({ n_features, alternate_sign }: Extract<BagRule, { by: "hashing" }>) =>
  (term: string): Place => {
    const hash = murmur3X86Hash32(utf8Encode(term), 0) | 0;
    return { column: Math.abs(hash) % n_features, sign: alternate_sign && hash < 0 ? -1 : 1 };
  };

function scale(row: Float64Array, touched: Iterable<number>, norm: Norm): void {
  if (norm === "none") return;
  let sum = 0;
  for (const column of touched) {
    const value = row[column] ?? 0;
    sum += norm === "l1" ? Math.abs(value) : value * value;
  }
  const length = norm === "l1" ? sum : Math.sqrt(sum);
  if (length === 0) return;
  for (const column of touched) row[column] = (row[column] ?? 0) / length;
}
