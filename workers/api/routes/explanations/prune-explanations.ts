import { createRoute } from "@hono/zod-openapi";
import { PruneQuery, Pruned } from "../../../../contract/explanation-list.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { removeExplanations } from "../../../../database/explanations.ts";
import { forgetHeld } from "../../explanations/cache.ts";
import { filterOf } from "../../explanations/owned-explanation.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const DAY_MS = 86_400_000;

const route = createRoute({
  ...secured("explanations:write"),
  operationId: "pruneExplanations",
  tags: ["Explanations"],
  summary: "Delete explanations of a model, or old ones",
  description:
    "What matches all that is said. Another isolate may answer from its copy of one for up to a minute.",
  method: "delete",
  path: "/v1/explanations",
  request: { query: PruneQuery },
  responses: {
    200: {
      description: "How many are gone",
      content: { "application/json": { schema: Pruned } },
    },
    ...securedProblems("invalid_request", "model_not_found"),
  },
});

export const pruneExplanations = operation().openapi(route, async (c) => {
  const { older_than_days = 0, ...asked } = c.req.valid("query");
  const filter = await filterOf(c, asked);
  const before = Date.now() + 1 - older_than_days * DAY_MS;
  const deleted = await removeExplanations(openDirectory(c.env.DB), filter, before);
  // What is computed again costs less than telling which copies these were.
  forgetHeld(({ owner_id }) => owner_id === filter.owner_id);
  return c.json({ deleted }, 200);
});
