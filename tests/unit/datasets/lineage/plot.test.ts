import { describe, expect, it } from "vitest";
import type { LineageNode } from "../../../../domain/lineage/lineage-node.ts";
import { crossings, layeredLayout } from "../../../../domain/lineage/plot/layered-layout.ts";
import { lineagePlot } from "../../../../domain/lineage/plot/lineage-plot.ts";
import { byNode } from "../../../../domain/lineage/reach.ts";
import { seededRandom } from "../../../../domain/statistics/random.ts";
import { randomDag } from "./random-graph.ts";

const edgesOf = (...edges: string[]) =>
  edges.map((edge) => {
    const [from = "", to = ""] = edge.split(" ");
    return { from, to };
  });
const idsOf = (edges: readonly { from: string; to: string }[]) => [
  ...new Set(edges.flatMap(({ from, to }) => [from, to])),
];

describe("the layout", () => {
  it("leads every edge to the right, by a bend for each layer that it crosses", () => {
    for (let seed = 0; seed < 20; seed++) {
      const graph = randomDag(`layout ${seed}`, 20, 0.12);
      const edges = graph.links.map(([from, to]) => ({ from: `${from}`, to: `${to}` }));
      const { places, routes, layers, rows } = layeredLayout(graph.nodes.map(String), edges);
      expect(places.size).toBeGreaterThanOrEqual(20);
      for (const { from, to, through } of routes) {
        expect([through[0], through.at(-1)]).toEqual([places.get(from), places.get(to)]);
        for (const [at, { layer }] of through.slice(1).entries())
          expect(layer - (through[at]?.layer ?? 0), `${from} to ${to}`).toBe(1);
      }
      const taken = [...places.values()].map(({ layer, row }) => `${layer} ${row}`);
      expect(new Set(taken).size).toBe(taken.length);
      for (const { layer, row } of places.values()) {
        expect(layer).toBeLessThan(layers);
        expect(row).toBeLessThanOrEqual(rows - 1);
      }
    }
  });

  it("puts a root right before what comes of it", () => {
    const edges = edgesOf("a b", "b c", "c d", "late d");
    const { places } = layeredLayout(idsOf(edges), edges);
    expect(places.get("late")?.layer).toBe(2);
  });

  it("takes crossings out where it can", () => {
    const edges = edgesOf("a z", "b y", "c x", "a w");
    const ids = ["a", "b", "c", "x", "y", "w", "z"];
    const right = byNode(edges.map(({ from, to }) => [from, to] as const));
    expect(
      crossings(
        [
          ["a", "b", "c"],
          ["x", "y", "w", "z"],
        ],
        right,
      ),
    ).toBe(5);
    const { places } = layeredLayout(ids, edges);
    const order = [0, 1].map((layer) =>
      ids
        .filter((id) => places.get(id)?.layer === layer)
        .sort((a, b) => (places.get(a)?.row ?? 0) - (places.get(b)?.row ?? 0)),
    );
    expect(crossings(order, right)).toBe(0);
  });

  it("draws a cycle, with one edge back", () => {
    const edges = edgesOf("a b", "b c", "c a", "d d");
    const { places, routes } = layeredLayout(idsOf(edges), edges);
    expect(["a", "b", "c"].map((id) => places.get(id)?.layer)).toEqual([0, 1, 2]);
    expect(routes[2]?.through.map(({ layer }) => layer)).toEqual([2, 1, 0]);
    expect(routes).toHaveLength(4);
  });

  it("of nothing is nothing", () => {
    expect(layeredLayout([], [])).toMatchObject({ layers: 0, rows: 0, routes: [] });
  });
});

const nodeOf = (node_id: string, label = node_id): LineageNode => ({
  node_id,
  node_type: "dataset_version",
  label,
  created_at: 0,
  metadata: {},
});

describe("the picture", () => {
  it("shows each node with its name and what it is, as text and never as markup", () => {
    const nodes = [
      nodeOf("dsv_a", `<script>alert("a")</script>`),
      { ...nodeOf("run_b", "fit"), node_type: "run" as const },
    ];
    const svg = lineagePlot(
      { nodes, edges: [{ from: "dsv_a", to: "run_b" }], truncated: false },
      { focus: "run_b", direction: "upstream" },
    );
    expect(svg).toContain("What fit was made from");
    expect(svg).toContain("1 further node upstream");
    expect(svg).toContain("<title>fit, run, run_b</title>");
    expect(svg).not.toContain("<script");
    expect(svg.match(/class="node"/g)).toHaveLength(2);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg).not.toContain("not shown");
  });

  it("is bounded, and says what it leaves out", () => {
    const random = seededRandom("plot");
    const graph = randomDag("plot", 200, 0.2);
    const nodes = graph.nodes.map((id) => nodeOf(`dsv_${id}`, "x".repeat(random.integer(60))));
    const edges = graph.links.map(([from, to]) => ({ from: `dsv_${from}`, to: `dsv_${to}` }));
    const svg = lineagePlot(
      { nodes, edges, truncated: true },
      { focus: "dsv_0", direction: "downstream" },
    );
    expect(svg.match(/class="node"/g)).toHaveLength(60);
    expect(svg).toContain("140 further nodes not shown.");
    expect(svg).toMatch(/\d+ further edges not shown\./);
    expect(svg).toContain("There is more beyond");
    expect(svg.length).toBeLessThan(400_000);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("of a node by itself is that node", () => {
    const svg = lineagePlot(
      { nodes: [nodeOf("dsv_a")], edges: [], truncated: false },
      { focus: "dsv_a", direction: "downstream" },
    );
    expect(svg).toContain("0 further nodes downstream");
    expect(svg).toContain("No edges.");
  });
});
