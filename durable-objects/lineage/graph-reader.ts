import {
  type AncestorAnswer,
  type ChainAnswer,
  type CyclesAnswer,
  DEFAULT_DEPTH,
  DEFAULT_TRACED,
  type ImpactAnswer,
  type LineageRefusal,
  MOST_DEPTH,
  MOST_TRACED,
  type NodeRecord,
  type RunRecord,
  type TraceAnswer,
  type TraceQuery,
} from "../../contract/lineage-record.ts";
import { chainTo } from "../../domain/lineage/chain.ts";
import { commonAncestors } from "../../domain/lineage/common-ancestors.ts";
import { cyclesIn } from "../../domain/lineage/cycles.ts";
import { carriesEveryRow, impactOf } from "../../domain/lineage/impact.ts";
import type { LineageEdge, LineageNode, NodeKind } from "../../domain/lineage/lineage-node.ts";
import { type Budget, byNode, type Link, reach, type Reached } from "../../domain/lineage/reach.ts";
import type { ToldChain, ToldStep } from "../../domain/lineage/openlineage/write-events.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { FacetStore } from "./facet-store.ts";
import type { Direction, GraphStore } from "./graph-store.ts";

/** What one answer may meet and read when it has to look at more than it lists. */
const WIDE = { nodes: 20_000, edges: 100_000 };
const MOST_LISTED = 1_000;
const MOST_CYCLES = 100;
/** Of the ids on all ways of one answer, in characters: an answer over RPC has 32 MiB at most. */
const LONGEST_WAYS = 4_000_000;

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
      .nodesBeside(key, "upstream", MOST_LISTED)
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
    const why = listed.length > to ? "nodes" : reached.stopped;
    const edges = edgesWithin(reached, listed.slice(0, to), new Set(page), direction);
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
    const shown = cycles.slice(0, MOST_CYCLES);
    const ids = this.#store.ids(shown.flat());
    return {
      cycles: shown.map((keys) => keys.map((key) => ids.get(key) ?? "")),
      truncated: stopped !== null || cycles.length > shown.length || starts.length === WIDE.nodes,
    };
  }

  chain(node_id: string): Result<ChainAnswer, LineageRefusal> {
    const key = this.#store.keyOf(node_id);
    if (key === undefined) return notFound(node_id);
    const upstream = this.#store.neighbours("upstream");
    const reached = reach([key], upstream, { ...WIDE, nodes: MOST_LISTED, depth: Infinity });
    const ordered = chainTo(key, byNode(reached.links));
    if (!ordered.ok) return this.cycleFound(ordered.error);
    const nodes = this.#inOrder(ordered.value);
    const edges = this.#edges(reached.links.map(([to, from]) => [from, to]));
    return ok({ nodes, edges, truncated: reached.stopped !== null });
  }

  /** `runOf` answers with the record of a run. */
  describeChain(
    node_id: string,
    runOf: (run_id: string) => RunRecord | undefined,
  ): Result<ToldChain, LineageRefusal> {
    const chain = this.chain(node_id);
    if (!chain.ok) return chain;
    const keys = this.#store.keysOf(chain.value.nodes.map(({ node_id: id }) => id));
    const steps: ToldStep[] = [];
    const named = new Set<string>();
    for (const node of chain.value.nodes) {
      const key = keys.get(node.node_id);
      if (key === undefined || !isStep(node)) continue;
      const beside = (direction: Direction) =>
        this.#store.nodesBeside(key, direction, MOST_LISTED).filter(isData).map(this.#told);
      const step = { inputs: beside("upstream"), outputs: beside("downstream") };
      for (const data of [...step.inputs, ...step.outputs]) named.add(data.node_id);
      steps.push({ node: this.#told(node), run: runOf(node.node_id) ?? null, ...step });
    }
    const alone = chain.value.nodes.filter((node) => isData(node) && !named.has(node.node_id));
    return ok({ steps, alone: alone.map(this.#told), truncated: chain.value.truncated });
  }

  readonly #told = (node: LineageNode): LineageNode & { facets: NodeRecord["facets"] } => ({
    ...node,
    facets: this.#facets.of(node.node_id),
  });

  /** `rows`: whether single rows are withdrawn, which may not have come through. */
  impact(node_ids: readonly string[], rows: boolean): Result<ImpactAnswer, LineageRefusal> {
    const keys = this.#store.keysOf(node_ids);
    const missing = node_ids.find((id) => !keys.has(id));
    if (missing !== undefined) return notFound(missing);
    const withdrawn = [...keys.values()];
    const reached = reach(withdrawn, this.#store.neighbours("downstream"), {
      ...WIDE,
      depth: Infinity,
    });
    const nodes = this.#store.nodes([...reached.met.keys()]);
    const carries = (from: number, to: number): boolean => {
      const [one, other] = [nodes.get(from), nodes.get(to)];
      return !rows || (!!one && !!other && carriesEveryRow(carrierOf(one), carrierOf(other)));
    };
    const idOf = (key: number) => nodes.get(key)?.node_id ?? "";
    const isListed = (key: number): boolean => {
      const node = nodes.get(key);
      return !!node && RETRAINED.has(node.node_type) && node.metadata["deleted"] !== true;
    };
    const affected: ImpactAnswer["affected"] = [];
    let length = 0;
    for (const { id, way, certain } of impactOf(withdrawn, reached, carries, isListed)) {
      const node = nodes.get(id);
      const path = way.map(idOf);
      for (const each of path) length += each.length;
      if (affected.length === MOST_LISTED || length > LONGEST_WAYS)
        return ok({ affected, truncated: true });
      if (node) affected.push({ ...node, path, certain });
    }
    return ok({ affected, truncated: reached.stopped !== null });
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

  #traced(page: readonly number[], { met }: Reached<number>, links: readonly Link<number>[]) {
    const edges = this.#edges(links);
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

  /** Links in the direction of data, by ids. */
  #edges(links: readonly Link<number>[]): LineageEdge[] {
    const ids = this.#store.ids([...new Set(links.flat())]);
    return links.map(([from, to]) => ({ from: ids.get(from) ?? "", to: ids.get(to) ?? "" }));
  }
}

/** What a withdrawal makes somebody do again. */
const RETRAINED: ReadonlySet<NodeKind> = new Set(["run", "model_version", "experiment"]);

const DATA: ReadonlySet<NodeKind> = new Set([
  "dataset_version",
  "model_version",
  "external_dataset",
]);
const isData = ({ node_type }: LineageNode): boolean => DATA.has(node_type);
const isStep = (node: LineageNode): boolean => !isData(node);

const carrierOf = ({ node_type, metadata }: LineageNode) => ({ kind: node_type, metadata });

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
