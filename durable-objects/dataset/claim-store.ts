import type { Claimant, OtherUse } from "../../contract/dataset-record.ts";

/** Of those that use one version. */
const MOST_NAMED = 1_000;

/**
 * Who uses which version, which then stays. Consumers of two owners may have one id, and each of
 * them its claim; the owner is empty where it was not noted. Every method is synchronous.
 */
export class ClaimStore {
  readonly #sql: SqlStorage;
  readonly #graphOf: (owner_id: string) => string;

  /** `graphOf`: the id of the actor that holds an owner's graph. */
  constructor(sql: SqlStorage, graphOf: (owner_id: string) => string) {
    this.#sql = sql;
    this.#graphOf = graphOf;
  }

  /** Repeating it changes nothing. */
  put(number: number, consumer: string, of: Claimant): void {
    this.#sql.exec(
      "INSERT INTO claim VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
      number,
      consumer,
      this.#ownerOf(of, number, consumer),
    );
  }

  remove(number: number, consumer: string, of: Claimant): void {
    this.#sql.exec(
      "DELETE FROM claim WHERE number = ? AND consumer = ? AND owner_id IN ('', ?)",
      number,
      consumer,
      this.#ownerOf(of, number, consumer),
    );
  }

  /** A graph does not know its owner: it is one of those with such a claim. */
  #ownerOf(of: Claimant, number: number, consumer: string): string {
    if ("owner_id" in of) return of.owner_id;
    const owners = this.#sql
      .exec<{ owner_id: string }>(
        "SELECT owner_id FROM claim WHERE number = ? AND consumer = ? AND owner_id <> ''",
        number,
        consumer,
      )
      .toArray();
    return owners.find(({ owner_id }) => this.#graphOf(owner_id) === of.graph)?.owner_id ?? "";
  }

  /** The oldest versions first. */
  usesByOthers(owner_id: string, version_ids: readonly string[], limit: number): OtherUse[] {
    return this.#sql
      .exec<OtherUse>(
        `SELECT version.id AS version_id, claim.consumer AS node_id, claim.owner_id = '' AS unsure
         FROM claim JOIN version ON version.number = claim.number
         WHERE version.deleted_at IS NULL AND claim.owner_id <> ?
           AND version.id IN (SELECT value FROM json_each(?))
         ORDER BY claim.number, claim.consumer LIMIT ?`,
        owner_id,
        JSON.stringify(version_ids),
        limit,
      )
      .toArray();
  }

  usedBy(number: number): string[] {
    return this.#consumers("claim.number = ?", number);
  }

  /** Who else than a version of this dataset uses it. */
  usedByOthers(number: number): string[] {
    return this.#consumers(
      `claim.number = ? AND NOT EXISTS (
         SELECT 1 FROM version WHERE version.id = consumer AND deleted_at IS NULL)`,
      number,
    );
  }

  #consumers(where: string, number: number): string[] {
    return this.#sql
      .exec<{ consumer: string }>(
        `SELECT DISTINCT consumer FROM claim WHERE ${where} ORDER BY consumer LIMIT ${MOST_NAMED}`,
        number,
      )
      .toArray()
      .map(({ consumer }) => consumer);
  }
}
