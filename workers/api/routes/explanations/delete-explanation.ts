import { createRoute } from "@hono/zod-openapi";
import { ExplanationPath } from "../../../../contract/explanation.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { removeExplanation } from "../../../../database/explanations.ts";
import { forgetHeld } from "../../explanations/cache.ts";
import { unknownExplanation } from "../../explanations/owned-explanation.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("explanations:write"),
  operationId: "deleteExplanation",
  tags: ["Explanations"],
  summary: "Delete an explanation",
  method: "delete",
  path: "/v1/explanations/{id}",
  request: { params: ExplanationPath },
  responses: {
    204: { description: "It is gone" },
    ...securedProblems("invalid_request", "explanation_not_found"),
  },
});

export const deleteExplanation = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const { owner_id } = c.get("admission").principal;
  if (!(await removeExplanation(openDirectory(c.env.DB), owner_id, id)))
    throw unknownExplanation(id);
  forgetHeld((row) => row.id === id);
  return c.body(null, 204);
});
