/**
 * Pairs of one of these nodes and a neighbour of it, node by node and always in the same order;
 * `most` pairs at most. Which neighbours, those upstream or those downstream, makes the direction
 * of a search.
 */
export type Neighbours<Id> = (nodes: readonly Id[], most: number) => Iterable<Link<Id>>;
export type Link<Id> = readonly [node: Id, neighbour: Id];

/** What a search may spend. A clock that stands still while code runs is no bound: nodes and edges are. */
export type Budget = {
  /** Steps away from where it starts. */
  depth: number;
  /** Nodes that it meets, its starts included. */
  nodes: number;
  /** Edges that it reads. */
  edges: number;
  /** Asked before each step. */
  isLate?: () => boolean;
};

/** For a graph that lies in memory and is known to be small enough. */
export const EVERYTHING: Budget = { depth: Infinity, nodes: Infinity, edges: Infinity };

/** What has kept a search from meeting everything. */
export type Stop = "depth" | "nodes" | "edges" | "time";

export type Met<Id> = { depth: number; via: Id | null };

export type Reached<Id> = {
  /** Nearest first, with where each was met from: a shortest way. */
  met: ReadonlyMap<Id, Met<Id>>;
  /** All links between nodes that were met, unless the edges or the time were used up. */
  links: readonly Link<Id>[];
  stopped: Stop | null;
};

/** Breadth first from the starts, one question for each step. */
export function reach<Id>(
  starts: Iterable<Id>,
  neighbours: Neighbours<Id>,
  budget: Budget,
): Reached<Id> {
  const met = new Map<Id, Met<Id>>();
  for (const id of starts) met.set(id, { depth: 0, via: null });
  const links: Link<Id>[] = [];
  let stopped: Stop | null = null;
  let left = budget.edges;
  let level = [...met.keys()];
  for (let depth = 1; level.length > 0; depth++) {
    if (budget.isLate?.() === true) return { met, links, stopped: "time" };
    const next: Id[] = [];
    // One more than there may be tells whether there are more.
    for (const link of neighbours(level, left + 1)) {
      if (left-- <= 0) return { met, links, stopped: "edges" };
      const [from, to] = link;
      const isNew = !met.has(to);
      // Beyond a bound the search only looks for links between what was met.
      if (isNew && depth > budget.depth) stopped ??= "depth";
      else if (isNew && met.size >= budget.nodes) stopped ??= "nodes";
      else links.push(link);
      if (!isNew || stopped !== null) continue;
      met.set(to, { depth, via: from });
      next.push(to);
    }
    level = next;
  }
  return { met, links, stopped };
}

/** The shortest way from a start of the search to a node that it has met, both included. */
export function wayTo<Id>({ met }: Pick<Reached<Id>, "met">, id: Id): Id[] {
  const way: Id[] = [];
  for (let at: Id | null = id; at !== null; at = met.get(at)?.via ?? null) way.push(at);
  return way.toReversed();
}

/** The neighbours of each node that has some. */
export function byNode<Id>(links: Iterable<Link<Id>>): Map<Id, Id[]> {
  const lists = new Map<Id, Id[]>();
  for (const [node, neighbour] of links) {
    const list = lists.get(node);
    if (list) list.push(neighbour);
    else lists.set(node, [neighbour]);
  }
  return lists;
}

/** A graph in memory as a search reads it. */
export const neighboursIn =
  <Id>(lists: ReadonlyMap<Id, readonly Id[]>): Neighbours<Id> =>
  (nodes, most) => {
    const links: Link<Id>[] = [];
    for (const node of nodes)
      for (const neighbour of lists.get(node) ?? []) {
        if (links.length >= most) return links;
        links.push([node, neighbour]);
      }
    return links;
  };
