import {
  type AncestorAnswer,
  type ChainAnswer,
  type CyclesAnswer,
  DEFAULT_DEPTH,
  DEFAULT_TRACED,
  type LineageRefusal,
  MOST_DEPTH,
  MOST_TRACED,
  type NodeRecord,
  type RunRecord,
  type TraceAnswer,
  type TraceQuery,
} from "../../contract/lineage-record.ts";
import { chainTo, inTime } from "../../domain/lineage/chain.ts";
import { commonAncestors } from "../../domain/lineage/common-ancestors.ts";
import { cyclesIn } from "../../domain/lineage/cycles.ts";
import type { LineageEdge, LineageNode, NodeKind } from "../../domain/lineage/lineage-node.ts";
import { type Budget, byNode, type Link, reach, type Reached } from "../../domain/lineage/reach.ts";
import type { ToldChain, ToldStep } from "../../domain/lineage/openlineage/write-events.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { FacetStore } from "./facet-store.ts";
import type { Direction, GraphStore } from "./graph-store.ts";
import { Room } from "./room.ts";

/** What one answer may meet and read when it has to look at more than it lists. */
export const WIDE = { nodes: 20_000, edges: 100_000 };
export const MOST_LISTED = 1_000;
const MOST_CYCLES = 100;
/** In characters, with all that is known of each step. */
const LONGEST_CHAIN = 8_000_000;

/** Answers questions about the graph; every method reads a bounded part of it, synchronously. */
export class GraphReader {
  readonly #store: GraphStore;
  readonly #facets: FacetStore;

  constructor(store: GraphStore, facets: FacetStore) {
    this.#store = store;
    this.#facets = facets;
  }

  node(node_id: string): Result<NodeRecord, LineageRefusal> {
    const key = this.#store.keyOf(node_id);
    const node = key === undefined ? undefined : this.#store.nodes([key]).get(key);
    if (key === undefined || !node) return notFound(node_id);
    const beside = (direction: Direction) =>
      this.#store.nodesBeside(key, direction, MOST_LISTED).map((other) => other.node_id);
    return ok({
      ...node,
      incoming_edges: beside("upstream"),
      outgoing_edges: beside("downstream"),
      facets: this.#facets.of(node_id),
    });
  }

  /** The versions of datasets that a node names as its own data. */
  dataOf(key: number): string[] {
    return this.#store
      .nodesBeside(key, "upstream", WIDE.nodes)
      .filter(({ node_type }) => node_type === "dataset_version")
      .map(({ node_id }) => node_id);
  }

