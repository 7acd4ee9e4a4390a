import {
  type Call,
  type CallOptions,
  COMPUTE_TIMEOUT_MS,
  type Linnet,
  readJson,
} from "./client.ts";
import { assertSucceeded, type WaitOptions, wait } from "./jobs.ts";
import { LinnetError } from "./linnet-error.ts";
import { path } from "./path.ts";
import type {
  AnyExplanationView,
  ExplainBatchRequest,
  ExplainGlobalRequest,
  ExplanationView,
  GlobalExplanationView,
  JobView,
} from "./wire.ts";

/** What was asked for, or the job that makes it: `if (job) …` tells them apart. */
export type Answered<T> = { done: T; job: null } | { done: null; job: JobView };

const ask = <T>(
  client: Linnet,
  call: Pick<Call, "path" | "json">,
  options: CallOptions | undefined,
): Promise<Answered<T>> =>
  client.read(
    { method: "POST", ...call, repeatable: true },
    { timeoutMs: COMPUTE_TIMEOUT_MS, ...options },
    async (response) =>
      response.status === 202
        ? { done: null, job: await readJson<JobView>(response) }
        : { done: await readJson<T>(response), job: null },
  );

/**
 * Explains many rows: at once, in their order, or as a job where that is more work than a call
 * may do (`wait: false` in the request makes it one, unless it is cached). The same work that is under way
 * already is not begun again.
 */
export async function batch(
  client: Linnet,
  json: ExplainBatchRequest,
  options?: CallOptions,
): Promise<Answered<ExplanationView[]>> {
  const call = { path: "/v1/explanations/batch", json };
  const answer = await ask<{ items: ExplanationView[] }>(client, call, options);
  return answer.job ? answer : { done: answer.done.items, job: null };
}

/** Explains what a model goes by, over many rows: at once, or as a job as `batch` does. */
export const global = (
  client: Linnet,
  json: ExplainGlobalRequest,
  options?: CallOptions,
): Promise<Answered<GlobalExplanationView>> =>
  ask(client, { path: "/v1/explanations/global", json }, options);

/** Each that a job has made so far, read as it is asked for; those of a batch in the order of its rows. */
export async function* ofJob(
  client: Linnet,
  { explanation_ids }: Pick<JobView, "explanation_ids">,
  options?: CallOptions,
): AsyncGenerator<AnyExplanationView, void, undefined> {
  for (const id of explanation_ids)
    yield await client.call<AnyExplanationView>(
      { method: "GET", path: path`/v1/explanations/${id}`, repeatable: true },
      options,
    );
}

/** What a batch job that has ended explained, in the order of its rows. */
export async function batchOf(
  client: Linnet,
  job: Pick<JobView, "explanation_ids">,
  options?: CallOptions,
): Promise<ExplanationView[]> {
  const made = await Array.fromAsync(ofJob(client, job, options));
  return made.filter((one): one is ExplanationView => "feature_contributions" in one);
}

/** What a global job that has ended found. */
export async function globalOf(
  client: Linnet,
  job: Pick<JobView, "job_id" | "explanation_ids">,
  options?: CallOptions,
): Promise<GlobalExplanationView> {
  for await (const one of ofJob(client, job, options)) if (isGlobal(one)) return one;
  const detail = `the job ${job.job_id} has made no global explanation`;
  throw new LinnetError({ code: "unexpected_answer", detail });
}

const isGlobal = (one: AnyExplanationView): one is GlobalExplanationView => "importances" in one;

/**
 * `batch`, and where it becomes a job, `jobs.wait` and what it explained. A job that does not
 * succeed rejects with the problem it ended with, a cancelled one with `job_ended`.
 */
export async function batchToEnd(
  client: Linnet,
  json: ExplainBatchRequest,
  options: WaitOptions = {},
): Promise<ExplanationView[]> {
  const { done, job } = await batch(client, json, options);
  return done ?? batchOf(client, await success(client, job, options), options);
}

/** `global`, and where it becomes a job, its end; it rejects as `batchToEnd` does. */
export async function globalToEnd(
  client: Linnet,
  json: ExplainGlobalRequest,
  options: WaitOptions = {},
): Promise<GlobalExplanationView> {
  const { done, job } = await global(client, json, options);
  return done ?? globalOf(client, await success(client, job, options), options);
}

/** Waits for the end of the job, which is to be a good one. */
async function success(
  client: Linnet,
  { job_id }: JobView,
  options: WaitOptions,
): Promise<JobView> {
  const job = await wait(client, job_id, options);
  assertSucceeded(job);
  return job;
}
