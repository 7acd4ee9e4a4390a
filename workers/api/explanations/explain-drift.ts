import type { Context } from "hono";
import type * as z from "zod";
import type { ExplainDriftBody } from "../../../contract/explain-body.ts";
import { driftRow, type Origin } from "../../../database/explanation-row.ts";
import {
  driftOfExplanations,
  type DriftRequest,
} from "../../../domain/explain/engine/drift-of-explanations.ts";
import { ok } from "../../../domain/result.ts";
import { range } from "../../../domain/onnx/train/samples.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { newId } from "../http/ids.ts";
import { ApiProblem } from "../http/problem.ts";
import { explainProblem, orExplainProblem } from "./explain-problem.ts";
import { computeRows, type Kept } from "./explain-rows.ts";
import { oneTarget, timeOf } from "./explain-global.ts";
import { keepOnce, summaryKey } from "./keep-once.ts";
import { callOf, readInstances, requestOf, rowCountOf, type Subject } from "./read-call.ts";
import { keepingOf } from "./read-explanation.ts";
import { instancesOf } from "./read-instances.ts";

type Body = z.output<typeof ExplainDriftBody>;

const ALPHA = 0.05;
const NDCG_LIMIT = 0.9;
/** From here on weights say that the rows are summaries, and no sample of what the model has seen. */
const MOST_UNEVEN = 2;

/** Whether live rows are explained by other features than those of the baseline. */
export async function explainDrift(c: Context<AppEnv>, body: Body): Promise<Kept> {
  const { subject, feeds } = await instancesOf(c, body);
  const request = oneTarget(subject, requestOf(body));
  const baseline = callOf(subject, await baselineOf(c, subject, body), request);
  const live = callOf(subject, feeds, request);
  const asked: DriftRequest = {
    alpha: body.alpha ?? ALPHA,
    ndcg_limit: body.ndcg_limit ?? NDCG_LIMIT,
    seed: request.seed,
  };
  const { model_id, version } = subject.version;
  const origin: Origin = {
    explanation_id: newId("xpl"),
    owner_id: c.get("admission").principal.owner_id,
    model_id,
    model: subject.name,
    version,
    prediction_id: null,
  };
  const key = await summaryKey("drift", [baseline, live], asked);
  const answer = await keepOnce(c, key, model_id, keepingOf(body), async (keep) => {
    const before = await computeRows(c, baseline, range(0, rowCountOf(baseline.feeds)));
    if (!before.ok) return before;
    const after = await computeRows(c, live, range(0, rowCountOf(live.feeds)));
    if (!after.ok) return after;
    const [first, second] = [before.value, after.value].map((rows) =>
      rows.map((row) => row.explained),
    );
    const explained = orExplainProblem(() => driftOfExplanations(first ?? [], second ?? [], asked));
    const computation_time_ms = timeOf([...before.value, ...after.value]);
    return ok(driftRow(origin, { explained, computation_time_ms }, keep));
  });
  if (!answer.ok) throw explainProblem(answer.error);
  return answer.value;
}

/** The rows given, else those of the background, if they are a sample. */
async function baselineOf(
  c: Context<AppEnv>,
  { version, background }: Subject,
  { baseline }: Body,
): Promise<Record<string, Tensor>> {
  if (baseline !== undefined) return readInstances(c, version, baseline.inputs);
  if (background === null)
    throw new ApiProblem(
      "background_missing",
      "drift is a change from something: give 'baseline.inputs', or keep a background set of rows",
    );
  const weights = background.weights ?? [1];
  if (Math.max(...weights) > MOST_UNEVEN * Math.min(...weights))
    throw new ApiProblem(
      "explanation_invalid",
      "the background has weighted centres of clusters, which are no sample: give 'baseline.inputs', or name a set that was put with method 'all' or 'stratified'",
      { field: "background" },
    );
  return background.feeds;
}
