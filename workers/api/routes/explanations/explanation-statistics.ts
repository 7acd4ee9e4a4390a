import { createRoute } from "@hono/zod-openapi";
import { ExplanationStatistics, StatisticsQuery } from "../../../../contract/explanation-list.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { explanationStatistics as readStatistics } from "../../../../database/explanations.ts";
import { filterOf } from "../../explanations/owned-explanation.ts";
import { viewStatistics } from "../../explanations/view-statistics.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const DAY_MS = 86_400_000;

const route = createRoute({
  ...secured("explanations:read"),
  operationId: "explanationStatistics",
  tags: ["Explanations"],
  summary: "How often explanations were there already, and what is kept",
  description:
    "Hits and misses are told in batches: those of an isolate that ends early are not counted.",
  method: "get",
  path: "/v1/explanations/statistics",
  request: { query: StatisticsQuery },
  responses: {
    200: {
      description: "The last days, today included",
      content: { "application/json": { schema: ExplanationStatistics } },
    },
    ...securedProblems("invalid_request", "model_not_found"),
  },
});

export const explanationStatistics = operation().openapi(route, async (c) => {
  const { model, days } = c.req.valid("query");
  const filter = await filterOf(c, { model });
  const now = Date.now();
  const since = Math.floor(now / DAY_MS) - days + 1;
  const found = await readStatistics(openDirectory(c.env.DB), filter, since, now);
  return c.json(viewStatistics(days, found), 200);
});
