import type { Trees } from "./tree-model.ts";

/**
 * Who is asked on the way to each node. A column belongs to a player, or to nobody (-1): then the
 * instance's own value is always taken.
 */
export type Players = {
  readonly count: number;
  /** By branch: the player of its column. */
  readonly of: Int32Array;
  /** By branch: the place of its player among the distinct ones on the way, the first asked being 0. */
  readonly slot: Int32Array;
  /** By branch: 1 where its player was asked before on the way. */
  readonly again: Uint8Array;
  /** By node: how many distinct players were asked before it. */
  readonly distinct: Int32Array;
  /** By tree: the most distinct players on the way to a leaf. */
  readonly most: Int32Array;
};

/** `owners` has the player of each column. */
export function playersOf(trees: Trees, owners: Int32Array, count: number): Players {
  const of = new Int32Array(trees.nodes).fill(-1);
  const slot = new Int32Array(trees.nodes).fill(-1);
  const again = new Uint8Array(trees.nodes);
  const distinct = new Int32Array(trees.nodes);
  const most = new Int32Array(trees.roots.length - 1);
  const slotOf = new Int32Array(count).fill(-1);

  function visit(node: number, asked: number, tree: number): void {
    distinct[node] = asked;
    const column = trees.column[node] ?? -1;
    if (column < 0) {
      most[tree] = Math.max(most[tree] ?? 0, asked);
      return;
    }
    const player = owners[column] ?? -1;
    of[node] = player;
    const known = slotOf[player] ?? -1;
    const isNew = player >= 0 && known < 0;
    again[node] = known >= 0 ? 1 : 0;
    slot[node] = isNew ? asked : known;
    if (isNew) slotOf[player] = asked;
    visit(node + 1, asked + (isNew ? 1 : 0), tree);
    visit(trees.no[node] ?? 0, asked + (isNew ? 1 : 0), tree);
    if (isNew) slotOf[player] = -1;
  }
  for (let tree = 0; tree < most.length; tree += 1) visit(trees.roots[tree] ?? 0, 0, tree);
  return { count, of, slot, again, distinct, most };
}
