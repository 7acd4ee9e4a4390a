import { createRoute } from "@hono/zod-openapi";
import { BackgroundList } from "../../../../contract/background.ts";
import { VersionPath } from "../../../../contract/model.ts";
import { listBackgrounds as listRows } from "../../../../database/backgrounds.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { viewBackground } from "../../explanations/put-background.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ownedVersion } from "../../registry/owned-model.ts";

const route = createRoute({
  ...secured("explanations:read"),
  operationId: "listBackgrounds",
  tags: ["Explanations"],
  summary: "List the background sets of a version, by name",
  method: "get",
  path: "/v1/models/{name}/versions/{version}/backgrounds",
  request: { params: VersionPath },
  responses: {
    200: {
      description: "The sets, a hundred at most",
      content: { "application/json": { schema: BackgroundList } },
    },
    ...securedProblems("invalid_request", "model_not_found", "version_not_found"),
  },
});

export const listBackgrounds = operation().openapi(route, async (c) => {
  const { name, version } = c.req.valid("param");
  const { found } = await ownedVersion(c, name, version);
  const rows = await listRows(openDirectory(c.env.DB), found);
  return c.json({ items: rows.map((row) => viewBackground(name, version, row)) }, 200);
});
