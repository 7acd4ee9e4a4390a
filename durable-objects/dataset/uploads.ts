import type {
  DatasetRefusal,
  NewDatasetVersion,
  Pack,
  UploadRecord,
} from "../../contract/dataset-record.ts";
import type { ExpectedFile } from "../../contract/dataset-work.ts";
import { packPrefix } from "../../contract/dataset-record.ts";
import type { ChunkRef } from "../../domain/datasets/chunks/recipe.ts";
import type { DatasetProblem } from "../../domain/datasets/dataset-fault.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { type Commits, type Parts, PATIENCE_MS } from "./commits.ts";
import { sweep } from "./follow-up.ts";
import { followsOf, refusalOf } from "./refusal-of.ts";

/** Chunks of one file: their recipe is in memory as a whole. */
const MOST_CHUNKS = 2 ** 18;

/** Files that are coming in, from their beginning to when they are handed over to become versions. */
export class Uploads {
  readonly #env: Env;
  readonly #storage: DurableObjectStorage;
  readonly #parts: Parts;
  readonly #commits: Commits;

  constructor(env: Env, storage: DurableObjectStorage, parts: Parts, commits: Commits) {
    this.#env = env;
    this.#storage = storage;
    this.#parts = parts;
    this.#commits = commits;
  }

