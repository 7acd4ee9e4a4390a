import type { Players } from "./players.ts";
import { needWeights } from "./shapley-weights.ts";
import type { Trees } from "./tree-model.ts";

/** Adds the contributions of an instance, whose decisions are given, to `values`. */
export type PatternTables = (decisions: Uint8Array, values: Float64Array) => void;

/** What the background does in all trees: the decisions of each row, one after another. */
export type Decided = {
  readonly decisions: Uint8Array;
  readonly count: number;
  readonly weights: Float64Array;
};

/** Leaves with more players have tables that are too large (2^players each). */
const MOST_PLAYERS = 10;
/** Numbers in all tables: 64 MiB of float64. */
const MOST_NUMBERS = 2 ** 23;

/** Trees that can have tables, as long as there is room, and the numbers that these take. */
export function treesWithTables(
  trees: Trees,
  players: Players,
): { tabled: number[]; others: number[] } {
  const [tabled, others]: number[][] = [[], []];
  let room = MOST_NUMBERS;
  for (const [tree, most] of players.most.entries()) {
    let size = most > MOST_PLAYERS ? Infinity : 0;
    const end = trees.roots[tree + 1] ?? 0;
    for (let node = trees.roots[tree] ?? 0; size < Infinity && node < end; node += 1)
      if (trees.no[node] === 0) size += sizeOf(players.distinct[node] ?? 0);
    (size <= room ? tabled : others)?.push(tree);
    if (size <= room) room -= size;
  }
  return { tabled: tabled ?? [], others: others ?? [] };
}

const sizeOf = (distinct: number): number => 2 ** distinct * distinct;

/**
 * Interventional SHAP values in a time that does not depend on the background, by tables that are
 * made of it once. On the way to a leaf, a row's pattern says for each player asked there whether
 * the row goes the way to the leaf as far as that player is concerned. A row x and a background
 * row r share a leaf's weight only where every player has x or r on the way: those who have only x
 * are needed, those who have only r must stay out, and the Shapley value of such a game is known
 * (Lundberg et al. 2020; Laberge & Pequignot 2022). So a leaf's contributions depend on x by its
 * pattern alone, and the sum over the background is a table over patterns (the idea of WOODELF,
 * Nadel & Wettenstein 2025).
 */
export function patternTables(
  trees: Trees,
  players: Players,
  tabled: readonly number[],
  { values, background }: { values: Float64Array; background: Decided },
): PatternTables {
  const layout = layOut(trees, players, tabled);
  const patterns = new Int32Array(trees.nodes);
  const counts = new Float64Array(layout.patterns);
  for (let row = 0; row < background.count; row += 1) {
    const from = row * trees.nodes;
    const decisions = background.decisions.subarray(from, from + trees.nodes);
    walk(trees, players, tabled, { decisions, isInstance: false }, patterns);
    const weight = background.weights[row] ?? 0;
    for (const [at, leaf] of layout.leaves.entries()) {
      const slot = (layout.countsFrom[at] ?? 0) + (patterns[leaf] ?? 0);
      counts[slot] = (counts[slot] ?? 0) + weight;
    }
  }
  const table = fillTables(layout, { values, counts });
  return (decisions, found) => {
    walk(trees, players, tabled, { decisions, isInstance: true }, patterns);
    const { leaves, tablesFrom, listsFrom, lists } = layout;
    for (let at = 0; at < leaves.length; at += 1) {
      const pattern = patterns[leaves[at] ?? 0] ?? -1;
      if (pattern < 0) continue;
      let from = listsFrom[at] ?? 0;
      const end = listsFrom[at + 1] ?? 0;
      let number = (tablesFrom[at] ?? 0) + pattern * (end - from);
      for (; from < end; from += 1, number += 1) {
        const player = lists[from] ?? 0;
        found[player] = (found[player] ?? 0) + (table[number] ?? 0);
      }
    }
  };
}

/** Where the numbers of each leaf lie; the leaves are in the order of the nodes. */
type Layout = {
  readonly leaves: Int32Array;
  /** The players on the way to each leaf, in the order in which they are asked. */
  readonly lists: Int32Array;
  readonly listsFrom: Int32Array;
  readonly countsFrom: Int32Array;
  readonly tablesFrom: Int32Array;
  /** Patterns of all leaves, and numbers of all tables. */
  readonly patterns: number;
  readonly numbers: number;
};

