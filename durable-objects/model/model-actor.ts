import { DurableObject } from "cloudflare:workers";
import {
  type AcceptedVersion,
  type AliasMove,
  type AliasRecord,
  type CaptureSetting,
  DEFAULT_ALIAS,
  type ModelRefusal,
  type ModelVersion,
  objectKey,
  uploadKey,
  type VersionRecord,
  type VersionSelector,
} from "../../contract/model-lease.ts";
import { openDirectory } from "../../database/directory.ts";
import {
  putAlias,
  putVersion,
  removeAlias,
  removeModel,
  removeVersion,
} from "../../database/models.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { Effects } from "../shared/effects.ts";
import { upgradeSchema } from "../shared/upgrade-schema.ts";
import { forgetInLineage } from "./forget-in-lineage.ts";
import { ModelStore } from "./model-store.ts";
import { SCHEMA } from "./schema.ts";
import { tellLog } from "./tell-log.ts";

/** An upload that has not ended by then is swept, with whatever it left in R2. */
const UPLOAD_MS = 15 * 60_000;

/**
 * One model: the only writer of its versions, its aliases, the claims of experiments on them, and
 * of which predictions are kept. Its directory rows, its objects in R2 and its log of predictions
 * follow as effects: `version:N`, `alias:NAME`, `object:SHA256`, `upload:ID`, `predictions`, `model`,
 * and `lineage:OWNER:N` for what is deleted, without a number for all versions.
 */
