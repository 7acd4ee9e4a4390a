import { DurableObject } from "cloudflare:workers";
import type {
  MadeVersion,
  TransformationDefinition,
  TransformationDetails,
  TransformationError,
  TransformationRefusal,
  TransformationSource,
  TransformationStanding,
} from "../../contract/transformation-work.ts";
import { openDirectory } from "../../database/directory.ts";
import { putTransformationStatus } from "../../database/transformations.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { callActor } from "../shared/call-actor.ts";
import { Effects } from "../shared/effects.ts";
import { upgradeSchema } from "../shared/upgrade-schema.ts";
import { carryOut, type KnownSource, type ReadyDefinition, type Watch } from "./carry-out.ts";
import { SCHEMA } from "./schema.ts";
import { sqlDatabase } from "./sql-database.ts";
import { TransformationStore } from "./transformation-store.ts";

/** Attempts end when a Worker fails, and when the actor is replaced in the middle of one. */
const MOST_ATTEMPTS = 8;
const FIRST_RETRY_MS = 1_000;

/**
 * One transformation: makes its versions in one delivery of its alarm, from the beginning whenever
 * that was cut short. Nothing of an attempt but committed versions outlives it. What follows are effects:
 * `directory`, `release:N` of a source, and `upload:N`, what an output left that came to nothing.
 */
