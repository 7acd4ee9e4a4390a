import { fail, ok, type Result } from "../result.ts";
import type { LineageNode } from "./lineage-node.ts";

/**
 * A node and all that it was made from, each behind what it was itself made from: the order to do
 * it all again in. Nodes that do not depend on each other stand in the order of the lists. Fails
 * with the cycle where there is one, which begins and ends at one node.
 */
export function chainTo<Id>(
  target: Id,
  sources: ReadonlyMap<Id, readonly Id[]>,
): Result<Id[], Id[]> {
  const done = new Set<Id>();
  const path = [{ id: target, next: 0 }];
  const onPath = new Set([target]);
  for (let at = path.at(-1); at !== undefined; at = path.at(-1)) {
    const source = sources.get(at.id)?.[at.next++];
    if (source === undefined) {
      done.add(at.id);
      onPath.delete(at.id);
      path.pop();
    } else if (onPath.has(source)) {
      const ids = path.map(({ id }) => id);
      return fail([...ids.slice(ids.indexOf(source)), source].toReversed());
    } else if (!done.has(source)) {
      path.push({ id: source, next: 0 });
      onPath.add(source);
    }
  }
  return ok([...done]);
}

/** Nodes in the order of their times, as far as there are any. */
export const inTime = (nodes: readonly LineageNode[]): LineageNode[] =>
  nodes.toSorted((a, b) => a.created_at - b.created_at || (a.node_id < b.node_id ? -1 : 1));
