import { createRoute } from "@hono/zod-openapi";
import { LayerPage, LayerQuery } from "../../../../contract/layer.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { listLayers as listLayerRows } from "../../../../database/layers.ts";
import { summariseLayer } from "../../experiments/owned-layer.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { toPage } from "../../http/page.ts";

const route = createRoute({
  ...secured("experiments:read"),
  operationId: "listLayers",
  tags: ["Layers"],
  summary: "List your layers, newest first",
  method: "get",
  path: "/v1/layers",
  request: { query: LayerQuery },
  responses: {
    200: {
      description: "A page of layers",
      content: { "application/json": { schema: LayerPage } },
    },
    ...securedProblems("invalid_request"),
  },
});

export const listLayers = operation().openapi(route, async (c) => {
  const { limit, cursor } = c.req.valid("query");
  const { owner_id } = c.get("admission").principal;
  const query = { owner_id, before: cursor, limit: limit + 1 };
  const rows = await listLayerRows(openDirectory(c.env.DB), query);
  return c.json(
    toPage(rows, limit, ({ id }) => id, summariseLayer),
    200,
  );
});
