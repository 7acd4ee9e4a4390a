import type { Json } from "../../domain/datasets/table.ts";
import type { LineageNode, NodeKind } from "../../domain/lineage/lineage-node.ts";
import type { Link, Neighbours } from "../../domain/lineage/reach.ts";
import { boundLists } from "./bound-lists.ts";

export type Direction = "upstream" | "downstream";

type NodeRow = {
  key: number;
  id: string;
  kind: NodeKind;
  label: string;
  created_at: number;
  metadata: string;
};

/**
 * Nodes and edges as rows; every method is synchronous. Lists go into statements as JSON texts,
 * because a statement binds a hundred parameters at most.
 */
export class GraphStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Puts them as they are now; answers how many were not known. */
  putNodes(nodes: readonly LineageNode[]): number {
    const ids = new Set(nodes.map(({ node_id }) => node_id));
    const added = ids.size - this.known([...ids]).size;
    for (const list of boundLists(nodes))
      this.#sql.exec(
        `INSERT INTO node (id, kind, label, created_at, is_known, metadata)
         SELECT value ->> 'node_id', value ->> 'node_type', value ->> 'label',
           value ->> 'created_at', 1, value -> 'metadata'
         FROM json_each(?) WHERE TRUE
         ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, label = excluded.label,
           created_at = iif(is_known, min(created_at, excluded.created_at), excluded.created_at),
           is_known = 1, metadata = excluded.metadata`,
        list,
      );
    return added;
  }

  /** Puts those that nothing has described; what the others are is known from elsewhere. */
  putGuests(nodes: readonly LineageNode[]): number {
    const known = this.known(nodes.map(({ node_id }) => node_id));
    return this.putNodes(nodes.filter(({ node_id }) => !known.has(node_id)));
  }

  /** The dataset of these versions has this name from now on. */
  nameVersions(ids: readonly string[], dataset: string): void {
    for (const list of boundLists(ids))
      this.#sql.exec(
        `UPDATE node SET label = ?1 || '@' || (metadata ->> 'version_number'),
           metadata = json_set(metadata, '$.dataset', ?1)
         WHERE id IN (SELECT value FROM json_each(?2)) AND kind = 'dataset_version'
           AND metadata ->> 'version_number' IS NOT NULL`,
        dataset,
        list,
      );
  }

  /** Keeps a place for nodes that are there only as the end of an edge. */
  addUnknown(nodes: readonly LineageNode[]): void {
    for (const list of boundLists(nodes))
      this.#sql.exec(
        `INSERT INTO node (id, kind, label, created_at, is_known, metadata)
         SELECT value ->> 'node_id', value ->> 'node_type', value ->> 'label',
           value ->> 'created_at', 0, value -> 'metadata'
         FROM json_each(?) WHERE TRUE ON CONFLICT (id) DO NOTHING`,
        list,
      );
  }

  /**
   * Removes them with their edges and facets. What something else was made from stays as a place
   * that says so, until nothing is left that was. Answers how many there were.
   */
  removeNodes(keys: readonly number[]): number {
    // A long chain of places goes at once with what was made from its end.
    for (let going = keys; going.length > 0;) going = this.#removeUnneeded(going);
    return keys.length;
  }

  /** Answers with those that say that they are deleted, and were kept for what went now. */
  #removeUnneeded(keys: readonly number[]): number[] {
    const needed = this.#withEdges("source", keys);
    for (const list of boundLists([...needed]))
      this.#sql.exec(
        `UPDATE node SET is_known = 0, metadata = json_set(metadata, '$.deleted', json('true'))
         WHERE key IN (SELECT value FROM json_each(?))`,
        list,
      );
    const sources = new Set<number>();
    for (const list of boundLists(keys.filter((key) => !needed.has(key)))) {
      const of = "IN (SELECT value FROM json_each(?))";
      for (const { key } of this.#sql.exec<{ key: number }>(
        `SELECT DISTINCT node.key FROM edge JOIN node ON node.key = edge.source
         WHERE edge.target ${of} AND node.metadata ->> 'deleted'`,
        list,
      ))
        sources.add(key);
      this.#sql.exec(`DELETE FROM edge WHERE target ${of}`, list);
      this.#sql.exec(`DELETE FROM facet WHERE node ${of}`, list);
      this.#sql.exec(`DELETE FROM node WHERE key ${of}`, list);
    }
    return [...sources];
  }

  /** Which of them are this end of some edge. */
  #withEdges(end: "source" | "target", keys: readonly number[]): Set<number> {
    const found = new Set<number>();
    for (const list of boundLists([...new Set(keys)]))
      for (const { key } of this.#sql.exec<{ key: number }>(
        `SELECT value AS key FROM json_each(?)
         WHERE EXISTS (SELECT 1 FROM edge WHERE edge.${end} = value)`,
        list,
      ))
        found.add(key);
    return found;
  }

  /** Those that are there. */
  keysOf(ids: readonly string[]): Map<string, number> {
    const keys = new Map<string, number>();
    for (const list of boundLists(ids))
      for (const { id, key } of this.#sql.exec<{ id: string; key: number }>(
        "SELECT id, key FROM node WHERE id IN (SELECT value FROM json_each(?))",
        list,
      ))
        keys.set(id, key);
    return keys;
  }

  keyOf(id: string): number | undefined {
    return this.#sql.exec<{ key: number }>("SELECT key FROM node WHERE id = ?", id).toArray()[0]
      ?.key;
  }

  hasEdge(from: string, to: string): boolean {
    const found = this.#sql.exec(
      `SELECT 1 FROM node AS own JOIN edge ON edge.source = own.key
         JOIN node AS other ON other.key = edge.target
       WHERE own.id = ? AND other.id = ?`,
      from,
      to,
    );
    return found.toArray().length > 0;
  }

  /** The versions of a model, or one of them, that are not deleted. */
  ofModel(model_id: string, version: number | null): { node_id: string; key: number }[] {
    const [from, to] =
      version === null ? [`${model_id}@`, `${model_id}A`] : [`${model_id}@${version}`, undefined];
    return this.#sql
      .exec<{ node_id: string; key: number }>(
        "SELECT id AS node_id, key FROM node WHERE is_known = 1 AND id >= ? AND id < ?",
        from,
        to ?? `${from} `,
      )
      .toArray();
  }

  /** The node of this kind that people know by this name. */
  idOfLabel(kind: "dataset_version" | "model_version", label: string): string | undefined {
    return this.#sql
      .exec<{ id: string }>(
        `SELECT id FROM node WHERE kind IN ('dataset_version', 'model_version')
           AND label = ? AND kind = ? ORDER BY key DESC LIMIT 1`,
        label,
        kind,
      )
      .toArray()[0]?.id;
  }

  /** Answers with those that were not there, or were a fact and now are more. */
  addEdges(links: readonly Link<number>[], isFact: boolean): Link<number>[] {
    const added: Link<number>[] = [];
    for (const list of boundLists(links))
      for (const { source, target } of this.#sql.exec<{ source: number; target: number }>(
        `INSERT INTO edge (source, target, is_fact)
         SELECT value ->> 0, value ->> 1, ? FROM json_each(?) WHERE TRUE
         ON CONFLICT (source, target) DO UPDATE SET is_fact = 0
           WHERE is_fact = 1 AND excluded.is_fact = 0
         RETURNING source, target`,
        isFact ? 1 : 0,
        list,
      ))
        added.push([source, target]);
    return added;
  }

  /** Those of which both ends have other edges, without which none is on a cycle. */
  mayClose(links: readonly Link<number>[]): Link<number>[] {
    const made = this.#withEdges(
      "target",
      links.map(([source]) => source),
    );
    const used = this.#withEdges(
      "source",
      links.map(([, target]) => target),
    );
    return links.filter(([source, target]) => made.has(source) && used.has(target));
  }

  removeEdges(links: readonly Link<number>[]): void {
    for (const [source, target] of links)
      this.#sql.exec("DELETE FROM edge WHERE source = ? AND target = ?", source, target);
  }

  neighbours(direction: Direction): Neighbours<number> {
    const [near, far] = direction === "upstream" ? ["target", "source"] : ["source", "target"];
    // CROSS JOIN keeps the order of the list, and so of the answer.
    const query = `SELECT edge.${near} AS near, edge.${far} AS far
      FROM json_each(?) AS asked CROSS JOIN edge ON edge.${near} = asked.value LIMIT ?`;
    const sql = this.#sql;
    return function* links(keys, most) {
      let left = most;
      for (const list of boundLists(keys))
        for (const { near: from, far: to } of sql.exec<{ near: number; far: number }>(
          query,
          list,
          left,
        )) {
          left -= 1;
          yield [from, to];
        }
    };
  }

  nodesBeside(key: number, direction: Direction, most: number): LineageNode[] {
    const keys = [...this.neighbours(direction)([key], most)].map(([, far]) => far);
    const nodes = this.nodes(keys);
    return keys.flatMap((each) => nodes.get(each) ?? []);
  }

  /** The targets of edges that others told of. */
  factTargets(most: number): number[] {
    return this.#sql
      .exec<{ target: number }>("SELECT DISTINCT target FROM edge WHERE is_fact = 1 LIMIT ?", most)
      .toArray()
      .map(({ target }) => target);
  }

  nodes(keys: readonly number[]): Map<number, LineageNode> {
    const found = new Map<number, LineageNode>();
    for (const list of boundLists(keys))
      for (const row of this.#sql.exec<NodeRow>(
        `SELECT key, id, kind, label, created_at, metadata FROM node
         WHERE key IN (SELECT value FROM json_each(?))`,
        list,
      ))
        found.set(row.key, nodeOf(row));
    return found;
  }

  ids(keys: readonly number[]): Map<number, string> {
    return this.#column<string>("id", keys);
  }

  kinds(keys: readonly number[]): Map<number, NodeKind> {
    return this.#column<NodeKind>("kind", keys);
  }

  #column<T extends string>(name: "id" | "kind", keys: readonly number[]): Map<number, T> {
    const found = new Map<number, T>();
    for (const list of boundLists(keys))
      for (const { key, value } of this.#sql.exec<{ key: number; value: T }>(
        `SELECT key, ${name} AS value FROM node WHERE key IN (SELECT value FROM json_each(?))`,
        list,
      ))
        found.set(key, value);
    return found;
  }

  /** Those that something has described and nothing deleted. */
  known(ids: readonly string[]): Set<string> {
    const known = new Set<string>();
    for (const list of boundLists(ids))
      for (const { id } of this.#sql.exec<{ id: string }>(
        "SELECT id FROM node WHERE is_known = 1 AND id IN (SELECT value FROM json_each(?))",
        list,
      ))
        known.add(id);
    return known;
  }
}

const nodeOf = ({ id, kind, label, created_at, metadata }: NodeRow): LineageNode => ({
  node_id: id,
  node_type: kind,
  label,
  created_at,
  metadata: JSON.parse(metadata) as { [name: string]: Json },
});
