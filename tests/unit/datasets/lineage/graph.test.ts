import { describe, expect, it } from "vitest";
import { chainTo } from "../../../../domain/lineage/chain.ts";
import { commonAncestors } from "../../../../domain/lineage/common-ancestors.ts";
import { closedCycle, cyclesIn, strongComponents } from "../../../../domain/lineage/cycles.ts";
import {
  type Budget,
  byNode,
  EVERYTHING,
  type Link,
  type Neighbours,
  neighboursIn,
  reach,
  wayTo,
} from "../../../../domain/lineage/reach.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { distances, type Graph, graphOf, randomDag } from "./random-graph.ts";

const SEEDS = Array.from({ length: 20 }, (_, at) => `lineage ${at}`);
const dagOf = (seed: string): Graph => {
  const random = seededRandom(`${seed} size`);
  return randomDag(seed, 2 + random.integer(24), 0.02 + random.uniform() * 0.3);
};
const down = ({ down }: Graph) => neighboursIn(down);
const up = ({ up }: Graph) => neighboursIn(up);
const joined = (graph: Graph, from: number, to: number) =>
  graph.links.some(([one, other]) => one === from && other === to);

describe("what a search reaches", () => {
  it.each(SEEDS)("is what brute force reaches, by shortest ways (%s)", (seed) => {
    const graph = dagOf(seed);
    const all = distances(graph);
    for (const start of graph.nodes) {
      const reached = reach([start], down(graph), EVERYTHING);
      const expected = graph.nodes.filter((to) => Number.isFinite(all[start]?.[to]));
      expect([...reached.met.keys()].sort((a, b) => a - b)).toEqual(expected);
      for (const [id, { depth }] of reached.met) {
        expect(depth).toBe(all[start]?.[id]);
        const way = wayTo(reached, id);
        expect([way[0], way.at(-1), way.length]).toEqual([start, id, depth + 1]);
        for (const [at, to] of way.slice(1).entries())
          expect(joined(graph, Number(way[at]), to), way.join(" ")).toBe(true);
      }
      const inside = new Set(expected);
      const among = graph.links.filter(([from, to]) => inside.has(from) && inside.has(to));
      expect([...reached.links].sort()).toEqual([...among].sort());
      expect(reached.stopped).toBeNull();
    }
  });

  it.each(SEEDS)(
    "is within its depth, with all links among it, and says what is beyond (%s)",
    (seed) => {
      const graph = dagOf(seed);
      const all = distances(graph);
      for (const depth of [1, 2, 3])
        for (const start of graph.nodes) {
          const { met, links, stopped } = reach([start], up(graph), { ...EVERYTHING, depth });
          const far = (id: number) => all[id]?.[start] ?? Infinity;
          const near = graph.nodes.filter((id) => far(id) <= depth);
          expect([...met.keys()].sort((a, b) => a - b)).toEqual(near);
          const among = graph.links.filter(([from, to]) => met.has(from) && met.has(to));
          expect(links.map(([to, from]) => [from, to]).sort()).toEqual([...among].sort());
          const isAll = !graph.nodes.some((id) => far(id) > depth && Number.isFinite(far(id)));
          expect(stopped).toBe(isAll ? null : "depth");
        }
    },
  );

  it("is no more nodes than it may be, the nearest, and the same as the beginning of more", () => {
    const graph = randomDag("many", 60, 0.1);
    const all = [...reach([0], down(graph), EVERYTHING).met.keys()];
    for (let nodes = 1; nodes <= all.length; nodes++) {
      const { met, stopped } = reach([0], down(graph), { ...EVERYTHING, nodes });
      expect([...met.keys()]).toEqual(all.slice(0, nodes));
      expect(stopped).toBe(nodes < all.length ? "nodes" : null);
    }
  });

  it("costs no more edges than it may, and asks for one more to know whether there are", () => {
    const graph = randomDag("many", 60, 0.1);
    for (const edges of [0, 1, 7, 41]) {
      let read = 0;
      const counted: Neighbours<number> = (nodes, most) => {
        const links = [...down(graph)(nodes, most)];
        read += links.length;
        expect(links.length).toBeLessThanOrEqual(most);
        return links;
      };
      const reached = reach([0], counted, { ...EVERYTHING, edges });
      expect(reached.stopped).toBe("edges");
      expect(read).toBeLessThanOrEqual(edges + 1);
    }
    const exactly = graph.links.filter(([from]) =>
      reach([0], down(graph), EVERYTHING).met.has(from),
    );
    const budget: Budget = { ...EVERYTHING, edges: exactly.length };
    expect(reach([0], down(graph), budget).stopped).toBeNull();
  });

  it("ends when it is late, with what it has", () => {
    const line = graphOf(
      [0, 1, 2, 3],
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    );
    let asked = 0;
    const reached = reach([0], down(line), { ...EVERYTHING, isLate: () => ++asked > 2 });
    expect([[...reached.met.keys()], reached.stopped]).toEqual([[0, 1, 2], "time"]);
  });

  it("ends on a cycle", () => {
    const ring = graphOf(
      [0, 1, 2],
      [
        [0, 1],
        [1, 2],
        [2, 0],
      ],
    );
    const reached = reach([0], down(ring), EVERYTHING);
    expect([...reached.met.keys()]).toEqual([0, 1, 2]);
    expect(reached.links).toHaveLength(3);
  });
});