export class TransformationActor extends DurableObject<Env> {
  readonly #store: TransformationStore;
  readonly #effects: Effects;
  /** Rows of the attempt that is under way; they are stored at its end. */
  #progress: Pick<TransformationStanding, "rows_read" | "rows_written"> | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    upgradeSchema(ctx.storage, SCHEMA);
    this.#store = new TransformationStore(ctx.storage.kv);
    this.#effects = new Effects(ctx.storage, (key) => this.#deliver(key));
  }

  /** Repeating it changes nothing. */
  async begin(definition: TransformationDefinition): Promise<TransformationDetails> {
    const found = this.#details();
    if (found) return found;
    const standing: TransformationStanding = {
      status: "queued",
      error: null,
      attempts: 0,
      rows_read: 0,
      rows_written: 0,
      fitted_parameters: null,
      code_hash: null,
      made: [],
      updated_at: definition.created_at,
      ended_at: null,
    };
    this.ctx.storage.transactionSync(() => this.#store.begin(definition, standing));
    await this.ctx.storage.setAlarm(Date.now());
    return { ...definition, ...standing };
  }

  describe(): Result<TransformationDetails, TransformationRefusal> {
    const found = this.#details();
    return found ? ok(found) : fail({ code: "transformation_not_found" });
  }

  /** Versions that are committed by then stay. */
  async cancel(): Promise<Result<TransformationDetails, TransformationRefusal>> {
    const found = this.#details();
    if (!found) return fail({ code: "transformation_not_found" });
    if (found.ended_at !== null)
      return fail({ code: "transformation_ended", status: found.status });
    this.#end({ status: "cancelled" });
    await this.#settle();
    return this.describe();
  }

  /** Delivered at least once; what is to be done is looked up anew. */
  override async alarm(): Promise<void> {
    const definition = this.#store.definition();
    const standing = this.#store.standing();
    if (!definition || !standing) return;
    if (standing.ended_at === null && dueAt(standing) <= Date.now())
      await this.#work(definition, standing);
    await this.#settle();
  }

  async #work(definition: TransformationDefinition, before: TransformationStanding): Promise<void> {
    const ready = await this.#whenReady(definition);
    if (!ready || this.#store.standing()?.ended_at !== null) return;
    if (before.attempts >= MOST_ATTEMPTS)
      return this.#end({ status: "failed", error: { code: "busy" } });
    const attempt = before.attempts + 1;
    this.ctx.storage.transactionSync(() => {
      this.#store.put({ ...before, status: "running", attempts: attempt, updated_at: Date.now() });
      this.#effects.add("directory", Date.now());
    });
    this.#progress = { rows_read: 0, rows_written: 0 };
    await this.#effects.flush(Date.now());
    const done = await this.#attempt(ready, attempt);
    if (!this.#isAt(attempt)) return;
    if (done?.ok === true) this.#end({ status: "succeeded" });
    else if (done) this.#failed(done.error);
  }

  /** The definition with a version for every source; null while one is not made yet. */
  async #whenReady(definition: TransformationDefinition): Promise<ReadyDefinition | null> {
    const sources: KnownSource[] = [];
    for (const source of definition.sources) {
      const found = "version_id" in source ? source : await this.#madeBy(source);
      if (!found) return null;
      sources.push(found);
    }
    const ready = { ...definition, sources };
    this.#store.resolve(ready);
    return ready;
  }

  async #madeBy({
    transformation_id,
    output,
  }: Exclude<TransformationSource, KnownSource>): Promise<KnownSource | null> {
    const found = await callActor(
      () => this.env.TRANSFORMATION.getByName(transformation_id),
      (other) => other.describe(),
    );
    const made = found.ok ? found.value.made.find((one) => one.output === output) : undefined;
    if (made && made.version_id !== null)
      return { dataset_id: made.dataset_id, version_id: made.version_id };
    const standing = this.#store.standing();
    if (!standing || standing.ended_at !== null) return null;
    if (!found.ok || found.value.ended_at !== null)
      this.#end({ status: "failed", error: { code: "source_failed", transformation_id } });
    else this.#store.put({ ...standing, updated_at: nextLook(this.#store.definition()) });
    return null;
  }

  async #attempt(
    definition: ReadyDefinition,
    attempt: number,
  ): Promise<Result<null, TransformationError> | null> {
    try {
      await this.#claimSources(definition);
      const database = sqlDatabase(this.ctx.storage);
      return await carryOut(this.env, database, definition, this.#watch(attempt));
    } catch (error) {
      // A Worker or an actor ran out of memory or time, or was replaced: as if it had been busy.
      logFailure(definition, error);
      return fail({ code: "busy" });
    }
  }

  #watch(attempt: number): Watch {
    const progress = this.#progress ?? { rows_read: 0, rows_written: 0 };
    return {
      isOn: () => this.#isAt(attempt),
      read: (rows) => void (progress.rows_read += rows),
      wrote: (rows) => void (progress.rows_written += rows),
      fitted: (fitted_parameters, code_hash) =>
        this.#change(attempt, () => ({ fitted_parameters, code_hash })),
      made: (version) =>
        this.#change(attempt, ({ made }) => ({ made: withVersion(made, version) })),
    };
  }

  #isAt(attempt: number): boolean {
    const standing = this.#store.standing();
    return standing?.ended_at === null && standing.attempts === attempt;
  }

  #change(
    attempt: number,
    change: (standing: TransformationStanding) => Partial<TransformationStanding>,
  ): void {
    const standing = this.#store.standing();
    if (standing && this.#isAt(attempt))
      this.#store.put({ ...standing, ...change(standing), updated_at: Date.now() });
  }

  /** While it works, nobody deletes what it reads. */
  async #claimSources({ transformation_id, owner_id, sources }: ReadyDefinition): Promise<void> {
    for (const { dataset_id, version_id } of sources)
      await callActor(
        () => this.env.DATASET.getByName(dataset_id),
        (dataset) => dataset.claim(version_id, transformation_id, { owner_id }),
      );
  }

  /** What will be refused again ends it; what may pass is tried again, later and later. */
  #failed(error: TransformationError): void {
    const mayPass =
      error.code === "busy" || (error.code === "dataset" && error.refusal.code === "busy");
    const standing = this.#store.standing();
    if (!mayPass || (standing && standing.attempts >= MOST_ATTEMPTS))
      this.#end({ status: "failed", error });
    else if (standing) this.#store.put({ ...standing, updated_at: Date.now() });
  }

  #end(change: Pick<TransformationStanding, "status"> & Partial<TransformationStanding>): void {
    const definition = this.#store.definition();
    const standing = this.#store.standing();
    if (!definition || !standing) return;
    const now = Date.now();
    const ended = { ...standing, ...this.#progress, ...change, updated_at: now, ended_at: now };
    this.ctx.storage.transactionSync(() => {
      this.#store.put(ended);
      this.#effects.add("directory", now);
      for (const at of definition.sources.keys()) this.#effects.add(`release:${at}`, now);
      for (const at of definition.targets.keys()) this.#effects.add(`upload:${at}`, now);
    });
    this.#progress = null;
  }

  #details(): TransformationDetails | undefined {
    const details = this.#store.details();
    return details && { ...details, ...this.#progress };
  }

  async #deliver(key: string): Promise<void> {
    const details = this.#store.details();
    if (!details) return;
    const [what = "", at = ""] = key.split(":");
    if (what === "directory") await this.#list(details);
    if (what === "release") await this.#release(details, Number(at));
    if (what === "upload") await this.#endUpload(details, Number(at));
  }

  /** Brings the row in the directory to where the transformation stands. */
  #list({ transformation_id, status, ended_at }: TransformationDetails): Promise<void> {
    return putTransformationStatus(openDirectory(this.env.DB), transformation_id, {
      status,
      ended_at,
    });
  }

  async #release(
    { transformation_id, owner_id, sources }: TransformationDetails,
    at: number,
  ): Promise<void> {
    const source = sources[at];
    if (source && "version_id" in source)
      await callActor(
        () => this.env.DATASET.getByName(source.dataset_id),
        (dataset) => dataset.release(source.version_id, transformation_id, { owner_id }),
      );
  }

  async #endUpload({ targets, made }: TransformationDetails, at: number): Promise<void> {
    const target = targets[at];
    if (!target) return;
    if (target.expected_content_hash !== null) return;
    if (!made.some(({ output }) => output === target.output))
      await callActor(
        () => this.env.DATASET.getByName(target.dataset_id),
        (dataset) => dataset.cancelUpload(target.upload_id),
      );
  }

  async #settle(): Promise<void> {
    await this.#scheduleAlarm();
    await this.#effects.flush(Date.now());
    await this.#scheduleAlarm();
  }

  async #scheduleAlarm(): Promise<void> {
    const standing = this.#store.standing();
    const work = standing && standing.ended_at === null ? dueAt(standing) : null;
    const due = [work, this.#effects.nextDue()].filter((at) => at !== null);
    if (due.length > 0) await this.ctx.storage.setAlarm(Math.min(...due));
  }
}

/** When the next attempt is to begin: at once for the first, and later and later after failures. */
const dueAt = ({ attempts, updated_at }: TransformationStanding): number =>
  attempts === 0 ? updated_at : updated_at + FIRST_RETRY_MS * 2 ** (attempts - 1);

/** When to look for a source that another makes: the longer it has taken, the later; at most a second. */
const nextLook = (waiting: TransformationDefinition | undefined, now = Date.now()): number =>
  now + Math.min(1_000, Math.max(100, (now - (waiting?.created_at ?? 0)) / 2));

const withVersion = (made: readonly MadeVersion[], version: MadeVersion): MadeVersion[] => [
  ...made.filter(({ output }) => output !== version.output),
  version,
];

const logFailure = (
  { transformation_id }: Pick<TransformationDefinition, "transformation_id">,
  error: unknown,
): void =>
  console.error(
    JSON.stringify({
      event: "transformation_attempt_failed",
      transformation_id,
      error: String(error),
    }),
  );
