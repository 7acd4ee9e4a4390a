import type {
  Claimant,
  CommittedVersion,
  DatasetEvent,
  DatasetVersionRecord,
  IngestedFile,
  StoredFile,
} from "../../contract/dataset-record.ts";
import type { DataError } from "../../contract/dataset-work.ts";
import { unpackSegment } from "../../domain/datasets/chunks/segments.ts";
import type { Inspection } from "../../domain/datasets/inspection.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import type { Effects } from "../shared/effects.ts";
import { claimVersion, releaseVersion } from "../shared/version-claims.ts";
import type { ChunkStore } from "./chunk-store.ts";
import type { Compaction } from "./compaction.ts";
import type { DatasetStore, VersionFacts } from "./dataset-store.ts";
import type { EventStore } from "./event-store.ts";
import { type Identified, identifyVersion } from "./identify-version.ts";
import { claimParents } from "./parents.ts";
import { refusalOf } from "./refusal-of.ts";
import type { PackStore } from "./pack-store.ts";
import type { Outcome, ReadFile, Upload, UploadStore } from "./upload-store.ts";

/** How long an upload waits for its client, and its outcome can be read, in milliseconds. */
export const PATIENCE_MS = 86_400_000;
/** When a commit is taken up again that nothing has been heard of. */
const COMMIT_MS = 60_000;
const MOST_FAILURES = 6;
const FIRST_RETRY_MS = 1_000;

export type NamedVersion = Pick<DatasetVersionRecord, "version_id" | "version_number">;
export type Parts = {
  store: DatasetStore;
  chunks: ChunkStore;
  packs: PackStore;
  uploads: UploadStore;
  compaction: Compaction;
  events: EventStore;
  effects: Effects;
};

/** Makes versions of files that have come in. */
export class Commits {
  readonly #env: Env;
  readonly #storage: DurableObjectStorage;
  readonly #parts: Parts;

  constructor(env: Env, storage: DurableObjectStorage, parts: Parts) {
    this.#env = env;
    this.#storage = storage;
    this.#parts = parts;
  }

