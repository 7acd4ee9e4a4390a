import type { Context } from "hono";
import type * as z from "zod";
import type { ExplainBatchBody } from "../../../contract/explain-body.ts";
import type { Origin } from "../../../database/explanation-row.ts";
import type { AppEnv } from "../http/app-env.ts";
import { newId } from "../http/ids.ts";
import { type Answered, explainOrJob } from "./explain-or-job.ts";
import { explainRows, type Kept } from "./explain-rows.ts";
import { callOf, requestOf, rowCountOf } from "./read-call.ts";
import { keepingOf } from "./read-explanation.ts";
import { instancesOf } from "./read-instances.ts";

/** The explanation of each row, or the job that will make them. */
export async function explainBatch(
  c: Context<AppEnv>,
  body: z.output<typeof ExplainBatchBody>,
): Promise<Answered<Kept[]>> {
  const { subject, feeds, prediction_ids } = await instancesOf(c, body);
  const { version, name: model } = subject;
  const { model_id } = version;
  const keeping = keepingOf(body);
  const { owner_id } = c.get("admission").principal;
  const origins = Array.from({ length: rowCountOf(feeds) }, (_, row): Origin => ({
    explanation_id: newId("xpl"),
    owner_id,
    model_id,
    model,
    version: version.version,
    prediction_id: prediction_ids?.[row] ?? null,
  }));
  const call = callOf(subject, feeds, requestOf(body));
  const work = {
    kind: "explain_batch" as const,
    model,
    model_id,
    version: version.version,
    summary: null,
    ttl_ms: keeping.ttl_ms,
    prediction_ids,
  };
  return explainOrJob(c, call, work, (asked) => explainRows(c, asked, origins, keeping), body.wait);
}
