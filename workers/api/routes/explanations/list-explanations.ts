import { createRoute } from "@hono/zod-openapi";
import { ExplanationPage, ListQuery } from "../../../../contract/explanation-list.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { listExplanations as listRows } from "../../../../database/explanations.ts";
import { filterOf, summariseExplanation } from "../../explanations/owned-explanation.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { toPage } from "../../http/page.ts";

const route = createRoute({
  ...secured("explanations:read"),
  operationId: "listExplanations",
  tags: ["Explanations"],
  summary: "List your recent explanations, newest first",
  method: "get",
  path: "/v1/explanations",
  request: { query: ListQuery },
  responses: {
    200: {
      description: "A page of explanations",
      content: { "application/json": { schema: ExplanationPage } },
    },
    ...securedProblems("invalid_request", "model_not_found"),
  },
});

export const listExplanations = operation().openapi(route, async (c) => {
  const { limit, cursor, ...asked } = c.req.valid("query");
  const filter = await filterOf(c, asked);
  const query = { ...filter, before: cursor, limit: limit + 1, now: Date.now() };
  const rows = await listRows(openDirectory(c.env.DB), query);
  return c.json(
    toPage(rows, limit, ({ id }) => id, summariseExplanation),
    200,
  );
});
