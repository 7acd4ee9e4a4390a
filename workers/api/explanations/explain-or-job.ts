import type { Context } from "hono";
import type { ExplainCall, ExplainedRow, ExplainError } from "../../../contract/explain.ts";
import type { JobRecord } from "../../../contract/job-work.ts";
import type { Result } from "../../../domain/result.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { startJob, type Work } from "../jobs/start-job.ts";
import { explainProblem } from "./explain-problem.ts";
import { takeFeeds } from "./explain-rows.ts";
import { MOST_NUMBERS, numbersOf, rowCountOf } from "./read-call.ts";

export type Answered<T> = { now: T } | { later: JobRecord };

/** Rows of one answer, which carries some kilobytes for each. */
const MOST_ROWS = 1_000;
/** A job tells the id of each. */
const MOST_JOB_ROWS = 10_000;

/** The answer where a call may do all that work; what is more, or is not waited for, becomes a job. */
export async function explainOrJob<T>(
  c: Context<AppEnv>,
  call: ExplainCall,
  work: Work,
  explain: (call: ExplainCall) => Promise<Result<T, ExplainError>>,
  isAwaited = true,
): Promise<Answered<T>> {
  const rows = rowCountOf(call.feeds);
  if (rows > MOST_JOB_ROWS)
    throw new ApiProblem(
      "explanation_invalid",
      `the inputs have ${rows} rows, and one request explains ${MOST_JOB_ROWS} at most; send the others with another`,
      { field: "inputs" },
    );
  const isShort = rows === 1 || (rows <= MOST_ROWS && numbersOf(call.feeds) <= MOST_NUMBERS);
  const answer = isAwaited && isShort ? await explain(call) : await priced(c, call);
  if (answer.ok) return { now: answer.value };
  if (answer.error.code !== "too_much") throw explainProblem(answer.error);
  refuseUnkept(work);
  return { later: await startJob(c, call, work, answer.error.cost_per_row) };
}

/** Nothing is allowed to a call whose cost is only to be learned. */
async function priced(c: Context<AppEnv>, call: ExplainCall): Promise<Result<never, ExplainError>> {
  const one = { ...call, feeds: takeFeeds(call.feeds, [0]), most_cost: 0 };
  const answer = (await c.env.EXPLAIN.explain(one, c.get("trace"))) as Result<
    ExplainedRow[],
    ExplainError
  >;
  if (answer.ok) throw new Error("work that was not allowed was done");
  return answer;
}

function refuseUnkept({ ttl_ms }: Work): void {
  if (ttl_ms === 0)
    throw new ApiProblem(
      "explanation_invalid",
      "this is work for a job, whose explanations have to be kept until they are read: give 'ttl_seconds' above 0, or ask for less in one request",
      { field: "ttl_seconds" },
    );
}
