import { DurableObject } from "cloudflare:workers";
import type { ExplainedRow, ExplainError } from "../../contract/explain.ts";
import type { JobDefinition, JobPiece, JobRecord, JobRefusal } from "../../contract/job-work.ts";
import { openDirectory } from "../../database/directory.ts";
import { globalRow, localRow } from "../../database/explanation-row.ts";
import { putExplanations } from "../../database/explanations.ts";
import { putJobStatus, removeJob } from "../../database/jobs.ts";
import { summariseExplanations } from "../../domain/explain/engine/summarise-explanations.ts";
import { ExplainFault } from "../../domain/explain/explain-fault.ts";
import { fail, ok, type Result } from "../../domain/result.ts";
import { Effects } from "../shared/effects.ts";
import { upgradeSchema } from "../shared/upgrade-schema.ts";
import { JobStore, record, type Standing } from "./job-store.ts";
import { SCHEMA } from "./schema.ts";

const MOST_FAILURES = 6;
const FIRST_RETRY_MS = 1_000;
/** How long a job that has ended can be read. */
const KEPT_MS = 7 * 86_400_000;
const FORGET_RETRY_MS = 60_000;

/**
 * One job: explains rows piece by piece, each in one call of the explain Worker, driven by its
 * alarm. A piece that was done and not noted, since the actor died in between, is done again:
 * the same rows give the same explanations, under ids that were given out before.
 */