  trace(
    node_id: string,
    direction: Direction,
    query: TraceQuery,
  ): Result<TraceAnswer, LineageRefusal> {
    const key = this.#store.keyOf(node_id);
    if (key === undefined) return notFound(node_id);
    const from = query.cursor ?? 0;
    const to = from + Math.min(query.limit ?? DEFAULT_TRACED, MOST_TRACED);
    const reached = reach([key], this.#store.neighbours(direction), budgetOf(query, to));
    const listed = this.#listed(reached, query.kinds);
    const page = listed.slice(from, to);
    const hasMore = listed.length > to || (reached.stopped === "nodes" && !query.kinds);
    const links = edgesWithin(reached, listed.slice(0, to), new Set(page), direction);
    const edges = this.#edges(links);
    const unsaid = edges.length < links.length ? "edges" : null;
    const why = listed.length > to ? "nodes" : (reached.stopped ?? unsaid);
    return ok({
      ...this.#traced(page, reached, edges),
      truncated: why !== null,
      why,
      next_cursor: hasMore && to < WIDE.nodes ? to : null,
    });
  }

  commonAncestors(a: string, b: string): Result<AncestorAnswer, LineageRefusal> {
    const reached: Reached<number>[] = [];
    for (const node_id of [a, b]) {
      const key = this.#store.keyOf(node_id);
      if (key === undefined) return notFound(node_id);
      reached.push(reach([key], this.#store.neighbours("upstream"), { ...WIDE, depth: Infinity }));
    }
    const [ofA, ofB] = reached;
    const shared = ofA && ofB ? commonAncestors(ofA, ofB) : [];
    const nodes = this.#store.nodes(shared.slice(0, MOST_LISTED).map(({ id }) => id));
    return ok({
      ancestors: shared.flatMap(({ id, ...distances }) => {
        const node = nodes.get(id);
        return node ? [{ ...node, ...distances }] : [];
      }),
      truncated: shared.length > MOST_LISTED || reached.some(({ stopped }) => stopped !== null),
    });
  }

  /** Only what others told of can be on a cycle, so that the search begins there. */
  cycles(): CyclesAnswer {
    const starts = this.#store.factTargets(WIDE.nodes);
    const { links, stopped } = reach(starts, this.#store.neighbours("downstream"), {
      ...WIDE,
      depth: Infinity,
    });
    const cycles = cyclesIn(byNode(links));
    const ids = this.#store.ids(cycles.slice(0, MOST_CYCLES).flat());
    const room = new Room();
    const shown = cycles
      .slice(0, MOST_CYCLES)
      .map((keys) => keys.map((key) => ids.get(key) ?? ""))
      .filter((cycle) => room.takes(lengthOf(cycle)));
    return {
      cycles: shown,
      truncated: stopped !== null || cycles.length > shown.length || starts.length === WIDE.nodes,
    };
  }

  /** A cycle leaves no order to do things again in, and is refused, or told in that of time. */
  chain(
    node_id: string,
    cyclic: "refused" | "in time" = "refused",
  ): Result<ChainAnswer, LineageRefusal> {
    const key = this.#store.keyOf(node_id);
    if (key === undefined) return notFound(node_id);
    const reached = this.#upstreamOf(key);
    const ordered = chainTo(key, byNode(reached.links));
    if (!ordered.ok && cyclic === "refused") return this.cycleFound(ordered.error);
    const nodes = ordered.ok
      ? this.#inOrder(ordered.value)
      : inTime(this.#inOrder([...reached.met.keys()]));
    const edges = this.#edges(reached.links.map(([to, from]) => [from, to]));
    const isWhole = reached.stopped === null && edges.length === reached.links.length;
    return ok({ nodes, edges, truncated: !isWhole });
  }

  #upstreamOf(key: number): Reached<number> {
    const upstream = this.#store.neighbours("upstream");
    return reach([key], upstream, { ...WIDE, nodes: MOST_LISTED, depth: Infinity });
  }

  /** `runOf` answers with the record of a run. */
  describeChain(
    node_id: string,
    runOf: (run_id: string) => RunRecord | undefined,
  ): Result<ToldChain, LineageRefusal> {
    const chain = this.chain(node_id, "in time");
    if (!chain.ok) return chain;
    const keys = this.#store.keysOf(chain.value.nodes.map(({ node_id: id }) => id));
    const room = new Room(LONGEST_CHAIN);
    const steps: ToldStep[] = [];
    const named = new Set<string>();
    for (const node of chain.value.nodes) {
      const key = keys.get(node.node_id);
      if (key === undefined || !isStep(node)) continue;
      const run = runOf(node.node_id) ?? null;
      if (!room.takes(run ? JSON.stringify(run).length : 0)) break;
      const beside = (direction: Direction) =>
        this.#store
          .nodesBeside(key, direction, MOST_LISTED)
          .filter((other) => isData(other) && room.takes(sizeOf(other)))
          .map((other) => this.#told(other, room));
      const step = { inputs: beside("upstream"), outputs: beside("downstream") };
      for (const data of [...step.inputs, ...step.outputs]) named.add(data.node_id);
      steps.push({ node: this.#told(node, room), run, ...step });
    }
    const alone = chain.value.nodes
      .filter((node) => isData(node) && !named.has(node.node_id) && !room.isFull)
      .map((node) => this.#told(node, room));
    return ok({ steps, alone, truncated: chain.value.truncated || room.isFull });
  }

  #told(node: LineageNode, room: Room): LineageNode & { facets: NodeRecord["facets"] } {
    return { ...node, facets: this.#facets.of(node.node_id, room) };
  }

  cycleFound(keys: readonly number[]): Result<never, LineageRefusal> {
    const ids = this.#store.ids(keys);
    return fail({ code: "lineage_cycle", path: keys.map((key) => ids.get(key) ?? "") });
  }

  /** Keys of the nodes that are listed, nearest first. */
  #listed({ met }: Reached<number>, kinds: readonly NodeKind[] | undefined): number[] {
    const keys = [...met.keys()];
    if (!kinds) return keys;
    const nodes = this.#store.kinds(keys);
    return keys.filter((key) => kinds.some((kind) => kind === nodes.get(key)));
  }

  #traced(page: readonly number[], { met }: Reached<number>, edges: LineageEdge[]) {
    const incoming = byNode(edges.map(({ from, to }) => [to, from]));
    const outgoing = byNode(edges.map(({ from, to }) => [from, to]));
    const nodes = this.#store.nodes(page);
    return {
      edges,
      nodes: page.flatMap((key) => {
        const node = nodes.get(key);
        if (!node) return [];
        return [
          {
            ...node,
            depth: met.get(key)?.depth ?? 0,
            incoming_edges: incoming.get(node.node_id) ?? [],
            outgoing_edges: outgoing.get(node.node_id) ?? [],
          },
        ];
      }),
    };
  }

  #inOrder(keys: readonly number[]): LineageNode[] {
    const nodes = this.#store.nodes(keys);
    return keys.flatMap((key) => nodes.get(key) ?? []);
  }

  /** Links in the direction of data, by ids; the first of them that one answer has room for. */
  #edges(links: readonly Link<number>[]): LineageEdge[] {
    const ids = this.#store.ids([...new Set(links.flat())]);
    const room = new Room();
    const edges: LineageEdge[] = [];
    for (const [source, target] of links) {
      const edge = { from: ids.get(source) ?? "", to: ids.get(target) ?? "" };
      if (!room.takes(edge.from.length + edge.to.length)) break;
      edges.push(edge);
    }
    return edges;
  }
}

const DATA: ReadonlySet<NodeKind> = new Set([
  "dataset_version",
  "model_version",
  "external_dataset",
]);
const isData = ({ node_type }: LineageNode): boolean => DATA.has(node_type);
const isStep = (node: LineageNode): boolean => !isData(node);

export const lengthOf = (ids: readonly string[]): number =>
  ids.reduce((sum, id) => sum + id.length, 0);
const sizeOf = (node: LineageNode): number => JSON.stringify(node).length;

const notFound = (node_id: string): Result<never, LineageRefusal> =>
  fail({ code: "lineage_node_not_found", node_id });

/** With kinds, more is met than is listed. */
function budgetOf({ depth, kinds, budget_ms }: TraceQuery, nodes: number): Budget {
  const met = kinds ? WIDE.nodes : Math.min(nodes, WIDE.nodes);
  const until = budget_ms === undefined ? Infinity : Date.now() + budget_ms;
  return {
    depth: Math.min(depth ?? DEFAULT_DEPTH, MOST_DEPTH),
    nodes: met,
    edges: Math.min(WIDE.edges, 5_000 + 10 * met),
    isLate: () => Date.now() > until,
  };
}

/** The links among the listed nodes that touch this page, in the direction of data. */
function edgesWithin(
  { links }: Reached<number>,
  listed: readonly number[],
  page: ReadonlySet<number>,
  direction: Direction,
): Link<number>[] {
  const known = new Set(listed);
  const within = links.filter(
    ([near, far]) => known.has(near) && known.has(far) && (page.has(near) || page.has(far)),
  );
  return direction === "downstream" ? within : within.map(([near, far]) => [far, near]);
}
