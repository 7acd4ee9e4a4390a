import type { Context } from "hono";
import type * as z from "zod";
import type { ExplainCall, ExplainedRow, ExplainError } from "../../../contract/explain.ts";
import type { ExplainGlobalBody } from "../../../contract/explain-body.ts";
import { globalRow, type Origin } from "../../../database/explanation-row.ts";
import {
  type GlobalRequest,
  summariseExplanations,
} from "../../../domain/explain/engine/summarise-explanations.ts";
import type { ExplainRequest } from "../../../domain/explain/explain-request.ts";
import { ok, type Result } from "../../../domain/result.ts";
import { range } from "../../../domain/onnx/train/samples.ts";
import type { AppEnv } from "../http/app-env.ts";
import { newId } from "../http/ids.ts";
import { type Answered, explainOrJob } from "./explain-or-job.ts";
import { orExplainProblem } from "./explain-problem.ts";
import { computeRows, type Keeping, type Kept } from "./explain-rows.ts";
import { keepOnce, summaryKey } from "./keep-once.ts";
import { callOf, requestOf, rowCountOf, type Subject } from "./read-call.ts";
import { keepingOf } from "./read-explanation.ts";
import { instancesOf } from "./read-instances.ts";

type Body = z.output<typeof ExplainGlobalBody>;

/** What the rows come to together, or the job that will find it. */
export async function explainGlobal(c: Context<AppEnv>, body: Body): Promise<Answered<Kept>> {
  const { subject, feeds, prediction_ids } = await instancesOf(c, body);
  const { version, name: model } = subject;
  const { model_id } = version;
  const keeping = keepingOf(body);
  const origin: Origin = {
    explanation_id: newId("xpl"),
    owner_id: c.get("admission").principal.owner_id,
    model,
    model_id,
    version: version.version,
    prediction_id: null,
  };
  const call = callOf(subject, feeds, oneTarget(subject, requestOf(body)));
  const request = summaryOf(body, call.request);
  const work = {
    kind: "explain_global" as const,
    model,
    model_id,
    version: version.version,
    summary: { explanation_id: origin.explanation_id, request },
    ttl_ms: keeping.ttl_ms,
    prediction_ids,
  };
  return explainOrJob(
    c,
    call,
    work,
    (asked) => summarised(c, asked, origin, request, keeping),
    body.wait,
  );
}

const summaryOf = (body: Body, { top_k_features }: ExplainRequest): GlobalRequest => ({
  aggregation_method: body.aggregation_method ?? "mean",
  dependence: body.dependence ?? null,
  prediction_bins: body.prediction_bins ?? null,
  top_k: top_k_features,
});

/** Of two classes it is the second for every row, so that contributions have one direction; of more it is the one that each row is said to be. */
export function oneTarget(
  { version }: Pick<Subject, "version">,
  request: ExplainRequest,
): ExplainRequest {
  if (request.class !== null) return request;
  const { outputs } = version.signature;
  const isBinary =
    request.output === null
      ? outputs.some(({ type, shape }) => type.startsWith("float") && shape.at(-1) === 2)
      : outputs.find(({ name }) => name === request.output)?.shape.at(-1) === 2;
  return isBinary ? { ...request, class: 1 } : request;
}

async function summarised(
  c: Context<AppEnv>,
  call: ExplainCall,
  origin: Origin,
  request: GlobalRequest,
  keeping: Keeping,
): Promise<Result<Kept, ExplainError>> {
  const key = await summaryKey("global", [call], request);
  return keepOnce(c, key, origin.model_id, keeping, async (keep) => {
    const rows = await computeRows(c, call, range(0, rowCountOf(call.feeds)));
    if (!rows.ok) return rows;
    const explanations = rows.value.map(({ explained }) => explained);
    const explained = orExplainProblem(() => summariseExplanations(explanations, request));
    return ok(globalRow(origin, { explained, computation_time_ms: timeOf(rows.value) }, keep));
  });
}

/** What the model took for all of them. */
export const timeOf = (rows: readonly ExplainedRow[]): number =>
  rows.reduce((sum, { computation_time_ms }) => sum + computation_time_ms, 0);
