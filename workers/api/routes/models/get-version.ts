import { createRoute } from "@hono/zod-openapi";
import { VersionPath, VersionView } from "../../../../contract/model.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ownedModel, viewVersion } from "../../registry/owned-model.ts";
import { modelProblem } from "../../leases/model-leases.ts";

const route = createRoute({
  ...secured("models:read"),
  operationId: "getVersion",
  tags: ["Models"],
  summary: "Get a version with its inputs and outputs",
  method: "get",
  path: "/v1/models/{name}/versions/{version}",
  request: { params: VersionPath },
  responses: {
    200: { description: "The version", content: { "application/json": { schema: VersionView } } },
    ...securedProblems("invalid_request", "model_not_found", "version_not_found"),
  },
});

export const getVersion = operation().openapi(route, async (c) => {
  const { name, version } = c.req.valid("param");
  const { open } = await ownedModel(c, name);
  const found = await callActor(open, (actor) => actor.describeVersion(version));
  if (!found.ok) throw modelProblem(name, found.error);
  return c.json(viewVersion(name, found.value), 200);
});
