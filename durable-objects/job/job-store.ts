import type { ExplainError } from "../../contract/explain.ts";
import type { JobStatus } from "../../contract/job.ts";
import type { JobDefinition, JobPiece, JobRecord } from "../../contract/job-work.ts";
import type { Explained } from "../../domain/explain/explanation.ts";

export type Standing = {
  status: JobStatus;
  error: ExplainError | null;
  /** The piece that is next. */
  position: number;
  pieces: number;
  /** How often the present piece has been tried in vain. */
  failures: number;
  rows_done: number;
  model_rows: number;
  computation_time_ms: number;
  explanation_ids: string[];
  updated_at: number;
  ended_at: number | null;
};

const key = (what: "piece" | "answer", position: number, row?: number): string =>
  [what, position, row].filter((part) => part !== undefined).join("/");

/** A job's rows. A value may have 2 MB: pieces are made smaller, and answers are kept one by one. */
export class JobStore {
  readonly #kv: SyncKvStorage;

  constructor(kv: SyncKvStorage) {
    this.#kv = kv;
  }

  definition(): JobDefinition | undefined {
    return this.#kv.get<JobDefinition>("definition");
  }

  standing(): Standing | undefined {
    return this.#kv.get<Standing>("standing");
  }

  begin(definition: JobDefinition, pieces: readonly JobPiece[], standing: Standing): void {
    this.#kv.put("definition", definition);
    for (const [position, piece] of pieces.entries()) this.#kv.put(key("piece", position), piece);
    this.#kv.put("standing", standing);
  }

  put(standing: Standing): void {
    this.#kv.put("standing", standing);
  }

  piece(position: number): JobPiece | undefined {
    return this.#kv.get<JobPiece>(key("piece", position));
  }

  /** The piece is done; its rows are not needed any more. */
  dropPiece(position: number): void {
    this.#kv.delete(key("piece", position));
  }

  keepAnswers(position: number, answers: readonly Explained[]): void {
    for (const [row, answer] of answers.entries())
      this.#kv.put(key("answer", position, row), answer);
  }

  answers(pieces: number): Explained[] {
    return Array.from({ length: pieces }, (_, position) => {
      const found: Explained[] = [];
      for (;;) {
        const answer = this.#kv.get<Explained>(key("answer", position, found.length));
        if (answer === undefined) return found;
        found.push(answer);
      }
    }).flat();
  }

  /** What only work needs. */
  dropWork(): void {
    for (const [name] of this.#kv.list({ prefix: "piece/" })) this.#kv.delete(name);
    for (const [name] of this.#kv.list({ prefix: "answer/" })) this.#kv.delete(name);
  }
}

/** What is told of a job. */
export const record = (definition: JobDefinition, standing: Standing): JobRecord => ({
  job_id: definition.job_id,
  kind: definition.kind,
  model: definition.model,
  version: definition.version,
  rows: definition.rows,
  created_at: definition.created_at,
  status: standing.status,
  rows_done: standing.rows_done,
  explanation_ids: standing.explanation_ids,
  error: standing.error,
  updated_at: standing.updated_at,
  ended_at: standing.ended_at,
});
