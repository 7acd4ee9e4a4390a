import type {
  CommittedVersion,
  DatasetRefusal,
  IngestedFile,
  NewDatasetVersion,
} from "../../contract/dataset-record.ts";
import { packSegment, unpackSegment } from "../../domain/datasets/chunks/segments.ts";
import type { ChunkRef, Recipe } from "../../domain/datasets/chunks/recipe.ts";
import type { Result } from "../../domain/result.ts";
import { utf8Encode } from "../../domain/text/utf8.ts";

export type UploadStatus = "open" | "checking" | "done" | "failed";
/** What is known of a file once it was read, beside its recipe and its packs. */
export type ReadFile = Omit<IngestedFile, "recipe" | "packs">;
export type Outcome = Result<CommittedVersion, DatasetRefusal>;
export type Upload = {
  id: string;
  status: UploadStatus;
  terms: NewDatasetVersion;
  file: ReadFile | null;
  result: Outcome | null;
  /** Versions of other datasets that were claimed for what it is to become. */
  claimed: { version_id: string; consumer: string }[];
  failures: number;
  /** When its next step is due; null while it waits for its client. */
  due_at: number | null;
  expires_at: number;
};
/** What of it may be long: a file has up to 2,000 columns, and each its profile. */
type Facts = Pick<Upload, "terms" | "file" | "result" | "claimed">;
type Row = Omit<Upload, keyof Facts>;
type PartRow = { chunks: number; size_bytes: number; bytes: ArrayBuffer };

/** Chunks in one value, which may have 2 MB; each takes 36 bytes. */
const PART = 32_768;
const FACTS_PART_BYTES = 1_000_000;

/** Files that are coming in; every method is synchronous. */
export class UploadStore {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get(id: string): Upload | undefined {
    const row = this.#sql.exec<Row>("SELECT * FROM upload WHERE id = ?", id).toArray()[0];
    return row && { ...row, ...this.#facts(id) };
  }

  put({ terms, file, result, claimed, ...row }: Upload): void {
    this.#sql.exec(
      "INSERT OR REPLACE INTO upload (id, status, failures, due_at, expires_at) VALUES (?, ?, ?, ?, ?)",
      row.id,
      row.status,
      row.failures,
      row.due_at,
      row.expires_at,
    );
    this.#putFacts(row.id, { terms, file, result, claimed });
  }

  remove(id: string): void {
    this.#sql.exec("DELETE FROM upload WHERE id = ?", id);
    this.#sql.exec("DELETE FROM upload_facts WHERE upload_id = ?", id);
    this.dropRecipe(id);
  }

  due(now: number): Row[] {
    return this.#sql
      .exec<Row>("SELECT * FROM upload WHERE due_at <= ?1 OR expires_at <= ?1", now)
      .toArray();
  }

  ids(): string[] {
    return this.#sql
      .exec<{ id: string }>("SELECT id FROM upload")
      .toArray()
      .map(({ id }) => id);
  }

  nextDue(): number | null {
    return this.#sql
      .exec<{ at: number | null }>(
        "SELECT MIN(MIN(COALESCE(due_at, expires_at), expires_at)) AS at FROM upload",
      )
      .one().at;
  }

  /** How many chunks were declared, and their bytes. */
  declared(id: string): { chunks: number; size_bytes: number } {
    return this.#sql
      .exec<{ chunks: number; size_bytes: number }>(
        `SELECT COALESCE(SUM(chunks), 0) AS chunks, COALESCE(SUM(size_bytes), 0) AS size_bytes
         FROM recipe_part WHERE upload_id = ?`,
        id,
      )
      .one();
  }

