import { DurableObject } from "cloudflare:workers";
import type {
  Claimant,
  CollectedRecord,
  CommittedVersion,
  DatasetDefinition,
  DatasetEvent,
  DatasetRecord,
  DatasetRefusal,
  DatasetVersionRecord,
  DatasetVersionSelector,
  IngestedFile,
  NewDatasetVersion,
  OtherUse,
  Pack,
  StoredFile,
  UploadRecord,
} from "../../contract/dataset-record.ts";
import type { ExpectedFile } from "../../contract/dataset-work.ts";
import type { ChunkRef } from "../../domain/datasets/chunks/recipe.ts";
import type { Inspection } from "../../domain/datasets/inspection.ts";
import { reasonsToKeep, type RetentionRule } from "../../domain/datasets/retention.ts";
import type { EvolutionMode } from "../../domain/datasets/schema-rules/evolution.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { Effects } from "../shared/effects.ts";
import { upgradeSchema } from "../shared/upgrade-schema.ts";
import { ClaimStore } from "./claim-store.ts";
import { ChunkStore, type StoredSegment } from "./chunk-store.ts";
import { Compaction } from "./compaction.ts";
import { Commits, type NamedVersion } from "./commits.ts";
import { type DatasetState, DatasetStore, type VersionOutline } from "./dataset-store.ts";
import { EventStore } from "./event-store.ts";
import {
  listDataset,
  listVersion,
  nameInLineage,
  removeDeadObjects,
  sendEvents,
} from "./follow-up.ts";
import { PackStore } from "./pack-store.ts";
import { removed, Removals } from "./removals.ts";
import { SCHEMA } from "./schema.ts";
import { Uploads } from "./uploads.ts";
import { UploadStore } from "./upload-store.ts";

type Found = { record: DatasetVersionRecord; inspection: Inspection; used_by: string[] };
export type Segments = { record: DatasetVersionRecord; segments: StoredSegment[] };

/**
 * One dataset: the only writer of its versions, its head, tags and pins, of what uses a version,
 * of its uploads, and of where its chunks lie. What follows are effects: `dataset`, `version:N`,
 * `objects`, `upload:ID`, `claim:PARENT:ID`, `events`.
 */