export class JobActor extends DurableObject<Env> {
  readonly #store: JobStore;
  readonly #effects: Effects;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    upgradeSchema(ctx.storage, SCHEMA);
    this.#store = new JobStore(ctx.storage.kv);
    this.#effects = new Effects(ctx.storage, () => this.#list());
  }

  /** Repeating it changes nothing. */
  async begin(definition: JobDefinition, pieces: JobPiece[]): Promise<JobRecord> {
    const found = this.#store.standing();
    if (found) return record(definition, found);
    const standing: Standing = {
      status: "queued",
      error: null,
      position: 0,
      pieces: pieces.length,
      failures: 0,
      rows_done: 0,
      model_rows: 0,
      computation_time_ms: 0,
      explanation_ids: [],
      updated_at: definition.created_at,
      ended_at: null,
    };
    this.ctx.storage.transactionSync(() => this.#store.begin(definition, pieces, standing));
    await this.ctx.storage.setAlarm(Date.now());
    return record(definition, standing);
  }

  describe(): Result<JobRecord, JobRefusal> {
    const definition = this.#store.definition();
    const standing = this.#store.standing();
    return definition && standing
      ? ok(record(definition, standing))
      : fail({ code: "job_not_found" });
  }

  /** What is done by then stays. A piece that is under way is not noted any more. */
  async cancel(): Promise<Result<JobRecord, JobRefusal>> {
    const definition = this.#store.definition();
    const standing = this.#store.standing();
    if (!definition || !standing) return fail({ code: "job_not_found" });
    if (standing.ended_at !== null) return fail({ code: "job_ended", status: standing.status });
    const ended = this.#end(standing, { status: "cancelled" });
    await this.#settle();
    return ok(record(definition, ended));
  }

  /** Delivered at least once; the piece that is next is looked up anew. */
  override async alarm(): Promise<void> {
    const definition = this.#store.definition();
    const standing = this.#store.standing();
    if (!definition || !standing) return;
    if (standing.ended_at === null) await this.#work(definition, standing);
    else if (Date.now() >= standing.ended_at + KEPT_MS) return this.#forget(definition);
    await this.#settle();
  }

  async #work(definition: JobDefinition, before: Standing): Promise<void> {
    if (before.status === "queued") this.#start(before);
    const { position } = before;
    const piece = this.#store.piece(position);
    try {
      if (piece) await this.#explainPiece(definition, piece, position);
      const standing = this.#standingAt(before.pieces);
      if (standing) await this.#finish(definition, standing);
    } catch (error) {
      // The directory did not answer.
      logFailure(definition, error);
      const standing = this.#standingAt(position) ?? this.#standingAt(before.pieces);
      if (standing) this.#retry(standing, { code: "busy" });
    }
  }

  async #explainPiece(definition: JobDefinition, piece: JobPiece, position: number): Promise<void> {
    const answer = await this.#explain(definition, piece);
    const found = this.#standingAt(position);
    if (!found) return;
    if (!answer.ok) return this.#retry(found, answer.error);
    await this.#keep(definition, piece, answer.value);
    const standing = this.#standingAt(position);
    if (standing) this.#advance(definition, standing, piece, answer.value);
  }

  /** How the job stands, if it still goes on there after a wait. */
  #standingAt(position: number): Standing | null {
    const standing = this.#store.standing();
    return standing?.ended_at === null && standing.position === position ? standing : null;
  }

  #start(standing: Standing): void {
    this.ctx.storage.transactionSync(() => {
      this.#store.put({ ...standing, status: "running", updated_at: Date.now() });
      this.#effects.add("directory", Date.now());
    });
  }

  async #explain(
    { call, job_id }: JobDefinition,
    { feeds }: JobPiece,
  ): Promise<Result<ExplainedRow[], ExplainError>> {
    const trace = { request_id: job_id, traceparent: "" };
    try {
      return (await this.env.EXPLAIN.explain({ ...call, feeds }, trace)) as Result<
        ExplainedRow[],
        ExplainError
      >;
    } catch (error) {
      // The Worker ran out of memory or time, or was replaced: as if it had been busy.
      logFailure({ job_id }, error);
      return fail({ code: "busy" });
    }
  }

  /** Explanations of a batch are kept as they come; those of a summary only lead to it. */
  async #keep(definition: JobDefinition, { rows }: JobPiece, found: ExplainedRow[]): Promise<void> {
    if (definition.kind !== "explain_batch" || definition.ttl_ms === 0) return;
    const now = Date.now();
    const made = rows.flatMap((origin, at) => {
      const row = found[at];
      const keep = { ...origin, now, expires_at: now + definition.ttl_ms };
      return row ? [localRow({ ...definition, ...origin }, row, keep)] : [];
    });
    await putExplanations(openDirectory(this.env.DB), made, now);
  }

  #advance(
    { kind }: JobDefinition,
    standing: Standing,
    { rows }: JobPiece,
    found: ExplainedRow[],
  ): void {
    const isBatch = kind === "explain_batch";
    const after: Standing = {
      ...standing,
      position: standing.position + 1,
      failures: 0,
      rows_done: standing.rows_done + rows.length,
      model_rows: found.reduce((sum, one) => sum + one.explained.model_rows, standing.model_rows),
      computation_time_ms: found.reduce(
        (sum, one) => sum + one.computation_time_ms,
        standing.computation_time_ms,
      ),
      explanation_ids: isBatch
        ? [...standing.explanation_ids, ...rows.map(({ explanation_id }) => explanation_id)]
        : [],
      updated_at: Date.now(),
    };
    this.ctx.storage.transactionSync(() => {
      if (!isBatch)
        this.#store.keepAnswers(
          standing.position,
          found.map(({ explained }) => explained),
        );
      this.#store.dropPiece(standing.position);
      this.#store.put(after);
    });
  }

  /** The summary is made of answers that do not change, so that making it twice makes it once. */
  async #finish(definition: JobDefinition, standing: Standing): Promise<void> {
    const { summary, ttl_ms } = definition;
    if (!summary) {
      this.#end(standing, { status: "succeeded" });
      return;
    }
    const summed = this.#summarise(standing.pieces, summary.request);
    if (!summed.ok) {
      this.#end(standing, { status: "failed", error: summed.error });
      return;
    }
    const now = Date.now();
    const { computation_time_ms } = standing;
    const { explanation_id } = summary;
    const row = globalRow(
      { ...definition, explanation_id, prediction_id: null },
      { explained: summed.value, computation_time_ms },
      { cache_key: null, now, expires_at: now + ttl_ms },
    );
    await putExplanations(openDirectory(this.env.DB), [row], now);
    if (this.#standingAt(standing.position))
      this.#end(standing, { status: "succeeded", explanation_ids: [explanation_id] });
  }

  #summarise(
    pieces: number,
    request: NonNullable<JobDefinition["summary"]>["request"],
  ): Result<ReturnType<typeof summariseExplanations>, ExplainError> {
    try {
      return ok(summariseExplanations(this.#store.answers(pieces), request));
    } catch (error) {
      if (!(error instanceof ExplainFault)) throw error;
      return fail({ code: "explain", problem: error.problem });
    }
  }

  /** What will be refused again ends the job; what may pass is tried again, later and later. */
  #retry(standing: Standing, error: ExplainError): void {
    const failures = standing.failures + 1;
    const mayPass = error.code === "busy" || error.code === "model_bytes_missing";
    if (!mayPass || failures >= MOST_FAILURES) this.#end(standing, { status: "failed", error });
    else this.#store.put({ ...standing, failures, updated_at: Date.now() });
  }

  #end(standing: Standing, change: Partial<Standing>): Standing {
    const now = Date.now();
    const ended = { ...standing, ...change, updated_at: now, ended_at: now };
    this.ctx.storage.transactionSync(() => {
      this.#store.put(ended);
      this.#store.dropWork();
      this.#effects.add("directory", now);
    });
    return ended;
  }

  async #forget({ job_id }: JobDefinition): Promise<void> {
    try {
      await removeJob(openDirectory(this.env.DB), job_id);
    } catch (error) {
      logFailure({ job_id }, error);
      await this.ctx.storage.setAlarm(Date.now() + FORGET_RETRY_MS);
      return;
    }
    await this.ctx.storage.deleteAlarm();
    await this.ctx.storage.deleteAll();
  }

  /** Brings the row in the directory to where the job stands. */
  async #list(): Promise<void> {
    const definition = this.#store.definition();
    const standing = this.#store.standing();
    if (!definition || !standing) return;
    const { status, ended_at } = standing;
    await putJobStatus(openDirectory(this.env.DB), definition.job_id, { status, ended_at });
  }

  async #settle(): Promise<void> {
    await this.#scheduleAlarm();
    await this.#effects.flush(Date.now());
    await this.#scheduleAlarm();
  }

  async #scheduleAlarm(): Promise<void> {
    const due = [this.#nextWork(), this.#effects.nextDue()].filter((at) => at !== null);
    if (due.length > 0) await this.ctx.storage.setAlarm(Math.min(...due));
  }

  #nextWork(): number | null {
    const standing = this.#store.standing();
    if (!standing) return null;
    if (standing.ended_at !== null) return standing.ended_at + KEPT_MS;
    const wait = standing.failures === 0 ? 0 : FIRST_RETRY_MS * 2 ** (standing.failures - 1);
    return standing.updated_at + wait;
  }
}

const logFailure = ({ job_id }: Pick<JobDefinition, "job_id">, error: unknown): void =>
  console.error(JSON.stringify({ event: "job_piece_failed", job_id, error: String(error) }));
