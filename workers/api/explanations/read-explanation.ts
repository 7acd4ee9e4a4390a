import type { Context } from "hono";
import type * as z from "zod";
import type { ExplainCall } from "../../../contract/explain.ts";
import type { ExplainBody } from "../../../contract/explain-body.ts";
import type { Origin } from "../../../database/explanation-row.ts";
import { newId } from "../http/ids.ts";
import type { Work } from "../jobs/start-job.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { instancesOf } from "./read-instances.ts";
import type { Keeping } from "./explain-rows.ts";
import { callOf, requestOf, rowCountOf } from "./read-call.ts";

/** What one row's explanation needs, read and checked. */
export type AskedExplanation = { call: ExplainCall; origin: Origin; keeping: Keeping };

const TTL_SECONDS = 86_400;

export const keepingOf = ({
  fresh = false,
  ttl_seconds = TTL_SECONDS,
}: {
  fresh?: boolean | undefined;
  ttl_seconds?: number | undefined;
}): Keeping => ({ fresh, ttl_ms: ttl_seconds * 1_000 });

export async function readExplanation(
  c: Context<AppEnv>,
  body: z.output<typeof ExplainBody>,
): Promise<AskedExplanation> {
  const { prediction_id, ...asked } = body;
  const { subject, feeds } = await instancesOf(c, {
    ...asked,
    prediction_ids: prediction_id === undefined ? undefined : [prediction_id],
  });
  const rows = rowCountOf(feeds);
  if (rows !== 1)
    throw new ApiProblem(
      "explanation_invalid",
      `the inputs have ${rows} rows, and this explains one; POST /v1/explanations/batch takes many`,
      { field: "inputs" },
    );
  const { version, name } = subject;
  return {
    call: callOf(subject, feeds, requestOf(body)),
    origin: {
      explanation_id: newId("xpl"),
      owner_id: c.get("admission").principal.owner_id,
      model_id: version.model_id,
      model: name,
      version: version.version,
      prediction_id: body.prediction_id ?? null,
    },
    keeping: keepingOf(body),
  };
}

/** The same as a job of one row. */
export const workOf = ({ origin, keeping }: AskedExplanation): Work => ({
  kind: "explain_batch",
  model: origin.model,
  model_id: origin.model_id,
  version: origin.version,
  summary: null,
  ttl_ms: keeping.ttl_ms,
  prediction_ids: origin.prediction_id === null ? null : [origin.prediction_id],
});
