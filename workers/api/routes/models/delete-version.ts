import { createRoute } from "@hono/zod-openapi";
import { VersionPath } from "../../../../contract/model.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { deleteUnlessUsed } from "../../registry/delete-unless-used.ts";
import { ownedModel } from "../../registry/owned-model.ts";

const route = createRoute({
  ...secured("models:write"),
  operationId: "deleteVersion",
  tags: ["Models"],
  summary: "Delete a version and its bytes",
  description:
    "Refused while an alias or an experiment that has not ended uses it. Its number is never given again.",
  method: "delete",
  path: "/v1/models/{name}/versions/{version}",
  request: { params: VersionPath },
  responses: {
    204: { description: "It is gone" },
    ...securedProblems("invalid_request", "model_not_found", "version_not_found", "version_in_use"),
  },
});

export const deleteVersion = operation().openapi(route, async (c) => {
  const { name, version } = c.req.valid("param");
  const { row, open } = await ownedModel(c, name);
  await deleteUnlessUsed(c, name, open, (actor) => actor.deleteVersion(version, row.owner_id));
  return c.body(null, 204);
});