  /**
   * Puts chunks at their place; other chunks that were there or behind it are forgotten. Refused
   * where they leave a gap before them, or lie beyond the end of a file of `size_bytes`.
   */
  declare(
    id: string,
    at: number,
    chunks: readonly ChunkRef[],
    size_bytes: number,
  ): "declared" | "gap" | "beyond_end" {
    const declared = this.declared(id);
    if (at > declared.chunks) return "gap";
    const all = at < declared.chunks ? this.recipe(id) : null;
    if (all && isPartOf(all, at, chunks)) return "declared";
    const before = all?.slice(0, at);
    const start = before ? bytesOf(before) : declared.size_bytes;
    if (start + bytesOf(chunks) > size_bytes) return "beyond_end";
    if (before) this.putRecipe(id, before);
    this.#append(id, at, chunks);
    return "declared";
  }

  /**
   * Notes chunks that a file need not send whose recipe is told once it was read: they take the
   * place of the recipe until then.
   */
  relyOn(id: string, chunks: readonly ChunkRef[]): void {
    this.#append(id, this.declared(id).chunks, chunks);
  }

  /** Chunks that any file that is coming in has, or was told that it need not send; a part at a time. */
  *reliedOn(): Generator<Recipe> {
    const parts = this.#sql
      .exec<{ id: string; start: number }>(
        `SELECT upload_id AS id, start FROM recipe_part
         WHERE upload_id IN (SELECT id FROM upload WHERE status IN ('open', 'checking'))`,
      )
      .toArray();
    for (const { id, start } of parts)
      yield this.#sql
        .exec<PartRow>(
          "SELECT chunks, size_bytes, bytes FROM recipe_part WHERE upload_id = ? AND start = ?",
          id,
          start,
        )
        .toArray()
        .flatMap((part) => unpacked(id, part));
  }

  recipe(id: string): Recipe {
    return this.#sql
      .exec<PartRow>(
        "SELECT chunks, size_bytes, bytes FROM recipe_part WHERE upload_id = ? ORDER BY start",
        id,
      )
      .toArray()
      .flatMap((part) => unpacked(id, part));
  }

  putRecipe(id: string, recipe: Recipe): void {
    this.dropRecipe(id);
    this.#append(id, 0, recipe);
  }

  dropRecipe(id: string): void {
    this.#sql.exec("DELETE FROM recipe_part WHERE upload_id = ?", id);
  }

  #append(id: string, at: number, chunks: readonly ChunkRef[]): void {
    for (let from = 0; from < chunks.length; from += PART) {
      const part = chunks.slice(from, from + PART);
      this.#sql.exec(
        "INSERT INTO recipe_part VALUES (?, ?, ?, ?, ?)",
        id,
        at + from,
        part.length,
        bytesOf(part),
        packSegment(part),
      );
    }
  }

  #putFacts(id: string, facts: Facts): void {
    this.#sql.exec("DELETE FROM upload_facts WHERE upload_id = ?", id);
    const bytes = utf8Encode(JSON.stringify(facts));
    for (let at = 0; at < bytes.length; at += FACTS_PART_BYTES)
      this.#sql.exec(
        "INSERT INTO upload_facts VALUES (?, ?, ?)",
        id,
        at,
        bytes.slice(at, at + FACTS_PART_BYTES),
      );
  }

  #facts(id: string): Facts {
    const parts = this.#sql
      .exec<{ bytes: ArrayBuffer }>(
        "SELECT bytes FROM upload_facts WHERE upload_id = ? ORDER BY start",
        id,
      )
      .toArray();
    const decoder = new TextDecoder();
    const texts = parts.map(({ bytes }) => decoder.decode(bytes, { stream: true }));
    return JSON.parse(texts.join("")) as Facts;
  }
}

const unpacked = (id: string, { bytes, ...part }: PartRow): Recipe =>
  unpackSegment(new Uint8Array(bytes), { sha256: id, ...part });

const bytesOf = (chunks: readonly ChunkRef[]): number =>
  chunks.reduce((sum, { length }) => sum + length, 0);

const isPartOf = (recipe: Recipe, at: number, chunks: readonly ChunkRef[]): boolean =>
  chunks.every(({ sha256, length }, offset) => {
    const there = recipe[at + offset];
    return there?.sha256 === sha256 && there.length === length;
  });
