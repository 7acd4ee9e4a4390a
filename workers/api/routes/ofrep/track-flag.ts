import { createRoute } from "@hono/zod-openapi";
import type { OutcomeReport } from "../../../../contract/experiment-lease.ts";
import { FlagPath, TrackedFlag, TrackFlag } from "../../../../contract/ofrep.ts";
import { operation } from "../../http/app-env.ts";
import { secured } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { forgetLease } from "../../leases/experiment-leases.ts";
import { noteExposed, sendOutcomes } from "../../leases/served-outcomes.ts";
import { decideFor } from "../../ofrep/evaluate-flag.ts";
import { flagNamed } from "../../ofrep/flags.ts";
import { ofrepProblems } from "../../ofrep/ofrep-errors.ts";
import { readContext } from "../../ofrep/read-request.ts";

const route = createRoute({
  ...secured("outcomes:write"),
  operationId: "trackFlag",
  tags: ["OpenFeature"],
  summary: "Report what came of a flag's value",
  description:
    "Counts one outcome for the variant that the user has, once for each `tracking_id`. OFREP has no tracking yet; this is for the tracking calls of OpenFeature.",
  method: "post",
  path: "/ofrep/v1/track/{key}",
  request: {
    params: FlagPath,
    body: { required: true, content: { "application/json": { schema: TrackFlag } } },
  },
  responses: {
    200: {
      description: "What was counted",
      content: { "application/json": { schema: TrackedFlag } },
    },
    ...ofrepProblems(
      ...JSON_PROBLEMS,
      "experiment_not_found",
      "experiment_not_started",
      "unavailable",
    ),
  },
});

export const trackFlag = operation().openapi(route, async (c) => {
  const { key } = c.req.valid("param");
  const { context, ...tracked } = c.req.valid("json");
  const unit = readContext(context);
  const flag = await flagNamed(c, key);
  const { decision, unit: decided } = await decideFor(c, flag, unit);
  const { lease, variant, epoch, reason } = decision;
  const { status } = lease.table;

  const { tracking_id, variant_id, success, latency_ms = null, name, value = 1 } = tracked;
  // Who got the control for another reason than the draw would count as if it had been drawn.
  if (variant_id === undefined && reason !== "assigned") {
    const rejected = [{ request_id: tracking_id, code: "unit_not_assigned" as const }];
    return c.json({ accepted: 0, duplicates: 0, rejected, status }, 200);
  }
  if (variant_id === undefined || variant_id === variant.variant_id)
    noteExposed(c, decision, decided);
  const metrics = name === undefined ? {} : { [name]: value };
  const of = variant_id === undefined ? { variant_id: variant.variant_id, epoch } : { variant_id };
  const known = tracked.epoch === undefined ? of : { ...of, epoch: tracked.epoch };
  const outcome: OutcomeReport = {
    request_id: tracking_id,
    ...known,
    success,
    latency_ms,
    metrics,
  };
  const batch = { outcomes: [outcome], exposures: [], source: "reported" as const };
  const answer = await sendOutcomes(c.env, lease, batch);
  if (answer.status !== status) forgetLease(flag.experiment_id);
  return c.json(answer, 200);
});
