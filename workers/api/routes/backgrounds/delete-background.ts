import { createRoute } from "@hono/zod-openapi";
import { BackgroundPath } from "../../../../contract/background.ts";
import { removeBackground } from "../../../../database/backgrounds.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { forgetBackground, unknownBackground } from "../../explanations/backgrounds.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ownedVersion } from "../../registry/owned-model.ts";

const route = createRoute({
  ...secured("explanations:write"),
  operationId: "deleteBackground",
  tags: ["Explanations"],
  summary: "Delete a background set",
  description: "Explanations that were made with it stay.",
  method: "delete",
  path: "/v1/models/{name}/versions/{version}/backgrounds/{background}",
  request: { params: BackgroundPath },
  responses: {
    204: { description: "It is gone" },
    ...securedProblems(
      "invalid_request",
      "model_not_found",
      "version_not_found",
      "background_not_found",
    ),
  },
});

export const deleteBackground = operation().openapi(route, async (c) => {
  const { name, version, background } = c.req.valid("param");
  const { found } = await ownedVersion(c, name, version);
  if (!(await removeBackground(openDirectory(c.env.DB), found, background)))
    throw await unknownBackground(c, found, background);
  forgetBackground(found.model_id, version, background);
  return c.body(null, 204);
});
