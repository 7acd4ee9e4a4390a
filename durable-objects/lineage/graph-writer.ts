import { MOST_PUT, type LineageRefusal, type PutAnswer } from "../../contract/lineage-record.ts";
import { closedCycle } from "../../domain/lineage/cycles.ts";
import type { LineageEdge, LineageNode } from "../../domain/lineage/lineage-node.ts";
import { type Link, reach } from "../../domain/lineage/reach.ts";
import { nodeKind } from "../../domain/lineage/node-kind.ts";
import { unknownNode } from "../../domain/lineage/version-lineage.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { GraphReader } from "./graph-reader.ts";
import type { GraphStore } from "./graph-store.ts";

/** What a search for cycles may read; a graph of a hundred thousand nodes is less. */
const SEARCHED = { depth: Infinity, nodes: 500_000, edges: 500_000 };

type Added = {
  nodes: readonly LineageNode[];
  /** Nodes that somebody else describes: put only where nothing has. */
  guests?: readonly LineageNode[];
  edges: readonly LineageEdge[];
};

/** Adds to the graph, and keeps cycles out of it. To be called within a transaction. */
export class GraphWriter {
  readonly #store: GraphStore;
  readonly #reader: GraphReader;

  constructor(store: GraphStore, reader: GraphReader) {
    this.#store = store;
    this.#reader = reader;
  }

  /**
   * Puts nodes as they are now and adds edges; an end that nobody has described is kept a place
   * for. Edges that are facts of others may close a cycle. After a refusal the transaction must
   * not be committed.
   */
  put({ nodes, guests = [], edges }: Added, areFacts: boolean): Result<PutAnswer, LineageRefusal> {
    if (nodes.length > MOST_PUT || edges.length > MOST_PUT)
      return fail({ code: "lineage_too_large", most: MOST_PUT });
    const added_nodes = this.#store.putNodes(nodes) + this.#store.putGuests(guests);
    const links = this.#linksOf(edges);
    if (!links.ok) return links;
    const added = this.#store.addEdges(links.value, areFacts);
    const cycle = areFacts ? ok(null) : this.#refuseCycle(added);
    return cycle.ok ? ok({ added_nodes, added_edges: added.length }) : cycle;
  }

  replaceSources(
    node: LineageNode,
    sources: readonly LineageNode[],
  ): Result<{ removed: string[] }, LineageRefusal> {
    const edges = sources.map(({ node_id: from }) => ({ from, to: node.node_id }));
    const put = this.put({ nodes: [], guests: [node, ...sources], edges }, false);
    if (!put.ok) return put;
    const target = this.#store.keyOf(node.node_id) ?? 0;
    const kept = new Set(sources.map(({ node_id }) => node_id));
    const removed = this.#store
      .nodesBeside(target, "upstream", MOST_PUT)
      .map(({ node_id }) => node_id)
      .filter((id) => nodeKind(id) === "dataset_version" && !kept.has(id));
    const links = [...this.#store.keysOf(removed).values()].map(
      (source) => [source, target] as const,
    );
    this.#store.removeEdges(links);
    return ok({ removed });
  }

  #linksOf(edges: readonly LineageEdge[]): Result<Link<number>[], LineageRefusal> {
    const ids = [...new Set(edges.flatMap(({ from, to }) => [from, to]))];
    const known = this.#store.keysOf(ids);
    const places: LineageNode[] = [];
    for (const id of ids) {
      const place = known.has(id) ? undefined : unknownNode(id);
      if (place) places.push(place);
      else if (!known.has(id)) return fail({ code: "lineage_node_not_found", node_id: id });
    }
    this.#store.addUnknown(places);
    const added = this.#store.keysOf(places.map(({ node_id }) => node_id));
    const keyOf = (id: string) => known.get(id) ?? added.get(id);
    return ok(
      edges.flatMap(({ from, to }): Link<number>[] => {
        const [source, target] = [keyOf(from), keyOf(to)];
        return source === undefined || target === undefined ? [] : [[source, target]];
      }),
    );
  }

  /** Whatever lies on a cycle with a new edge can be reached from the end of it. */
  #refuseCycle(added: readonly Link<number>[]): Result<null, LineageRefusal> {
    const closing = this.#store.mayClose(added);
    const starts = closing.map(([, target]) => target);
    const { links, stopped } = reach(starts, this.#store.neighbours("downstream"), SEARCHED);
    if (stopped !== null) return fail({ code: "lineage_too_large", most: SEARCHED.edges });
    const cycle = closedCycle(closing, links);
    return cycle ? this.#reader.cycleFound(cycle) : ok(null);
  }
}
