import { createRoute } from "@hono/zod-openapi";
import { DatasetList, ListDatasets } from "../../../../contract/dataset.ts";
import { listAccess, listDatasets as listRows } from "../../../../database/datasets.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { viewDataset } from "../../datasets/view-dataset.ts";
import { toPage } from "../../http/page.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "listDatasets",
  tags: ["Datasets"],
  summary: "List your datasets, or those that are shared with you",
  method: "get",
  path: "/v1/datasets",
  request: { query: ListDatasets },
  responses: {
    200: {
      description: "A page of datasets",
      content: { "application/json": { schema: DatasetList } },
    },
    ...securedProblems("invalid_request"),
  },
});

export const listDatasets = operation().openapi(route, async (c) => {
  const { limit, cursor, search, order, format, archived, shared } = c.req.valid("query");
  const directory = openDirectory(c.env.DB);
  const rows = await listRows(directory, {
    user_id: c.get("admission").principal.owner_id,
    shared: shared === "true",
    search,
    format,
    archived: archived === "all" ? undefined : archived === "true",
    order,
    after: cursor,
    limit: limit + 1,
  });
  const access = await listAccess(
    directory,
    rows.slice(0, limit).map(({ id }) => id),
  );
  const cursorOf = ({ id, name }: (typeof rows)[number]) => (order === "name" ? name : id);
  const view = (row: (typeof rows)[number]) =>
    viewDataset(
      row,
      access.filter(({ dataset_id }) => dataset_id === row.id),
    );
  return c.json(toPage(rows, limit, cursorOf, view), 200);
});