  /** Keeps what a file is that has been read, until `commit` makes a version of it. */
  take(id: string, file: IngestedFile): void {
    const { uploads, packs: stored } = this.#parts;
    const upload = uploads.get(id);
    if (!upload || upload.result) return;
    const { recipe, packs, ...read } = file;
    this.#storage.transactionSync(() => {
      for (const pack of packs) stored.add(id, pack);
      uploads.putRecipe(id, recipe);
      uploads.put({ ...upload, status: "checking", file: read, due_at: Date.now() + COMMIT_MS });
    });
  }

  /** Brings what a parent knows of a version made of it to where that version stands. */
  async settleClaim(version_id: string, consumer: string): Promise<void> {
    const isThere = this.#parts.store.select({ version_id: consumer });
    const settle = isThere ? claimVersion : releaseVersion;
    await settle(this.#env, version_id, consumer, this.#of());
  }

  #of(): Claimant {
    return { owner_id: this.#parts.store.state()?.definition.owner_id ?? "" };
  }

  note(type: DatasetEvent["type"], version: NamedVersion | null, at: number): void {
    const { store, events, effects } = this.#parts;
    const state = store.state();
    if (!state) return;
    const { dataset_id, owner_id, name } = state.definition;
    const { version_id = null, version_number = null } = version ?? {};
    events.add({ type, dataset_id, owner_id, name, version_id, version_number, at });
    effects.add("dataset", at);
    effects.add("events", at);
  }

  /** Has the file read to its end; whatever went away meanwhile is asked again, later and later. */
  async read(id: string): Promise<void> {
    let error: DataError | null;
    try {
      error = await this.#tryToRead(id);
    } catch (thrown) {
      console.error(JSON.stringify({ event: "dataset_check_failed", error: String(thrown) }));
      error = { code: "busy" };
    }
    const after = this.#parts.uploads.get(id);
    if (error && after?.status === "checking") this.#retry(after, error);
  }

  async #tryToRead(id: string): Promise<DataError | null> {
    const { uploads } = this.#parts;
    const upload = uploads.get(id);
    const file = upload && !upload.file ? this.#storedFile(upload) : undefined;
    if (file) {
      const found = (await this.#env.DATA.inspect(file)) as Result<Read, DataError>;
      const after = uploads.get(id);
      if (after?.status !== "checking") return null;
      if (!found.ok) return found.error;
      uploads.put({ ...after, file: { ...found.value, size_bytes: file.size_bytes } });
    }
    const committed = await this.commit(id);
    return committed.ok ? null : { code: "busy" };
  }

  #retry(upload: Upload, error: DataError): void {
    const failures = upload.failures + 1;
    const isOver = error.code === "data" || failures >= MOST_FAILURES;
    if (isOver)
      return this.#conclude(
        upload,
        fail(error.code === "data" ? { code: "data_refused", problem: error.problem } : error),
      );
    const due_at = Date.now() + FIRST_RETRY_MS * 2 ** (failures - 1);
    this.#parts.uploads.put({ ...upload, failures, due_at });
  }

  /** Makes the version of a file that was read; repeating it answers with what it made. */
  async commit(id: string): Promise<Outcome> {
    const { store, uploads, chunks } = this.#parts;
    const upload = uploads.get(id);
    if (upload?.result) return upload.result;
    if (!upload?.file) return fail({ code: "upload_not_found" });
    const { terms, file } = upload;
    const identified = await identifyVersion(this.#parts, upload, file);
    const unclaimed = await claimParents(this.#env, uploads, id, {
      consumer: identified.version_id,
      of: this.#of(),
    });
    const now = Date.now();
    const after = uploads.get(id);
    if (!after || after.result) {
      // It came to its end while these claims were under way.
      this.#settleClaims(terms.parent_version_ids, identified.version_id, now);
      return after?.result ?? fail({ code: "upload_not_found" });
    }
    const missing = chunks.unlike(
      identified.segments.flatMap((each) => unpackSegment(each.bytes, each)),
    );
    const incomplete = missing > 0 ? ({ code: "upload_incomplete", missing } as const) : null;
    const refusal = unclaimed ?? incomplete ?? refusalOf(store, terms, file.inspection.schema);
    return this.#storage.transactionSync(() => {
      const outcome: Outcome = refusal
        ? fail(refusal)
        : ok(this.#place(after, file, identified, now));
      this.#conclude(after, outcome);
      return outcome;
    });
  }

  /** A version of this content becomes the head again; otherwise there is a new one. */
  #place(
    { terms }: Upload,
    file: ReadFile,
    { manifest, manifest_sha256, version_id, segments }: Identified,
    now: number,
  ): CommittedVersion {
    const { store, chunks, effects } = this.#parts;
    const known = store.withContent(file.content_hash);
    const at = store.nextTime(now);
    const number = known?.version_number ?? (store.state()?.last_number ?? 0) + 1;
    if (!known) {
      const facts: VersionFacts = {
        version_id,
        dataset_id: manifest.dataset_id,
        version_number: number,
        manifest_sha256,
        content_hash: file.content_hash,
        schema_hash: manifest.schema_hash,
        row_count: manifest.row_count,
        size_bytes: file.size_bytes,
        chunks: segments.reduce((sum, segment) => sum + segment.chunks, 0),
        new_bytes: chunks.addSegments(number, segments),
        read_options: manifest.read_options,
        parent_version_ids: manifest.parents,
        transformation: terms.transformation,
        message: terms.message,
        created_at: at,
        created_by: terms.created_by,
      };
      store.addVersion(facts, file.inspection);
      effects.add(`version:${number}`, now);
      this.#settleClaims(manifest.parents, version_id, now);
    }
    if (store.state()?.head !== number) store.moveHead(number, at);
    for (const tag of terms.tags) store.putTag(tag, number, now);
    const version = store.select({ version_number: number });
    if (!version) throw new Error("a version that was added is not there");
    if (!known) this.note("dataset.version_created", version, now);
    effects.add("dataset", now);
    return { version, created: !known };
  }

  #conclude(upload: Upload, result: Outcome): void {
    const { uploads, compaction, effects } = this.#parts;
    const now = Date.now();
    if (!result.ok || !result.value.created) this.giveBack(upload, now);
    uploads.dropRecipe(upload.id);
    uploads.put({
      ...upload,
      status: result.ok ? "done" : "failed",
      file: null,
      result,
      claimed: [],
      due_at: null,
      expires_at: now + PATIENCE_MS,
    });
    effects.add(`upload:${upload.id}`, now);
    compaction.tidy(now);
  }

  giveBack({ claimed }: Upload, now: number): void {
    for (const { version_id, consumer } of claimed) this.#settleClaims([version_id], consumer, now);
  }

  #settleClaims(parents: readonly string[], consumer: string, now: number): void {
    for (const parent of parents) this.#parts.effects.add(`claim:${parent}:${consumer}`, now);
  }

  #storedFile(upload: Upload): StoredFile | undefined {
    const { store, uploads, chunks } = this.#parts;
    const state = store.state();
    if (!state) return undefined;
    const recipe = uploads.recipe(upload.id);
    return {
      size_bytes: recipe.reduce((sum, { length }) => sum + length, 0),
      extents: chunks.extents(recipe),
      format: state.definition.format,
      read_options: upload.terms.read_options,
    };
  }
}

type Read = { inspection: Inspection; content_hash: string };