/** A random graph that may have cycles and links from a node to itself. */
function anyGraph(seed: string): Graph {
  const random = seededRandom(seed);
  const size = 1 + random.integer(14);
  const nodes = Array.from({ length: size }, (_, at) => at);
  const links: Link<number>[] = [];
  for (const from of nodes)
    for (const to of nodes) if (random.uniform() < 1.4 / size) links.push([from, to]);
  return graphOf(nodes, links);
}

describe("cycles", () => {
  it.each(SEEDS)("are found where brute force finds them (%s)", (seed) => {
    const graph = anyGraph(seed);
    const all = distances(graph);
    const goes = (from: number, to: number) => Number.isFinite(all[from]?.[to]);
    const expected = graph.nodes.filter((id) =>
      graph.links.some(([from, to]) => from === id && goes(to, id)),
    );
    const components = strongComponents(graph.down);
    expect(components.flat().sort((a, b) => a - b)).toEqual(expected);
    for (const members of components)
      for (const one of members) for (const other of members) expect(goes(one, other)).toBe(true);
    const cycles = cyclesIn(graph.down);
    expect(cycles).toHaveLength(components.length);
    for (const cycle of cycles) {
      expect(cycle[0]).toBe(cycle.at(-1));
      expect(new Set(cycle).size).toBe(cycle.length - 1);
      for (const [at, to] of cycle.slice(1).entries())
        expect(joined(graph, Number(cycle[at]), to)).toBe(true);
    }
  });

  it.each(SEEDS)("that a new link closes are found, and no others (%s)", (seed) => {
    const graph = dagOf(seed);
    const all = distances(graph);
    for (const from of graph.nodes)
      for (const to of graph.nodes) {
        const links = [...graph.links, [from, to] as const];
        const closes = from === to || Number.isFinite(all[to]?.[from]);
        const cycle = closedCycle([[from, to]], links);
        expect(cycle !== null, `${from} ${to}`).toBe(closes);
        if (cycle) expect([cycle[0], cycle[1], cycle.at(-1)]).toEqual([from, to, from]);
        if (cycle) expect(cycle.length - 2).toBe(all[to]?.[from]);
      }
  });

  it("of others are no reason to refuse a link beside them", () => {
    const links: Link<string>[] = [
      ["a", "b"],
      ["b", "a"],
      ["b", "c"],
    ];
    expect(closedCycle([["b", "c"]], links)).toBeNull();
    expect(closedCycle([["b", "a"]], links)).toEqual(["b", "a", "b"]);
  });

  it("do not exhaust the stack, however long they are", () => {
    const size = 50_000;
    const lists = new Map(Array.from({ length: size }, (_, at) => [at, [(at + 1) % size]]));
    expect(strongComponents(lists).map(({ length }) => length)).toEqual([size]);
    expect(cyclesIn(lists)[0]).toHaveLength(size + 1);
  });
});

