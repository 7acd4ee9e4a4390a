import type {
  DatasetDefinition,
  DatasetVersionRecord,
  DatasetVersionSelector,
} from "../../contract/dataset-record.ts";
import type { ColumnProfile, Inspection } from "../../domain/datasets/inspection.ts";
import type { Schema } from "../../domain/datasets/schema.ts";

type DatasetRow = {
  definition: string;
  head: number | null;
  last_number: number;
  updated_at: number;
  archived_at: number | null;
  deleted_at: number | null;
};
export type DatasetState = Omit<DatasetRow, "definition"> & { definition: DatasetDefinition };
type VersionRow = {
  number: number;
  record: string;
  schema: string | null;
  warnings: string;
  pinned: number;
};
/** What is asked of every version at once: a record may hold a schema of a megabyte. */
export type VersionOutline = Pick<
  DatasetVersionRecord,
  | "version_id"
  | "version_number"
  | "size_bytes"
  | "created_at"
  | "parent_version_ids"
  | "pinned"
  | "tags"
>;
type OutlineRow = Omit<VersionOutline, "parent_version_ids" | "pinned" | "tags"> & {
  parents: string;
  pinned: number;
};
/** What of a version never changes. */
export type VersionFacts = Omit<DatasetVersionRecord, "pinned" | "tags">;

const LIVE = `SELECT number, record, schema, warnings,
  EXISTS (SELECT 1 FROM pin WHERE pin.number = version.number) AS pinned
  FROM version WHERE deleted_at IS NULL`;

