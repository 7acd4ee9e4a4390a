import type { Reached } from "./reach.ts";

export type CommonAncestor<Id> = { id: Id; distance_a: number; distance_b: number };

/**
 * What two nodes both come from, nearest first: by the two distances together, then by the longer
 * one, then in the order that `a` met them in. A node that the other was made from is one itself.
 */
export function commonAncestors<Id>(
  a: Pick<Reached<Id>, "met">,
  b: Pick<Reached<Id>, "met">,
): CommonAncestor<Id>[] {
  const shared: CommonAncestor<Id>[] = [];
  for (const [id, { depth }] of a.met) {
    const other = b.met.get(id);
    if (other) shared.push({ id, distance_a: depth, distance_b: other.depth });
  }
  const total = (one: CommonAncestor<Id>) => one.distance_a + one.distance_b;
  const longer = (one: CommonAncestor<Id>) => Math.max(one.distance_a, one.distance_b);
  return shared.sort((one, other) => total(one) - total(other) || longer(one) - longer(other));
}
