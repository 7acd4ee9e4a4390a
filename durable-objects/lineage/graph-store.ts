import type { Json } from "../../domain/datasets/table.ts";
import type { LineageNode, NodeKind } from "../../domain/lineage/lineage-node.ts";
import type { Link, Neighbours } from "../../domain/lineage/reach.ts";

export type Direction = "upstream" | "downstream";

type NodeRow = {
  key: number;
  id: string;
  kind: NodeKind;
  label: string;
  created_at: number;
  metadata: string;
};

/** A bound text has 2 MB at most; a node a few kilobytes. */
const NODES_AT_ONCE = 200;
const KEYS_AT_ONCE = 20_000;

/**
 * Nodes and edges as rows; every method is synchronous. Lists go into a statement as one JSON text,
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
    for (const part of partsOf(nodes, NODES_AT_ONCE))
      this.#sql.exec(
        `INSERT INTO node (id, kind, label, created_at, is_known, metadata)
         SELECT value ->> 'node_id', value ->> 'node_type', value ->> 'label',
           value ->> 'created_at', 1, value -> 'metadata'
         FROM json_each(?) WHERE TRUE
         ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, label = excluded.label,
           created_at = iif(is_known, min(created_at, excluded.created_at), excluded.created_at),
           is_known = 1, metadata = excluded.metadata`,
        JSON.stringify(part),
      );
    return added;
  }

  /** Puts those that nothing has described; what the others are is known from elsewhere. */
  putGuests(nodes: readonly LineageNode[]): number {
    const known = this.known(nodes.map(({ node_id }) => node_id));
    return this.putNodes(nodes.filter(({ node_id }) => !known.has(node_id)));
  }

  /** Keeps a place for nodes that are there only as the end of an edge. */
  addUnknown(nodes: readonly LineageNode[]): void {
    for (const part of partsOf(nodes, NODES_AT_ONCE))
      this.#sql.exec(
        `INSERT INTO node (id, kind, label, created_at, is_known, metadata)
         SELECT value ->> 'node_id', value ->> 'node_type', value ->> 'label',
           value ->> 'created_at', 0, value -> 'metadata'
         FROM json_each(?) WHERE TRUE ON CONFLICT (id) DO NOTHING`,
        JSON.stringify(part),
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
    const gone = keys.filter((key) => !needed.has(key));
    this.#sql.exec(
      `UPDATE node SET is_known = 0, metadata = json_set(metadata, '$.deleted', json('true'))
       WHERE key IN (SELECT value FROM json_each(?))`,
      JSON.stringify([...needed]),
    );
    const list = JSON.stringify(gone);
    const of = "IN (SELECT value FROM json_each(?))";
    const sources = this.#sql
      .exec<{ key: number }>(
        `SELECT DISTINCT node.key FROM edge JOIN node ON node.key = edge.source
         WHERE edge.target ${of} AND node.metadata ->> 'deleted'`,
        list,
      )
      .toArray();
    this.#sql.exec(`DELETE FROM edge WHERE target ${of}`, list);
    this.#sql.exec(`DELETE FROM facet WHERE node ${of}`, list);
    this.#sql.exec(`DELETE FROM node WHERE key ${of}`, list);
    return sources.map(({ key }) => key);
  }

  /** Which of them are this end of some edge. */
  #withEdges(end: "source" | "target", keys: readonly number[]): Set<number> {
    const found = new Set<number>();
    for (const part of partsOf([...new Set(keys)], KEYS_AT_ONCE))
      for (const { key } of this.#sql.exec<{ key: number }>(
        `SELECT value AS key FROM json_each(?)
         WHERE EXISTS (SELECT 1 FROM edge WHERE edge.${end} = value)`,
        JSON.stringify(part),
      ))
        found.add(key);
    return found;
  }

  /** Those that are there. */
  keysOf(ids: readonly string[]): Map<string, number> {
    const keys = new Map<string, number>();
    for (const part of partsOf(ids, KEYS_AT_ONCE))
      for (const { id, key } of this.#sql.exec<{ id: string; key: number }>(
        "SELECT id, key FROM node WHERE id IN (SELECT value FROM json_each(?))",
        JSON.stringify(part),
      ))
        keys.set(id, key);
    return keys;
  }

  keyOf(id: string): number | undefined {
    return this.#sql.exec<{ key: number }>("SELECT key FROM node WHERE id = ?", id).toArray()[0]
      ?.key;
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
    for (const part of partsOf(links, KEYS_AT_ONCE))
      for (const { source, target } of this.#sql.exec<{ source: number; target: number }>(
        `INSERT INTO edge (source, target, is_fact)
         SELECT value ->> 0, value ->> 1, ? FROM json_each(?) WHERE TRUE
         ON CONFLICT (source, target) DO UPDATE SET is_fact = 0
           WHERE is_fact = 1 AND excluded.is_fact = 0
         RETURNING source, target`,
        isFact ? 1 : 0,
        JSON.stringify(part),
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
    return (keys, most) => linksOf(sql, query, JSON.stringify(keys), most);
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
    for (const part of partsOf(keys, KEYS_AT_ONCE))
      for (const row of this.#sql.exec<NodeRow>(
        `SELECT key, id, kind, label, created_at, metadata FROM node
         WHERE key IN (SELECT value FROM json_each(?))`,
        JSON.stringify(part),
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
    for (const part of partsOf(keys, KEYS_AT_ONCE))
      for (const { key, value } of this.#sql.exec<{ key: number; value: T }>(
        `SELECT key, ${name} AS value FROM node WHERE key IN (SELECT value FROM json_each(?))`,
        JSON.stringify(part),
      ))
        found.set(key, value);
    return found;
  }

  /** Those that something has described and nothing deleted. */
  known(ids: readonly string[]): Set<string> {
    const known = new Set<string>();
    for (const part of partsOf(ids, KEYS_AT_ONCE))
      for (const { id } of this.#sql.exec<{ id: string }>(
        "SELECT id FROM node WHERE is_known = 1 AND id IN (SELECT value FROM json_each(?))",
        JSON.stringify(part),
      ))
        known.add(id);
    return known;
  }
}

function* linksOf(sql: SqlStorage, query: string, keys: string, most: number) {
  for (const { near, far } of sql.exec<{ near: number; far: number }>(query, keys, most))
    yield [near, far] as const;
}

const nodeOf = ({ id, kind, label, created_at, metadata }: NodeRow): LineageNode => ({
  node_id: id,
  node_type: kind,
  label,
  created_at,
  metadata: JSON.parse(metadata) as { [name: string]: Json },
});

const partsOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  );