export class ModelActor extends DurableObject<Env> {
  readonly #store: ModelStore;
  readonly #effects: Effects;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    upgradeSchema(ctx.storage, SCHEMA);
    this.#store = new ModelStore(ctx.storage.sql);
    this.#effects = new Effects(ctx.storage, (key) => this.#deliver(key));
  }

  /** Announces an upload, so that a crash of the uploader leaves nothing behind for long. */
  async beginUpload(modelId: string, uploadId: string): Promise<Result<null, ModelRefusal>> {
    this.#store.identify(modelId);
    if (!this.#store.id()) return fail({ code: "model_not_found" });
    this.#store.putUpload(uploadId, null, Date.now() + UPLOAD_MS);
    await this.#scheduleAlarm();
    return ok(null);
  }

  /**
   * Keeps the bytes of this content from being swept until the upload ends. Answers with the
   * version that already has them, if there is one.
   */
  async reserveContent(uploadId: string, sha256: string): Promise<VersionRecord | null> {
    this.#store.putUpload(uploadId, sha256, Date.now() + UPLOAD_MS);
    await this.#scheduleAlarm();
    // A removal of the same bytes that has begun must be over before they are written again.
    await this.#effects.flush(Date.now());
    return this.#store.versionOf(sha256) ?? null;
  }

  async acceptVersion(
    uploadId: string,
    accepted: AcceptedVersion,
  ): Promise<Result<VersionRecord, ModelRefusal>> {
    if (!this.#store.id()) return fail({ code: "model_not_found" });
    const known = this.#store.versionOf(accepted.sha256);
    // Without the reservation the bytes may be gone: it expired, or their version was deleted.
    if (!known && !this.#store.reserved(uploadId, accepted.sha256))
      return fail({ code: "upload_expired" });
    const now = Date.now();
    const record = this.ctx.storage.transactionSync(() => {
      this.#store.deleteUpload(uploadId);
      this.#effects.add(`upload:${uploadId}`, now);
      if (known) return known;
      const added = this.#store.addVersion(accepted, now);
      this.#effects.add(`version:${added.version}`, now);
      return added;
    });
    await this.#settle();
    return ok(record);
  }

  /** Ends an upload that came to nothing; what it wrote is removed. Repeating it does no harm. */
  async abandonUpload(uploadId: string): Promise<void> {
    this.ctx.storage.transactionSync(() => this.#dropUpload(uploadId, Date.now()));
    await this.#settle();
  }

  resolve(selector: VersionSelector): Result<ModelVersion, ModelRefusal> {
    const id = this.#store.id();
    if (!id) return fail({ code: "version_not_found", version: null });
    const alias = selector.version === undefined ? (selector.alias ?? DEFAULT_ALIAS) : undefined;
    const pointed = alias === undefined ? undefined : this.#store.alias(alias);
    if (selector.alias !== undefined && !pointed)
      return fail({ code: "alias_not_found", alias: selector.alias });
    const number = selector.version ?? pointed?.version;
    const record = number === undefined ? this.#store.latestVersion() : this.#store.version(number);
    if (!record) return fail({ code: "version_not_found", version: number ?? null });
    const { version, sha256, size_bytes, signature, details } = record;
    const ref = { sha256, key: objectKey(id, sha256), size_bytes };
    const { rate: capture_rate } = this.#store.capture();
    return ok({ model_id: id, version, ref, signature, details, capture_rate });
  }

  describeVersion(version: number): Result<VersionRecord, ModelRefusal> {
    const record = this.#store.version(version);
    return record ? ok(record) : fail({ code: "version_not_found", version });
  }

  /** Compare-and-set; setting what is already set is a success that leaves no trace. */
  async moveAlias({
    alias,
    version,
    expected,
    by,
  }: AliasMove): Promise<Result<AliasRecord & { previous_version: number | null }, ModelRefusal>> {
    if (!this.#store.version(version)) return fail({ code: "version_not_found", version });
    const found = this.#store.alias(alias)?.version ?? null;
    // Who repeats a move that went through sees it done, whatever it was moved from.
    if (found !== version && expected && !expected.includes(found))
      return fail({ code: "alias_moved", alias, found });
    if (found !== version) {
      this.#changeAlias(alias, version, by);
      await this.#settle();
    }
    const record = this.#aliasRecord(alias);
    return record
      ? ok({ ...record, previous_version: found })
      : fail({ code: "alias_not_found", alias });
  }

  async removeAlias(alias: string, by: string): Promise<Result<null, ModelRefusal>> {
    if (!this.#store.alias(alias)) return fail({ code: "alias_not_found", alias });
    this.#changeAlias(alias, null, by);
    await this.#settle();
    return ok(null);
  }

  describeAlias(alias: string): Result<AliasRecord, ModelRefusal> {
    const record = this.#aliasRecord(alias);
    return record ? ok(record) : fail({ code: "alias_not_found", alias });
  }

  captureSetting(): CaptureSetting {
    return this.#store.capture();
  }

  /** Without days they stay as they are. A model without any versions is called with this, too. */
  async setCapture(
    modelId: string,
    { rate, kept_days, by }: { rate: number; kept_days: number | null; by: string },
  ): Promise<Result<CaptureSetting, ModelRefusal>> {
    this.#store.identify(modelId);
    if (!this.#store.id()) return fail({ code: "model_not_found" });
    const now = Date.now();
    const { kept_days: before } = this.#store.capture();
    const setting = { rate, kept_days: kept_days ?? before, updated_at: now, updated_by: by };
    this.ctx.storage.transactionSync(() => {
      this.#store.putCapture(setting);
      this.#effects.add("predictions", now);
    });
    await this.#settle();
    return ok(setting);
  }

  /** Keeps a version from being deleted while the experiment lives, and says what it is. */
  claim(experimentId: string, version: number): Result<ModelVersion, ModelRefusal> {
    const resolved = this.resolve({ version });
    if (resolved.ok) this.#store.claim(experimentId, version);
    return resolved;
  }

  /** The experiment lives no longer; a version that still gets its traffic is `kept`. */
  release(experimentId: string, kept: number | null = null): void {
    this.#store.release(experimentId, kept);
  }

  /** `ownerId`: in whose graph of lineage it is. */
  async deleteVersion(version: number, ownerId: string): Promise<Result<null, ModelRefusal>> {
    const record = this.#store.version(version);
    if (!record) return fail({ code: "version_not_found", version });
    const experiments = this.#store.claimants(version);
    const aliases = this.#store.aliasesOf(version);
    if (experiments.length + aliases.length > 0)
      return fail({ code: "version_in_use", experiments, aliases });
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      this.#store.deleteVersion(version);
      this.#effects.add(`version:${version}`, now);
      this.#effects.add(`object:${record.sha256}`, now);
      this.#effects.add(`lineage:${ownerId}:${version}`, now);
    });
    await this.#settle();
    return ok(null);
  }

  /** Deletes the model with all its versions. A model without any calls this too. */
  async deleteModel(modelId: string, ownerId: string): Promise<Result<null, ModelRefusal>> {
    this.#store.identify(modelId);
    const experiments = this.#store.claimants();
    const aliases = this.#store.aliases();
    if (experiments.length + aliases.length > 0)
      return fail({ code: "model_in_use", experiments, aliases });
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      for (const { sha256 } of this.#store.versions()) this.#effects.add(`object:${sha256}`, now);
      this.#store.markDeleted(now);
      this.#effects.add("predictions", now);
      this.#effects.add("model", now);
      this.#effects.add(`lineage:${ownerId}:`, now);
    });
    await this.#settle();
    return ok(null);
  }

  /** Delivered at least once: everything it does is owed and looked up anew. */
  override async alarm(): Promise<void> {
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      for (const id of this.#store.expiredUploads(now)) this.#dropUpload(id, now);
    });
    await this.#settle();
  }

  #changeAlias(alias: string, version: number | null, by: string): void {
    const now = Date.now();
    this.ctx.storage.transactionSync(() => {
      this.#store.moveAlias(alias, version, now, by);
      this.#effects.add(`alias:${alias}`, now);
    });
  }

  #aliasRecord(alias: string): AliasRecord | undefined {
    const current = this.#store.alias(alias);
    return current && { ...current, history: this.#store.history(alias) };
  }

  #dropUpload(id: string, now: number): void {
    const upload = this.#store.deleteUpload(id);
    if (!upload) return;
    this.#effects.add(`upload:${id}`, now);
    if (upload.sha256) this.#effects.add(`object:${upload.sha256}`, now);
  }

  async #deliver(key: string): Promise<void> {
    const [kind, name = ""] = key.split(/:(.*)/s);
    const model_id = this.#store.lastId();
    if (!model_id) return;
    const directory = openDirectory(this.env.DB);
    switch (kind) {
      case "version": {
        const record = this.#store.version(Number(name));
        const latest = this.#store.latestVersion()?.version ?? null;
        if (record && latest !== null) await putVersion(directory, { model_id, ...record }, latest);
        else await removeVersion(directory, model_id, Number(name), latest);
        return;
      }
      case "alias": {
        const current = this.#store.alias(name);
        if (current) await putAlias(directory, { model_id, ...current });
        else await removeAlias(directory, model_id, name);
        return;
      }
      case "object":
        if (!this.#store.needs(name)) await this.env.MODELS.delete(objectKey(model_id, name));
        return;
      case "upload":
        await this.env.MODELS.delete(uploadKey(name));
        return;
      case "lineage":
        return forgetInLineage(this.env, model_id, name);
      case "predictions":
        return tellLog(this.env, model_id, this.#store);
      case "model":
        await removeModel(directory, model_id);
    }
  }

  async #settle(): Promise<void> {
    await this.#scheduleAlarm();
    await this.#effects.flush(Date.now());
    await this.#scheduleAlarm();
  }

  async #scheduleAlarm(): Promise<void> {
    const due = [this.#effects.nextDue(), this.#store.nextUploadExpiry()].filter(
      (at) => at !== null,
    );
    if (due.length === 0) await this.ctx.storage.deleteAlarm();
    else await this.ctx.storage.setAlarm(Math.min(...due));
  }
}
