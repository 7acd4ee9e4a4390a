import type {
  AcceptedVersion,
  AliasRecord,
  CaptureSetting,
  VersionRecord,
} from "../../contract/model-lease.ts";
import { DEFAULT_KEPT_DAYS } from "../../contract/prediction-log.ts";
import type { Derivation } from "../../domain/models/derivation.ts";
import type { ModelDetails } from "../../domain/models/details.ts";
import type { Signature } from "../../domain/tensors/tensor.ts";

const HISTORY_SHOWN = 100;
const NO_CAPTURE: CaptureSetting = {
  rate: 0,
  kept_days: DEFAULT_KEPT_DAYS,
  updated_at: null,
  updated_by: null,
};

type VersionRow = Omit<VersionRecord, "signature" | "derived_from" | "details"> & {
  signature: string;
  derived_from: string | null;
  details: string | null;
};
type Alias = { alias: string; version: number; updated_at: number };

/** One model's versions, aliases, claims and uploads as rows; every method is synchronous. */
export class ModelStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  identify(id: string): void {
    this.#sql.exec("INSERT INTO model (id) VALUES (?) ON CONFLICT DO NOTHING", id);
  }

  /** Undefined before the first write and after deletion. */
  id(): string | undefined {
    return this.#sql
      .exec<{ id: string }>("SELECT id FROM model WHERE deleted_at IS NULL")
      .toArray()[0]?.id;
  }

  /** The id even of a deleted model, whose bytes may still have to go. */
  lastId(): string | undefined {
    return this.#sql.exec<{ id: string }>("SELECT id FROM model").toArray()[0]?.id;
  }

  markDeleted(at: number): void {
    this.#sql.exec("UPDATE model SET deleted_at = ?", at);
    this.#sql.exec("DELETE FROM version");
  }

  addVersion(accepted: AcceptedVersion, at: number): VersionRecord {
    const { derived_from = null, details = null } = accepted;
    const { version } = this.#sql
      .exec<{ version: number }>(
        `INSERT INTO version
           (sha256, size_bytes, signature, description, created_at, created_by, derived_from, details)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING version`,
        accepted.sha256,
        accepted.size_bytes,
        JSON.stringify(accepted.signature),
        accepted.description,
        at,
        accepted.created_by,
        derived_from && JSON.stringify(derived_from),
        details && JSON.stringify(details),
      )
      .one();
    return { ...accepted, version, created_at: at, derived_from, details };
  }

  version(version: number): VersionRecord | undefined {
    return this.#versions("SELECT * FROM version WHERE version = ?", version)[0];
  }

  versionOf(sha256: string): VersionRecord | undefined {
    return this.#versions("SELECT * FROM version WHERE sha256 = ?", sha256)[0];
  }

  latestVersion(): VersionRecord | undefined {
    return this.#versions("SELECT * FROM version ORDER BY version DESC LIMIT 1")[0];
  }

  versions(): VersionRecord[] {
    return this.#versions("SELECT * FROM version");
  }

  deleteVersion(version: number): void {
    this.#sql.exec("DELETE FROM version WHERE version = ?", version);
  }

  #versions(query: string, ...bindings: (string | number)[]): VersionRecord[] {
    return this.#sql
      .exec<VersionRow>(query, ...bindings)
      .toArray()
      .map((row) => ({
        ...row,
        signature: JSON.parse(row.signature) as Signature,
        derived_from:
          row.derived_from === null ? null : (JSON.parse(row.derived_from) as Derivation),
        details: row.details === null ? null : (JSON.parse(row.details) as ModelDetails),
      }));
  }

  alias(alias: string): Alias | undefined {
    return this.#sql.exec<Alias>("SELECT * FROM alias WHERE alias = ?", alias).toArray()[0];
  }

  aliasesOf(version: number): string[] {
    return this.#sql
      .exec<Alias>("SELECT * FROM alias WHERE version = ? ORDER BY alias", version)
      .toArray()
      .map(({ alias }) => alias);
  }

  aliases(): string[] {
    return this.#sql
      .exec<Alias>("SELECT * FROM alias ORDER BY alias")
      .toArray()
      .map(({ alias }) => alias);
  }

  /** Points the alias at `version`, or removes it with null, and notes it in the history. */
  moveAlias(alias: string, version: number | null, at: number, by: string): void {
    const previous = this.alias(alias)?.version ?? null;
    if (version === null) this.#sql.exec("DELETE FROM alias WHERE alias = ?", alias);
    else
      this.#sql.exec(
        "INSERT OR REPLACE INTO alias (alias, version, updated_at) VALUES (?, ?, ?)",
        alias,
        version,
        at,
      );
    this.#sql.exec(
      "INSERT INTO alias_change (alias, version, previous_version, at, by) VALUES (?, ?, ?, ?, ?)",
      alias,
      version,
      previous,
      at,
      by,
    );
  }

  /** Newest first. */
  history(alias: string): AliasRecord["history"] {
    return this.#sql
      .exec<AliasRecord["history"][number]>(
        `SELECT version, previous_version, at, by FROM alias_change
         WHERE alias = ? ORDER BY sequence DESC LIMIT ?`,
        alias,
        HISTORY_SHOWN,
      )
      .toArray();
  }

  capture(): CaptureSetting {
    const [set] = this.#sql
      .exec<CaptureSetting>("SELECT rate, kept_days, updated_at, updated_by FROM capture")
      .toArray();
    return set ?? NO_CAPTURE;
  }

  putCapture({ rate, kept_days, updated_at, updated_by }: CaptureSetting): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO capture (only, rate, kept_days, updated_at, updated_by)
       VALUES (1, ?, ?, ?, ?)`,
      rate,
      kept_days,
      updated_at,
      updated_by,
    );
  }

  claim(experimentId: string, version: number): void {
    this.#sql.exec(
      "INSERT INTO claim (experiment_id, version) VALUES (?, ?) ON CONFLICT DO NOTHING",
      experimentId,
      version,
    );
  }

  /** Drops the experiment's claims, but for one on `kept`. */
  release(experimentId: string, kept: number | null): void {
    this.#sql.exec(
      "DELETE FROM claim WHERE experiment_id = ? AND version IS NOT ?",
      experimentId,
      kept,
    );
  }

  /** Experiments that use the version, or any version. */
  claimants(version?: number): string[] {
    return this.#sql
      .exec<{ experiment_id: string }>(
        "SELECT DISTINCT experiment_id FROM claim WHERE ?1 IS NULL OR version = ?1 ORDER BY 1",
        version ?? null,
      )
      .toArray()
      .map(({ experiment_id }) => experiment_id);
  }

  putUpload(id: string, sha256: string | null, expires_at: number): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO upload (id, sha256, expires_at) VALUES (?, ?, ?)",
      id,
      sha256,
      expires_at,
    );
  }

  deleteUpload(id: string): { sha256: string | null } | undefined {
    return this.#sql
      .exec<{ sha256: string | null }>("DELETE FROM upload WHERE id = ? RETURNING sha256", id)
      .toArray()[0];
  }

  /** Whether these bytes are kept from being swept for this upload. */
  reserved(id: string, sha256: string): boolean {
    return (
      this.#sql.exec("SELECT 1 FROM upload WHERE id = ? AND sha256 = ?", id, sha256).toArray()
        .length > 0
    );
  }

  expiredUploads(now: number): string[] {
    return this.#sql
      .exec<{ id: string }>("SELECT id FROM upload WHERE expires_at <= ?", now)
      .toArray()
      .map(({ id }) => id);
  }

  nextUploadExpiry(): number | null {
    return this.#sql.exec<{ at: number | null }>("SELECT MIN(expires_at) AS at FROM upload").one()
      .at;
  }

  /** Whether some version or some upload that is being accepted still needs these bytes. */
  needs(sha256: string): boolean {
    return (
      this.#sql
        .exec<{ needed: number }>(
          `SELECT EXISTS (SELECT 1 FROM version WHERE sha256 = ?1)
             OR EXISTS (SELECT 1 FROM upload WHERE sha256 = ?1) AS needed`,
          sha256,
        )
        .one().needed === 1
    );
  }
}
