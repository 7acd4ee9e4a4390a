import type { Json } from "../../domain/datasets/table.ts";
import type { ToldFacet } from "../../domain/lineage/openlineage/facts.ts";
import type { GraphStore } from "./graph-store.ts";
import { Room } from "./room.ts";

/** Of a node. */
const MOST_FACETS = 128;

/** What OpenLineage has told of nodes, as rows; every method is synchronous. */
export class FacetStore {
  readonly #sql: SqlStorage;
  readonly #nodes: GraphStore;

  constructor(sql: SqlStorage, nodes: GraphStore) {
    this.#sql = sql;
    this.#nodes = nodes;
  }

  /** Of two of one name the later one holds; of a node's the first by name are kept. */
  put(facets: readonly ToldFacet[]): void {
    const keys = this.#nodes.keysOf([...new Set(facets.map(({ node_id }) => node_id))]);
    for (const { node_id, name, at, body } of facets)
      this.#sql.exec(
        `INSERT INTO facet (node, name, at, body) VALUES (?, ?, ?, ?)
         ON CONFLICT (node, name) DO UPDATE SET at = excluded.at, body = excluded.body
           WHERE (excluded.at, excluded.body) > (facet.at, facet.body)`,
        keys.get(node_id) ?? null,
        name,
        at,
        body,
      );
    for (const key of keys.values())
      this.#sql.exec(
        `DELETE FROM facet WHERE node = ?1 AND name IN (
           SELECT name FROM facet WHERE node = ?1 ORDER BY name LIMIT -1 OFFSET ${MOST_FACETS})`,
        key,
      );
  }

  /** What finds no room is named, with its size. */
  of(node_id: string, room = new Room()): { [name: string]: Json } {
    const key = this.#nodes.keyOf(node_id);
    if (key === undefined) return {};
    const rows = this.#sql.exec<{ name: string; body: string }>(
      "SELECT name, body FROM facet WHERE node = ? ORDER BY name",
      key,
    );
    return Object.fromEntries(
      [...rows].map(({ name, body }): [string, Json] => [
        name,
        room.takes(name.length + body.length)
          ? (JSON.parse(body) as Json)
          : { _left_out: `${body.length} characters` },
      ]),
    );
  }
}
