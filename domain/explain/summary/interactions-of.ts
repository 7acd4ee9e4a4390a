import type { Interval } from "../../statistics/difference-interval.ts";
import { normalQuantile } from "../../statistics/normal.ts";
import { ExplainFault } from "../explain-fault.ts";
import { columnOf, ranksOf, standardised } from "./column-statistics.ts";
import type { ExplanationTable } from "./explanation-table.ts";

const CORRELATIONS = ["pearson", "spearman"] as const;
export type Correlation = (typeof CORRELATIONS)[number];

export type PairStrength = {
  features: [string, string];
  strength: number;
  /** 95 %, for this pair alone; null where the measure has none, or below 4 rows. */
  interval: Interval | null;
};

export type InteractionStrengths = {
  /** players x players, symmetric. */
  strengths: Float64Array;
  /** The strongest first. */
  pairs: PairStrength[];
};

/** How many pairs are listed. */
const MOST_PAIRS = 20;

/**
 * Which features have contributions that vary together: their correlation over the rows, from -1 to
 * 1, 1 on the diagonal and 0 for a feature whose contribution does not vary. It says that two
 * features matter together, be it since the features themselves are correlated. Intervals are
 * Fisher's (1921), for ranks with the variance of Bonett & Wright (2000).
 */
export function correlatedContributions(
  table: ExplanationTable,
  correlation: Correlation = "pearson",
): InteractionStrengths {
  const width = table.players.length;
  const columns = table.players.map((_, player) => {
    const column = columnOf(table.values, width, player);
    return standardised(correlation === "spearman" ? ranksOf(column) : column);
  });
  const strengths = new Float64Array(width * width);
  for (const [a, first] of columns.entries())
    for (let b = a; b < width; b += 1) {
      const found = a === b ? 1 : product(first, columns[b] ?? first);
      strengths[a * width + b] = found;
      strengths[b * width + a] = found;
    }
  const interval = (r: number): Interval | null => correlationInterval(r, table.rows, correlation);
  return { strengths, pairs: strongest(table, strengths, interval) };
}

/**
 * The mean |interaction value| of each pair over the rows, in units of the score, with the mean
 * |main effect| on the diagonal. Throws `ExplainFault` (option_invalid) for explanations that carry
 * no interaction values.
 */
export function meanInteractions(table: ExplanationTable): InteractionStrengths {
  const { interactions, rows } = table;
  if (interactions === null)
    throw new ExplainFault(
      "option_invalid",
      "not all of the explanations carry interaction values: ask for them when explaining",
      "include_interactions",
    );
  const strengths = new Float64Array(table.players.length ** 2);
  for (const [at, value] of interactions.entries()) {
    const pair = at % strengths.length;
    strengths[pair] = (strengths[pair] ?? 0) + Math.abs(value) / rows;
  }
  return { strengths, pairs: strongest(table, strengths, () => null) };
}

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let at = 0; at < a.length; at += 1) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return Math.max(-1, Math.min(1, sum));
}

/** The strongest pairs of two features, whatever their sign. */
function strongest(
  { players }: ExplanationTable,
  strengths: Float64Array,
  interval: (strength: number) => Interval | null,
): PairStrength[] {
  const pairs: { a: number; b: number; strength: number }[] = [];
  for (let a = 0; a < players.length; a += 1)
    for (let b = a + 1; b < players.length; b += 1)
      pairs.push({ a, b, strength: strengths[a * players.length + b] ?? 0 });
  return pairs
    .sort((one, other) => Math.abs(other.strength) - Math.abs(one.strength))
    .slice(0, MOST_PAIRS)
    .map(({ a, b, strength }) => ({
      features: [players[a] ?? "", players[b] ?? ""],
      strength,
      interval: interval(strength),
    }));
}

function correlationInterval(r: number, rows: number, correlation: Correlation): Interval | null {
  if (rows < 4) return null;
  if (Math.abs(r) === 1) return [r, r];
  const variance = (correlation === "spearman" ? 1 + (r * r) / 2 : 1) / (rows - 3);
  const half = normalQuantile(0.975) * Math.sqrt(variance);
  return [Math.tanh(Math.atanh(r) - half), Math.tanh(Math.atanh(r) + half)];
}