export class DatasetActor extends DurableObject<Env> {
  readonly #store: DatasetStore;
  readonly #claims: ClaimStore;
  readonly #chunks: ChunkStore;
  readonly #packs: PackStore;
  readonly #uploads: Uploads;
  readonly #commits: Commits;
  readonly #events: EventStore;
  readonly #effects: Effects;
  readonly #removals: Removals;
  readonly #compaction: Compaction;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    upgradeSchema(ctx.storage, SCHEMA);
    this.#store = new DatasetStore(ctx.storage.sql);
    const graphOf = (owner_id: string) => env.LINEAGE.idFromName(owner_id).toString();
    this.#claims = new ClaimStore(ctx.storage.sql, graphOf);
    this.#chunks = new ChunkStore(ctx.storage.sql);
    this.#packs = new PackStore(ctx.storage.sql);
    this.#effects = new Effects(ctx.storage, (key) => this.#deliver(key));
    const stores = { store: this.#store, chunks: this.#chunks, packs: this.#packs };
    const uploads = new UploadStore(ctx.storage.sql);
    this.#events = new EventStore(ctx.storage.sql);
    const parts = { ...stores, uploads, effects: this.#effects };
    this.#compaction = new Compaction(env, ctx.storage, parts);
    const all = { ...parts, events: this.#events, compaction: this.#compaction };
    this.#commits = new Commits(env, ctx.storage, all);
    this.#uploads = new Uploads(env, ctx.storage, all, this.#commits);
    this.#removals = new Removals(ctx.storage, { ...all, claims: this.#claims });
  }

  /** Repeating it changes nothing. */
  async create(definition: DatasetDefinition): Promise<Result<DatasetRecord, DatasetRefusal>> {
    if (!this.#store.state())
      this.ctx.storage.transactionSync(() => {
        this.#store.create(definition);
        this.#note("dataset.created", null, definition.created_at);
      });
    await this.#settle();
    return this.describe();
  }

  describe(): Result<DatasetRecord, DatasetRefusal> {
    const state = this.#state();
    if (!state) return fail({ code: "dataset_not_found" });
    return ok({
      ...state.definition,
      archived_at: state.archived_at,
      updated_at: state.updated_at,
      head: this.#store.select({}) ?? null,
      versions: this.#store.count(),
      stored_bytes: this.#packs.storedBytes(),
    });
  }

  async change(change: {
    name?: string | undefined;
    compatibility?: EvolutionMode | undefined;
    retention?: RetentionRule | null | undefined;
  }): Promise<Result<DatasetRecord, DatasetRefusal>> {
    const state = this.#state();
    if (!state) return fail({ code: "dataset_not_found" });
    const given = Object.entries(change).filter(([, value]) => value !== undefined);
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      this.#store.change({ ...state.definition, ...Object.fromEntries(given) }, now);
      this.#effects.add("dataset", now);
      const { name } = state.definition;
      if (change.name !== undefined && change.name !== name) this.#effects.add("names", now);
    });
    await this.#settle();
    return this.describe();
  }

  /** An archived dataset is read as before, and takes no more versions. */
  async archive(archived: boolean): Promise<Result<DatasetRecord, DatasetRefusal>> {
    const state = this.#state();
    if (!state) return fail({ code: "dataset_not_found" });
    if ((state.archived_at !== null) !== archived) {
      const now = Date.now();
      this.ctx.storage.transactionSync(() => {
        this.#store.archive(archived ? now : null, now);
        this.#note(archived ? "dataset.archived" : "dataset.restored", null, now);
      });
    }
    await this.#settle();
    return this.describe();
  }

  /** Refused while anything outside uses one of its versions, or has it pinned. */
  async remove(isDryRun: boolean): Promise<Result<CollectedRecord, DatasetRefusal>> {
    const state = this.#state();
    if (!state) return fail({ code: "dataset_not_found" });
    const versions = this.#store.outlines();
    const refusal = this.#removals.refusal(versions);
    if (refusal) return fail(refusal);
    const gone = removed(versions, { chunks: 0, bytes: this.#packs.storedBytes() });
    if (isDryRun) return ok(gone);
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      for (const record of versions) this.#removals.forget(record, now);
      this.#uploads.endAll(now);
      this.#note("dataset.deleted", null, now);
      this.#store.markDeleted(now);
      this.#compaction.tidy(now);
      this.#effects.add("objects", now);
    });
    await this.#settle();
    return ok(gone);
  }

  find(selector: DatasetVersionSelector): Result<DatasetVersionRecord, DatasetRefusal> {
    if (!this.#state()) return fail({ code: "dataset_not_found" });
    const record = this.#store.select(selector);
    return record ? ok(record) : fail({ code: "dataset_version_not_found", asked: selector });
  }

  /** A version, what reading it told, and what uses it. */
  inspected(selector: DatasetVersionSelector): Result<Found, DatasetRefusal> {
    const found = this.find(selector);
    if (!found.ok) return found;
    const { version_number } = found.value;
    return ok({
      record: found.value,
      inspection: this.#store.inspection(version_number),
      used_by: this.#claims.usedBy(version_number),
    });
  }

  /** A version and where its bytes lie. */
  stored(
    selector: DatasetVersionSelector,
  ): Result<{ record: DatasetVersionRecord; file: StoredFile }, DatasetRefusal> {
    const found = this.find(selector);
    const state = this.#state();
    if (!found.ok || !state) return found.ok ? fail({ code: "dataset_not_found" }) : found;
    const { version_number, size_bytes } = found.value;
    const recipe = this.#chunks.segmentsOf(version_number).flatMap((segment) => segment.recipe);
    const extents = this.#chunks.extents(recipe);
    const { format } = state.definition;
    const { schema } = this.#store.inspection(version_number);
    // What a file of text does not say itself is known since it was read.
    const isText = format === "csv" || format === "json" || format === "tfrecord";
    const read_options = {
      ...found.value.read_options,
      ...(isText && schema && { schema }),
    };
    return ok({ record: found.value, file: { size_bytes, extents, format, read_options } });
  }

  segments(selector: DatasetVersionSelector): Result<Segments, DatasetRefusal> {
    const found = this.find(selector);
    if (!found.ok) return found;
    return ok({
      record: found.value,
      segments: this.#chunks.segmentsOf(found.value.version_number),
    });
  }

  /** Newest first. */
  versions(
    before: number | undefined,
    limit: number,
  ): Result<DatasetVersionRecord[], DatasetRefusal> {
    if (!this.#state()) return fail({ code: "dataset_not_found" });
    return ok(this.#store.versions(before, limit));
  }

  tags(): Result<{ tag: string; version_number: number; updated_at: number }[], DatasetRefusal> {
    return this.#state() ? ok(this.#store.tags()) : fail({ code: "dataset_not_found" });
  }

  async putTag(
    tag: string,
    selector: DatasetVersionSelector,
  ): Promise<Result<DatasetVersionRecord, DatasetRefusal>> {
    const found = this.find(selector);
    if (!found.ok) return found;
    this.#store.putTag(tag, found.value.version_number, Date.now());
    return this.find({ version_number: found.value.version_number });
  }

  async removeTag(tag: string): Promise<Result<null, DatasetRefusal>> {
    if (!this.#state()) return fail({ code: "dataset_not_found" });
    return this.#store.removeTag(tag) ? ok(null) : fail({ code: "tag_not_found", tag });
  }

  async pin(
    selector: DatasetVersionSelector,
    pinned: boolean,
  ): Promise<Result<DatasetVersionRecord, DatasetRefusal>> {
    const found = this.find(selector);
    if (!found.ok) return found;
    this.#store.pin(found.value.version_number, pinned);
    return this.find({ version_number: found.value.version_number });
  }

  /** Notes that `consumer` uses the version, which then cannot be deleted. Repeating it changes nothing. */
  async claim(
    version_id: string,
    consumer: string,
    of: Claimant,
  ): Promise<Result<null, DatasetRefusal>> {
    const found = this.find({ version_id });
    if (!found.ok) return found;
    this.#claims.put(found.value.version_number, consumer, of);
    return ok(null);
  }

  /** Of these versions, what uses them that is of somebody else than the dataset's owner. */
  usesByOthers(version_ids: readonly string[], limit: number): OtherUse[] {
    const state = this.#state();
    return state ? this.#claims.usesByOthers(state.definition.owner_id, version_ids, limit) : [];
  }

  async release(version_id: string, consumer: string, of: Claimant): Promise<void> {
    const found = this.#store.select({ version_id });
    if (found) this.#claims.remove(found.version_number, consumer, of);
  }

  async removeVersion(
    selector: DatasetVersionSelector,
    isDryRun: boolean,
  ): Promise<Result<CollectedRecord, DatasetRefusal>> {
    const found = this.find(selector);
    if (!found.ok) return found;
    const { version_id, version_number, pinned, tags } = found.value;
    const used_by = this.#claims.usedBy(version_number);
    const is_head = this.#state()?.head === version_number;
    if (is_head || pinned || tags.length > 0 || used_by.length > 0)
      return fail({ code: "dataset_version_in_use", version_id, used_by, pinned, tags, is_head });
    return ok(await this.#removeVersions([found.value], isDryRun));
  }

  /** Removes the versions that nothing keeps, and tells why the others stay. */
  async collect(isDryRun: boolean): Promise<Result<CollectedRecord, DatasetRefusal>> {
    const state = this.#state();
    if (!state) return fail({ code: "dataset_not_found" });
    const versions = this.#store.outlines();
    const reasons = reasonsToKeep(
      versions.map((record) => ({
        ...record,
        is_head: record.version_number === state.head,
        used_by: this.#claims.usedBy(record.version_number),
      })),
      state.definition.retention,
      Date.now(),
    );
    const expendable = versions.filter((_, at) => reasons[at]?.length === 0);
    const gone = await this.#removeVersions(expendable, isDryRun);
    const kept = versions.flatMap(({ version_id, version_number }, at) =>
      reasons[at]?.length ? [{ version_id, version_number, reasons: reasons[at] }] : [],
    );
    return ok({ ...gone, kept });
  }

  /** Begins a file; with the id of an upload that is known it changes nothing. */
  async beginUpload(
    uploadId: string,
    terms: NewDatasetVersion,
  ): Promise<Result<UploadRecord, DatasetRefusal>> {
    const begun = this.#uploads.begin(uploadId, terms, Date.now());
    await this.#scheduleAlarm();
    return begun;
  }

  /** What the file of an upload has to be that has not ended. */
  expected(uploadId: string): Result<ExpectedFile, DatasetRefusal> {
    return this.#uploads.expected(uploadId);
  }

  /** Whether chunks may be sent for the upload. */
  takesChunks(uploadId: string): boolean {
    return this.#uploads.isOpen(uploadId);
  }

  upload(uploadId: string): Result<UploadRecord, DatasetRefusal> {
    return this.#uploads.describe(uploadId);
  }

  /** Tells which chunks of the file are to be sent, as positions in `chunks`. */
  async declare(
    uploadId: string,
    at: number,
    chunks: ChunkRef[],
  ): Promise<Result<number[], DatasetRefusal>> {
    return this.#uploads.declare(uploadId, at, chunks);
  }

  /** As `declare`, of a file that is cut here; the chunks that are there stay until the upload ends. */
  async missing(uploadId: string, sha256s: string[]): Promise<number[]> {
    return this.#uploads.missing(uploadId, sha256s);
  }

  async addPack(uploadId: string, pack: Pack): Promise<Result<null, DatasetRefusal>> {
    const added = this.#uploads.addPack(uploadId, pack);
    if (!added.ok) await this.#settle();
    return added;
  }

  /** Has the declared file read, and made a version; what became of it is told by `upload`. */
  async commit(uploadId: string): Promise<Result<UploadRecord, DatasetRefusal>> {
    const checking = this.#uploads.check(uploadId, Date.now());
    await this.#scheduleAlarm();
    return checking;
  }

  /** Makes a version of a file that has been read already. */
  async commitFile(
    uploadId: string,
    file: IngestedFile,
  ): Promise<Result<CommittedVersion, DatasetRefusal>> {
    this.#commits.take(uploadId, file);
    await this.#scheduleAlarm();
    const committed = await this.#commits.commit(uploadId);
    await this.#settle();
    return committed;
  }

  /** Ends an upload that came to nothing. Repeating it does no harm. */
  async cancelUpload(uploadId: string): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#uploads.cancel(uploadId, Date.now()));
    await this.#settle();
  }

  /** Delivered at least once; what is due is looked up anew. */
  override async alarm(): Promise<void> {
    await this.#uploads.work(Date.now());
    await this.#compaction.work(Date.now());
    await this.#settle();
  }

  async #removeVersions(versions: VersionOutline[], isDryRun: boolean): Promise<CollectedRecord> {
    const done = this.#removals.remove(versions, isDryRun, (version, now) =>
      this.#note("dataset.version_deleted", version, now),
    );
    if (!isDryRun) await this.#settle();
    return done;
  }

  #note(type: DatasetEvent["type"], version: NamedVersion | null, at: number): void {
    this.#commits.note(type, version, at);
  }

  #state(): DatasetState | undefined {
    const state = this.#store.state();
    return state?.deleted_at === null ? state : undefined;
  }

  async #deliver(key: string): Promise<void> {
    const [what = "", ...rest] = key.split(":");
    const stores = { store: this.#store, packs: this.#packs };
    if (what === "dataset") await listDataset(this.env, stores);
    if (what === "names") await nameInLineage(this.env, this.#store);
    if (what === "version") await listVersion(this.env, stores, Number(rest[0]));
    if (what === "events") await sendEvents(this.env, this.#events);
    if (what === "objects") await removeDeadObjects(this.env, stores);
    if (what === "upload") await this.#uploads.sweep(rest[0] ?? "");
    if (what === "claim") await this.#commits.settleClaim(rest[0] ?? "", rest[1] ?? "");
  }

  async #settle(): Promise<void> {
    await this.#scheduleAlarm();
    await this.#effects.flush(Date.now());
    await this.#scheduleAlarm();
  }

  async #scheduleAlarm(): Promise<void> {
    const due = [
      this.#uploads.nextDue(),
      this.#compaction.nextDue(),
      this.#effects.nextDue(),
    ].filter((at) => at !== null);
    if (due.length > 0) await this.ctx.storage.setAlarm(Math.min(...due));
  }
}
