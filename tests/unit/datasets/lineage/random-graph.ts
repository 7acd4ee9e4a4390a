import { seededRandom } from "../../../../domain/statistics/random.ts";
import { byNode, type Link } from "../../../../domain/lineage/reach.ts";

export type Graph = {
  nodes: number[];
  links: Link<number>[];
  down: Map<number, number[]>;
  up: Map<number, number[]>;
};

/** Each pair is joined with this probability, from the lesser to the greater: no cycles. */
export function randomDag(seed: string, size: number, density: number): Graph {
  const random = seededRandom(seed);
  const nodes = Array.from({ length: size }, (_, at) => at);
  const links: Link<number>[] = [];
  for (const from of nodes)
    for (const to of nodes) if (from < to && random.uniform() < density) links.push([from, to]);
  return graphOf(nodes, links);
}

export const graphOf = (nodes: number[], links: Link<number>[]): Graph => ({
  nodes,
  links,
  down: byNode(links),
  up: byNode(links.map(([from, to]) => [to, from] as const)),
});

/** Shortest distances between all pairs, by Floyd and Warshall: nothing of the code under test. */
export function distances({ nodes, links }: Graph): number[][] {
  const found = nodes.map((from) => nodes.map((to) => (from === to ? 0 : Infinity)));
  const at = (from: number, to: number) => found[from]?.[to] ?? Infinity;
  const set = (from: number, to: number, value: number) => {
    const row = found[from];
    if (row) row[to] = value;
  };
  for (const [from, to] of links) if (from !== to) set(from, to, 1);
  for (const via of nodes)
    for (const from of nodes)
      for (const to of nodes) set(from, to, Math.min(at(from, to), at(from, via) + at(via, to)));
  return found;
}