describe("the chain to a node", () => {
  it.each(SEEDS)("is all of its ancestors, each behind what it was made from (%s)", (seed) => {
    const graph = dagOf(seed);
    const all = distances(graph);
    for (const target of graph.nodes) {
      const chain = chainTo(target, graph.up);
      if (!chain.ok) throw new Error("a graph without cycles has a chain");
      const expected = graph.nodes.filter((id) => Number.isFinite(all[id]?.[target]));
      expect([...chain.value].sort((a, b) => a - b)).toEqual(expected);
      expect(chain.value.at(-1)).toBe(target);
      const at = new Map(chain.value.map((id, position) => [id, position]));
      for (const [from, to] of graph.links)
        if (at.has(to)) expect(at.get(from)).toBeLessThan(at.get(to) ?? -1);
    }
  });

  it("is refused with the cycle, in the direction of data, where there is one", () => {
    const graph = graphOf(
      [0, 1, 2, 3],
      [
        [0, 1],
        [1, 2],
        [2, 1],
        [2, 3],
      ],
    );
    expect(chainTo(3, graph.up)).toEqual({ ok: false, error: [2, 1, 2] });
    expect(chainTo(0, graph.up)).toEqual({ ok: true, value: [0] });
  });

  it("goes to each node once, however many ways lead there", () => {
    const sources = new Map<number, number[]>();
    for (let at = 0; at < 60; at++) {
      sources.set(3 * at + 3, [3 * at + 1, 3 * at + 2]);
      for (const side of [1, 2]) sources.set(3 * at + side, [3 * at]);
    }
    const chain = chainTo(180, sources);
    expect(chain.ok && chain.value.length).toBe(181);
  });

  it("may be as long as it likes", () => {
    const size = 100_000;
    const sources = new Map(Array.from({ length: size - 1 }, (_, at) => [at + 1, [at]]));
    const chain = chainTo(size - 1, sources);
    expect(chain).toEqual({ ok: true, value: Array.from({ length: size }, (_, at) => at) });
  });
});

describe("common ancestors", () => {
  it.each(SEEDS)("are what lies upstream of both, nearest first (%s)", (seed) => {
    const graph = dagOf(seed);
    const all = distances(graph);
    for (const a of graph.nodes)
      for (const b of graph.nodes) {
        const of = (id: number) => reach([id], up(graph), EVERYTHING);
        const found = commonAncestors(of(a), of(b));
        const expected = graph.nodes.filter(
          (id) => Number.isFinite(all[id]?.[a]) && Number.isFinite(all[id]?.[b]),
        );
        expect(found.map(({ id }) => id).sort((x, y) => x - y)).toEqual(expected);
        for (const { id, distance_a, distance_b } of found)
          expect([distance_a, distance_b]).toEqual([all[id]?.[a], all[id]?.[b]]);
        const sums = found.map((one) => one.distance_a + one.distance_b);
        expect(sums).toEqual([...sums].sort((x, y) => x - y));
      }
  });

  it("of a node and what it was made from is that itself", () => {
    const { up } = graphOf([0, 1], [[0, 1]]);
    const of = (id: number) => reach([id], neighboursIn(up), EVERYTHING);
    expect(commonAncestors(of(0), of(1))).toEqual([{ id: 0, distance_a: 0, distance_b: 1 }]);
  });

  it("at the same distance together are those nearer to the farther of the two", () => {
    // 1 is three steps from a and one from b; 2 is two from each.
    const lists = byNode([
      ["a", "x"],
      ["x", "y"],
      ["y", "1"],
      ["b", "1"],
      ["a", "u"],
      ["u", "2"],
      ["b", "v"],
      ["v", "2"],
    ] as const);
    const of = (id: "a" | "b") =>
      reach<string>([id], neighboursIn(lists as Map<string, string[]>), EVERYTHING);
    expect(commonAncestors(of("a"), of("b")).map(({ id }) => id)).toEqual(["2", "1"]);
  });
});