  begin(id: string, terms: NewDatasetVersion, now: number): Result<UploadRecord, DatasetRefusal> {
    const { uploads } = this.#parts;
    if (uploads.get(id)) return this.describe(id);
    const refusal = refusalOf(this.#parts.store, terms, terms.schema ?? null);
    if (refusal) return fail(refusal);
    uploads.put({
      id,
      status: "open",
      terms,
      file: null,
      result: null,
      claimed: [],
      failures: 0,
      due_at: null,
      expires_at: now + PATIENCE_MS,
    });
    return this.describe(id);
  }

  /** What the file of an upload has to be that has not ended, if it could be the next version. */
  expected(id: string): Result<ExpectedFile, DatasetRefusal> {
    const { store, uploads } = this.#parts;
    const upload = uploads.get(id);
    const state = store.state();
    if (!upload || upload.result || !state) return fail({ code: "upload_not_found" });
    const { size_bytes, read_options } = upload.terms;
    const refusal = refusalOf(store, upload.terms, null);
    if (refusal) return fail(refusal);
    // A file of no known size is written here, and not by a client.
    if (size_bytes === null) return fail({ code: "upload_not_found" });
    const { format } = state.definition;
    return ok({ format, read_options, size_bytes, follows: followsOf(store) });
  }

  isOpen(id: string): boolean {
    return this.#parts.uploads.get(id)?.status === "open";
  }

  describe(id: string): Result<UploadRecord, DatasetRefusal> {
    const { uploads, chunks } = this.#parts;
    const upload = uploads.get(id);
    if (!upload) return fail({ code: "upload_not_found" });
    const { status, terms, result, expires_at } = upload;
    const recipe = status === "open" ? uploads.recipe(id) : [];
    const declared = uploads.declared(id);
    return ok({
      upload_id: id,
      status,
      size_bytes: terms.size_bytes,
      declared_bytes: declared.size_bytes,
      declared_chunks: declared.chunks,
      missing_chunks: new Set(
        chunks.missing(recipe.map(({ sha256 }) => sha256)).map((at) => recipe[at]?.sha256),
      ).size,
      result: result?.ok ? result.value : null,
      refusal: result && !result.ok ? result.error : null,
      expires_at,
    });
  }

  declare(id: string, at: number, refs: ChunkRef[]): Result<number[], DatasetRefusal> {
    const { uploads, chunks } = this.#parts;
    const upload = uploads.get(id);
    if (upload?.status !== "open") return fail({ code: "upload_not_found" });
    if (at + refs.length > MOST_CHUNKS)
      return refused(
        `a file has at most ${MOST_CHUNKS} chunks, and this one has more: cut it into longer ones`,
        "chunks",
      );
    // A file of no known size is written here, and not by a client.
    const size_bytes = upload.terms.size_bytes ?? 0;
    const outcome = this.#storage.transactionSync(() => uploads.declare(id, at, refs, size_bytes));
    if (outcome === "beyond_end")
      return refused(
        `the file has ${size_bytes} bytes, and these chunks lie beyond its end: declare no more than it has`,
        "chunks",
      );
    if (outcome === "gap")
      return refused(
        `the first of these is chunk ${at}, and ${uploads.declared(id).chunks} were declared before it: declare chunks in order`,
        "at",
      );
    return ok(chunks.missing(refs.map(({ sha256 }) => sha256)));
  }

  /** Which of these chunks are to be stored, as positions; the others stay until the upload ends. */
  missing(id: string, sha256s: string[]): number[] {
    const { uploads, chunks } = this.#parts;
    const found = chunks.lengths(sha256s);
    const refs = [...found].map(([sha256, length]) => ({ sha256, length }));
    if (this.isOpen(id)) this.#storage.transactionSync(() => uploads.relyOn(id, refs));
    return [...sha256s.keys()].filter((at) => !found.has(sha256s[at] ?? ""));
  }

  addPack(id: string, pack: Pack): Result<null, DatasetRefusal> {
    const { uploads, packs, effects } = this.#parts;
    if (uploads.get(id)?.status !== "open") {
      // Its object came after everything else of the upload was swept.
      effects.add(`upload:${id}`, Date.now());
      return fail({ code: "upload_not_found" });
    }
    this.#storage.transactionSync(() => packs.add(id, pack));
    return ok(null);
  }

  /** Hands the declared file over to be read. */
  check(id: string, now: number): Result<UploadRecord, DatasetRefusal> {
    const { uploads, chunks } = this.#parts;
    const upload = uploads.get(id);
    if (!upload) return fail({ code: "upload_not_found" });
    if (upload.status !== "open") return this.describe(id);
    const declared = uploads.declared(id).size_bytes;
    if (declared !== upload.terms.size_bytes)
      return refused(
        `the file has ${upload.terms.size_bytes} bytes, and chunks of ${declared} bytes were declared`,
        "size_bytes",
      );
    const recipe = uploads.recipe(id);
    const missing = chunks.unlike(recipe);
    if (missing > 0) return fail({ code: "upload_incomplete", missing });
    uploads.put({ ...upload, status: "checking", due_at: now });
    return this.describe(id);
  }

  nextDue(): number | null {
    return this.#parts.uploads.nextDue();
  }

  /** Takes up what is due: files to be read, and uploads whose clients have gone. */
  async work(now: number): Promise<void> {
    for (const { id, status, expires_at } of this.#parts.uploads.due(now)) {
      if (status === "checking") await this.#commits.read(id);
      else if (expires_at <= now) this.#storage.transactionSync(() => this.end(id, now));
    }
  }

  end(id: string, now: number): void {
    const { uploads, compaction, effects } = this.#parts;
    const upload = uploads.get(id);
    if (!upload) return;
    this.#commits.giveBack(upload, now);
    uploads.remove(id);
    effects.add(`upload:${id}`, now);
    compaction.tidy(now);
  }

  /** Only what has not come to an end; what became of the others can still be asked. */
  cancel(id: string, now: number): void {
    const { uploads, effects } = this.#parts;
    const status = uploads.get(id)?.status;
    if (status === "open" || status === "checking") this.end(id, now);
    else effects.add(`upload:${id}`, now);
  }

  endAll(now: number): void {
    for (const id of this.#parts.uploads.ids()) this.end(id, now);
  }

  /** Removes what the upload left in R2 and no pack tells of; nothing while it takes more. */
  async sweep(id: string): Promise<void> {
    const { store, uploads, packs } = this.#parts;
    const state = store.state();
    if (!state) return;
    const prefix = packPrefix(state.definition.dataset_id, id);
    await sweep(this.#env, prefix, () =>
      uploads.get(id)?.status === "open" ? null : new Set(packs.keysOf(id, prefix)),
    );
  }
}

const refused = (message: string, field: string): Result<never, DatasetRefusal> => {
  const problem: DatasetProblem = { code: "option_invalid", message, field };
  return fail({ code: "data_refused", problem });
};
