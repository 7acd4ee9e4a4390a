import { env } from "cloudflare:workers";
import { type Mock, vi } from "vitest";
import type { ExplainCall, ExplainedRow, ExplainError } from "../../../contract/explain.ts";
import type { JobDefinition, JobPiece } from "../../../contract/job-work.ts";
import { openDirectory } from "../../../database/directory.ts";
import { listExplanations } from "../../../database/explanations.ts";
import { findJob, reserveJob } from "../../../database/jobs.ts";
import type { Explained } from "../../../domain/explain/explanation.ts";
import type { Result } from "../../../domain/result.ts";
import { addVersion, createModel } from "./model-actor.ts";
import { serialId } from "./serial-id.ts";

const ROWS_OF_PIECE = 2;
const DAY_MS = 86_400_000;

type Explain = (call: Pick<ExplainCall, "feeds">) => Promise<Result<ExplainedRow[], ExplainError>>;

/** The explanation of a row by a model that says its one number. */
function explained(value: number): Explained {
  return {
    method: "exact",
    method_version: 1,
    explanation_type: "shap",
    target: { output: "y", index: 0, class_name: null },
    base_prediction: 0,
    actual_prediction: value,
    players: "features",
    feature_contributions: [
      { feature_name: "x", feature_value: value, contribution: value, confidence_interval: null },
    ],
    feature_count: 1,
    top_positive_features: ["x"],
    top_negative_features: [],
    residual: 0,
    seed: 0,
    model_rows: 1,
    stopped: "complete",
    interactions: null,
    fit: null,
    map: null,
    input: null,
    words: null,
    attention: null,
    counterfactual: null,
    notes: [],
  };
}

/** What the explain Worker answers to a piece. */
export const answering: Explain = async ({ feeds }) => ({
  ok: true,
  value: Array.from(feeds["x"]?.data as Float32Array, (value) => ({
    explained: explained(value),
    computation_time_ms: 1,
  })),
});

/** The explain Worker, played by a function that tests may change. */
export const playExplainer = (answer: Explain = answering): Mock<Explain> =>
  vi.spyOn(env.EXPLAIN, "explain").mockImplementation(answer as never) as unknown as Mock<Explain>;

/** A job of some rows of a version that is there, reserved in the directory and not begun. */
export async function createJob(
  rows: number,
  { kind = "explain_batch", ttl_ms = DAY_MS }: Partial<JobDefinition> = {},
) {
  const { model_id, owner_id } = await createModel();
  const version = await addVersion(model_id, "content");
  const job_id = serialId("job");
  const explanation_id = serialId("xpl");
  const summary = {
    explanation_id,
    request: {
      aggregation_method: "mean" as const,
      dependence: null,
      prediction_bins: null,
      top_k: 10,
    },
  };
  const port = { name: "x", type: "float32" as const, shape: ["n"] };
  const definition: JobDefinition = {
    job_id,
    owner_id,
    kind,
    model_id,
    model: "explained",
    version,
    call: {
      model: { sha256: "00", key: "models/00", size_bytes: 1 },
      version,
      signature: { inputs: [port], outputs: [{ ...port, name: "y" }] },
      background: null,
      request: {
        method: "exact",
        options: {},
        output: null,
        class: null,
        feature_names: null,
        groups: null,
        include_interactions: false,
        top_k_features: 10,
        seed: 0,
        limits: {},
      },
      most_cost: 1,
    },
    summary: kind === "explain_global" ? summary : null,
    ttl_ms,
    rows,
    created_at: Date.now(),
  };
  const pieces = Array.from({ length: Math.ceil(rows / ROWS_OF_PIECE) }, (_, piece): JobPiece => {
    const own = Array.from(
      { length: Math.min(ROWS_OF_PIECE, rows - piece * ROWS_OF_PIECE) },
      (_row, at) => piece * ROWS_OF_PIECE + at,
    );
    return {
      feeds: { x: { type: "float32", dims: [own.length], data: Float32Array.from(own) } },
      rows: own.map((row) => ({
        explanation_id: serialId("xpl"),
        prediction_id: null,
        cache_key: `${job_id} ${row}`,
      })),
    };
  });
  await reserveJob(openDirectory(env.DB), {
    id: job_id,
    owner_id,
    kind,
    status: "queued",
    model_id,
    model: "explained",
    version,
    rows,
    request_hash: job_id,
    created_at: Date.now(),
    ended_at: null,
  });
  return {
    definition,
    pieces,
    ids: pieces.flatMap((piece) => piece.rows.map((row) => row.explanation_id)),
    job: env.JOB.getByName(job_id),
    listed: () => findJob(openDirectory(env.DB), owner_id, job_id),
    kept: async () => {
      const query = { owner_id, before: undefined, limit: 100, now: Date.now() };
      const found = await listExplanations(openDirectory(env.DB), query);
      return found.map(({ id }) => id).toSorted();
    },
  };
}