/** A dataset's versions, head, tags and pins as rows; every method is synchronous. */
export class DatasetStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  create(definition: DatasetDefinition): void {
    this.#sql.exec(
      "INSERT INTO dataset (id, definition, last_number, updated_at) VALUES (?, ?, 0, ?) ON CONFLICT DO NOTHING",
      definition.dataset_id,
      JSON.stringify(definition),
      definition.created_at,
    );
  }

  /** Also of a dataset that was deleted, whose bytes may still have to go. */
  state(): DatasetState | undefined {
    const row = this.#sql.exec<DatasetRow>("SELECT * FROM dataset").toArray()[0];
    return row && { ...row, definition: JSON.parse(row.definition) as DatasetDefinition };
  }

  change(definition: DatasetDefinition, now: number): void {
    this.#sql.exec(
      "UPDATE dataset SET definition = ?, updated_at = ?",
      JSON.stringify(definition),
      now,
    );
  }

  archive(at: number | null, now: number): void {
    this.#sql.exec("UPDATE dataset SET archived_at = ?, updated_at = ?", at, now);
  }

  markDeleted(now: number): void {
    this.#sql.exec("UPDATE dataset SET deleted_at = ?, head = NULL", now);
    for (const table of ["tag", "pin", "claim"]) this.#sql.exec(`DELETE FROM ${table}`);
    this.#sql.exec("UPDATE version SET deleted_at = ? WHERE deleted_at IS NULL", now);
  }

  /** Times never go back, so that `as_of` has one answer. */
  nextTime(now: number): number {
    const { at } = this.#sql
      .exec<{ at: number | null }>("SELECT MAX(at) AS at FROM head_change")
      .one();
    return Math.max(now, (at ?? 0) + 1);
  }

  addVersion(facts: VersionFacts, { schema, warnings, columns }: Inspection): void {
    const { version_number } = facts;
    this.#sql.exec(
      `INSERT INTO version (number, id, content_hash, created_at, size_bytes, record, schema, warnings)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
      version_number,
      facts.version_id,
      facts.content_hash,
      facts.created_at,
      facts.size_bytes,
      JSON.stringify(facts),
      schema && JSON.stringify(schema),
      JSON.stringify(warnings.slice(0, 100)),
    );
    for (const [position, profile] of columns.entries())
      this.#sql.exec(
        "INSERT INTO column_profile VALUES (?, ?, ?)",
        version_number,
        position,
        JSON.stringify(profile),
      );
    this.#sql.exec("UPDATE dataset SET last_number = ?", version_number);
  }

  moveHead(number: number, at: number): void {
    this.#sql.exec("UPDATE dataset SET head = ?, updated_at = ?", number, at);
    this.#sql.exec("INSERT INTO head_change (number, at) VALUES (?, ?)", number, at);
  }

  removeVersion(number: number, now: number): void {
    this.#sql.exec("UPDATE version SET deleted_at = ? WHERE number = ?", now, number);
    this.#sql.exec("DELETE FROM column_profile WHERE number = ?", number);
    this.#sql.exec("DELETE FROM head_change WHERE number = ?", number);
    this.#sql.exec("UPDATE dataset SET updated_at = ?", now);
  }

  select(selector: DatasetVersionSelector): DatasetVersionRecord | undefined {
    const { version_id, version_number, tag, as_of } = selector;
    if (version_id !== undefined) return this.#one("id = ?", version_id);
    if (version_number !== undefined) return this.#one("number = ?", version_number);
    if (tag !== undefined) return this.#one("number = (SELECT number FROM tag WHERE tag = ?)", tag);
    if (as_of !== undefined)
      return this.#one(
        `number = (SELECT number FROM head_change WHERE at <= ? ORDER BY at DESC, sequence DESC LIMIT 1)`,
        as_of,
      );
    return this.#one("number = (SELECT head FROM dataset)");
  }

  /** The id of a version that was deleted. */
  removedId(number: number): string | undefined {
    return this.#sql
      .exec<{ id: string }>(
        "SELECT id FROM version WHERE number = ? AND deleted_at IS NOT NULL",
        number,
      )
      .toArray()[0]?.id;
  }

  withContent(content_hash: string): DatasetVersionRecord | undefined {
    return this.#one("content_hash = ?", content_hash);
  }

  /** Newest first. */
  versions(before: number | undefined, limit: number): DatasetVersionRecord[] {
    return this.#sql
      .exec<VersionRow>(
        `${LIVE} AND number < ? ORDER BY number DESC LIMIT ?`,
        before ?? Number.MAX_SAFE_INTEGER,
        limit,
      )
      .toArray()
      .map((row) => this.#record(row));
  }

  /** In the order of their numbers. */
  idsAfter(number: number, limit: number): { version_id: string; version_number: number }[] {
    return this.#sql
      .exec<{ version_id: string; version_number: number }>(
        `SELECT id AS version_id, number AS version_number FROM version
         WHERE deleted_at IS NULL AND number > ? ORDER BY number LIMIT ?`,
        number,
        limit,
      )
      .toArray();
  }

  /** Of all versions, newest first. */
  outlines(): VersionOutline[] {
    return this.#sql
      .exec<OutlineRow>(
        `SELECT id AS version_id, number AS version_number, size_bytes, created_at,
           EXISTS (SELECT 1 FROM pin WHERE pin.number = version.number) AS pinned,
           record -> 'parent_version_ids' AS parents
         FROM version WHERE deleted_at IS NULL ORDER BY number DESC`,
      )
      .toArray()
      .map(({ parents, pinned, ...outline }) => ({
        ...outline,
        pinned: pinned === 1,
        tags: this.#tagsOf(outline.version_number),
        parent_version_ids: JSON.parse(parents) as string[],
      }));
  }

  count(): number {
    return this.#sql
      .exec<{ versions: number }>(
        "SELECT COUNT(*) AS versions FROM version WHERE deleted_at IS NULL",
      )
      .one().versions;
  }

  inspection(number: number): Inspection & { row_count: number | null } {
    const row = this.#sql.exec<VersionRow>(`${LIVE} AND number = ?`, number).toArray()[0];
    const columns = this.#sql
      .exec<{ profile: string }>(
        "SELECT profile FROM column_profile WHERE number = ? ORDER BY position",
        number,
      )
      .toArray()
      .map(({ profile }) => JSON.parse(profile) as ColumnProfile);
    return {
      schema: row?.schema ? (JSON.parse(row.schema) as Schema) : null,
      warnings: row ? (JSON.parse(row.warnings) as string[]) : [],
      row_count: row ? (JSON.parse(row.record) as VersionFacts).row_count : null,
      columns,
    };
  }

  tags(): { tag: string; version_number: number; updated_at: number }[] {
    return this.#sql
      .exec<{ tag: string; version_number: number; updated_at: number }>(
        "SELECT tag, number AS version_number, updated_at FROM tag ORDER BY tag",
      )
      .toArray();
  }

  putTag(tag: string, number: number, now: number): void {
    this.#sql.exec(
      "INSERT INTO tag VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET number = excluded.number, updated_at = excluded.updated_at",
      tag,
      number,
      now,
    );
  }

  removeTag(tag: string): boolean {
    return this.#sql.exec("DELETE FROM tag WHERE tag = ? RETURNING tag", tag).toArray().length > 0;
  }

  pin(number: number, pinned: boolean): void {
    this.#sql.exec(
      pinned
        ? "INSERT INTO pin VALUES (?) ON CONFLICT DO NOTHING"
        : "DELETE FROM pin WHERE number = ?",
      number,
    );
  }

  #one(where: string, ...bindings: (string | number)[]): DatasetVersionRecord | undefined {
    const row = this.#sql.exec<VersionRow>(`${LIVE} AND ${where}`, ...bindings).toArray()[0];
    return row && this.#record(row);
  }

  #record({ number, record, pinned }: VersionRow): DatasetVersionRecord {
    const tags = this.#tagsOf(number);
    return { ...(JSON.parse(record) as VersionFacts), pinned: pinned === 1, tags };
  }

  #tagsOf(number: number): string[] {
    return this.#sql
      .exec<{ tag: string }>("SELECT tag FROM tag WHERE number = ? ORDER BY tag", number)
      .toArray()
      .map(({ tag }) => tag);
  }
}
