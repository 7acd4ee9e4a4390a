import { createRoute } from "@hono/zod-openapi";
import { ModelPage, ModelQuery } from "../../../../contract/model.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { listAliases, listModels as listModelRows } from "../../../../database/models.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { viewModel } from "../../registry/owned-model.ts";
import { toPage } from "../../http/page.ts";

const route = createRoute({
  ...secured("models:read"),
  operationId: "listModels",
  tags: ["Models"],
  summary: "List your models",
  method: "get",
  path: "/v1/models",
  request: { query: ModelQuery },
  responses: {
    200: {
      description: "A page of models",
      content: { "application/json": { schema: ModelPage } },
    },
    ...securedProblems("invalid_request"),
  },
});

export const listModels = operation().openapi(route, async (c) => {
  const { limit, cursor, search, order } = c.req.valid("query");
  const directory = openDirectory(c.env.DB);
  const { owner_id } = c.get("admission").principal;
  const query = { owner_id, search, order, after: cursor, limit: limit + 1 };
  const rows = await listModelRows(directory, query);
  const aliases = await listAliases(
    directory,
    rows.slice(0, limit).map(({ id }) => id),
  );
  const cursorOf = ({ id, name }: (typeof rows)[number]) => (order === "name" ? name : id);
  return c.json(
    toPage(rows, limit, cursorOf, (row) => viewModel(row, aliases)),
    200,
  );
});