function layOut(trees: Trees, players: Players, tabled: readonly number[]): Layout {
  const [leaves, lists, listsFrom, countsFrom, tablesFrom]: number[][] = [[], [], [], [], []];
  let [patterns, numbers] = [0, 0];
  const asked: number[] = [];
  const visit = (node: number): void => {
    const [slot = -1, distinct = 0] = [players.slot[node], players.distinct[node]];
    if (trees.no[node] !== 0) {
      if (slot >= 0) asked[slot] = players.of[node] ?? 0;
      visit(node + 1);
      if (slot >= 0) asked[slot] = players.of[node] ?? 0;
      visit(trees.no[node] ?? 0);
      return;
    }
    leaves?.push(node);
    listsFrom?.push(lists?.length ?? 0);
    countsFrom?.push(patterns);
    tablesFrom?.push(numbers);
    lists?.push(...asked.slice(0, distinct));
    patterns += 2 ** distinct;
    numbers += sizeOf(distinct);
  };
  for (const tree of tabled) visit(trees.roots[tree] ?? 0);
  return {
    leaves: Int32Array.from(leaves ?? []),
    lists: Int32Array.from(lists ?? []),
    listsFrom: Int32Array.from([...(listsFrom ?? []), lists?.length ?? 0]),
    countsFrom: Int32Array.from(countsFrom ?? []),
    tablesFrom: Int32Array.from(tablesFrom ?? []),
    patterns,
    numbers,
  };
}

/**
 * The pattern of a row at each node: a bit for each player asked on the way, by slot. Where nobody
 * owns the column, the instance has -1 on the way that it does not take, and a row of the
 * background goes both.
 */
function walk(
  { roots, no }: Trees,
  { slot, again }: Players,
  tabled: readonly number[],
  { decisions, isInstance }: { decisions: Uint8Array; isInstance: boolean },
  patterns: Int32Array,
): void {
  for (const tree of tabled) {
    const [root = 0, end = 0] = [roots[tree], roots[tree + 1]];
    patterns[root] = 0;
    for (let node = root; node < end; node += 1) {
      const other = no[node] ?? 0;
      if (other === 0) continue;
      const pattern = patterns[node] ?? 0;
      const place = slot[node] ?? -1;
      const holds = decisions[node] === 1;
      let yes = pattern;
      let not = pattern;
      if (place < 0) {
        if (isInstance && holds) not = -1;
        else if (isInstance) yes = -1;
      } else if (pattern >= 0) {
        const bit = 1 << place;
        if (again[node] === 0) {
          if (holds) yes |= bit;
          else not |= bit;
        } else if (holds) not &= ~bit;
        else yes &= ~bit;
      }
      patterns[node + 1] = yes;
      patterns[other] = not;
    }
  }
}

/** For each leaf and each pattern of an instance, the contribution of each player on the way. */
function fillTables(
  { leaves, listsFrom, countsFrom, tablesFrom, numbers }: Layout,
  { values, counts }: { values: Float64Array; counts: Float64Array },
): Float64Array {
  const table = new Float64Array(numbers);
  const side = MOST_PLAYERS + 1;
  const weights = needWeights(side);
  for (let leaf = 0; leaf < leaves.length; leaf += 1) {
    const size = (listsFrom[leaf + 1] ?? 0) - (listsFrom[leaf] ?? 0);
    const all = 2 ** size - 1;
    const value = values[leaves[leaf] ?? 0] ?? 0;
    for (let row = 0; row <= all; row += 1) {
      const share = value * (counts[(countsFrom[leaf] ?? 0) + row] ?? 0);
      if (share === 0) continue;
      // Who the row does not bring there is needed; of the others, those are needed not whom the instance has too.
      const needed = all & ~row;
      const a = bitsIn(needed);
      for (let shared = row; ; shared = (shared - 1) & row) {
        const unwanted = row & ~shared;
        const b = size - a - bitsIn(shared);
        const gain = share * (weights[a * side + b] ?? 0);
        const loss = share * (weights[b * side + a] ?? 0);
        const from = (tablesFrom[leaf] ?? 0) + (needed | shared) * size;
        for (let slot = 0; slot < size; slot += 1) {
          const bit = 1 << slot;
          if ((needed & bit) !== 0) table[from + slot] = (table[from + slot] ?? 0) + gain;
          else if ((unwanted & bit) !== 0) table[from + slot] = (table[from + slot] ?? 0) - loss;
        }
        if (shared === 0) break;
      }
    }
  }
  return table;
}

function bitsIn(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
