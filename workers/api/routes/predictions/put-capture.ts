import { createRoute } from "@hono/zod-openapi";
import type { CaptureSetting, ModelRefusal } from "../../../../contract/model-lease.ts";
import { ModelPath } from "../../../../contract/model.ts";
import { CaptureView, PutCapture } from "../../../../contract/prediction.ts";
import { parseWeight } from "../../../../domain/experiments/weight.ts";
import type { Result } from "../../../../domain/result.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { modelProblem } from "../../leases/model-leases.ts";
import { viewCapture } from "../../predictions/view-capture.ts";
import { ownedModel } from "../../registry/owned-model.ts";

const route = createRoute({
  ...secured("explanations:write"),
  operationId: "putCapture",
  tags: ["Predictions"],
  summary: "Keep a share of a model's predictions",
  description:
    "Of those by its name, with all their rows; an experiment's are kept where the request asks for it. They are kept after the answer, so that some are lost when an isolate ends. In force within the length of a model lease, a second.",
  method: "put",
  path: "/v1/models/{name}/capture",
  request: {
    params: ModelPath,
    body: { required: true, content: { "application/json": { schema: PutCapture } } },
  },
  responses: {
    200: { description: "The setting", content: { "application/json": { schema: CaptureView } } },
    ...securedProblems(...JSON_PROBLEMS, "model_not_found"),
  },
});

export const putCapture = operation().openapi(route, async (c) => {
  const { name } = c.req.valid("param");
  const { rate, kept_days } = c.req.valid("json");
  const { row, open } = await ownedModel(c, name);
  const units = parseWeight(rate);
  const by = c.get("admission").principal.key_id;
  const set: Result<CaptureSetting, ModelRefusal> = await callActor(open, (actor) =>
    actor.setCapture(row.id, {
      rate: units.ok ? units.value : 0,
      kept_days: kept_days ?? null,
      by,
    }),
  );
  if (!set.ok) throw modelProblem(name, set.error);
  return c.json(await viewCapture(c, row, set.value), 200);
});
