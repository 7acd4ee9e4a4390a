import { createRoute } from "@hono/zod-openapi";
import { PageQuery } from "../../../../contract/common.ts";
import { ModelPath, VersionNumber, VersionPage } from "../../../../contract/model.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { listVersions as listVersionRows } from "../../../../database/models.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ownedModel, viewVersion } from "../../registry/owned-model.ts";
import { toPage } from "../../http/page.ts";

const route = createRoute({
  ...secured("models:read"),
  operationId: "listVersions",
  tags: ["Models"],
  summary: "List the versions of a model, newest first",
  method: "get",
  path: "/v1/models/{name}/versions",
  request: { params: ModelPath, query: PageQuery.extend({ cursor: VersionNumber.optional() }) },
  responses: {
    200: {
      description: "A page of versions",
      content: { "application/json": { schema: VersionPage } },
    },
    ...securedProblems("invalid_request", "model_not_found"),
  },
});

export const listVersions = operation().openapi(route, async (c) => {
  const { name } = c.req.valid("param");
  const { limit, cursor } = c.req.valid("query");
  const { row } = await ownedModel(c, name);
  const query = { model_id: row.id, before: cursor, limit: limit + 1 };
  const rows = await listVersionRows(openDirectory(c.env.DB), query);
  const cursorOf = ({ version }: (typeof rows)[number]) => String(version);
  return c.json(
    toPage(rows, limit, cursorOf, (version) => viewVersion(name, version)),
    200,
  );
});
