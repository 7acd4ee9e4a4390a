import { createRoute } from "@hono/zod-openapi";
import {
  AnyExplanationView,
  AnyPlotQuery,
  ExplanationPath,
} from "../../../../contract/explanation.ts";
import { answerExplanation } from "../../explanations/answer-explanation.ts";
import { SVG_ANSWER } from "../../http/pictures.ts";
import { ownedExplanation } from "../../explanations/owned-explanation.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("explanations:read"),
  operationId: "getExplanation",
  tags: ["Explanations"],
  summary: "Read an explanation",
  description: "As JSON, or as a picture with `Accept: image/svg+xml`.",
  method: "get",
  path: "/v1/explanations/{id}",
  request: { params: ExplanationPath, query: AnyPlotQuery },
  responses: {
    200: {
      description: "The explanation",
      content: { "application/json": { schema: AnyExplanationView }, ...SVG_ANSWER },
    },
    ...securedProblems("invalid_request", "explanation_not_found", "explanation_invalid"),
  },
});

export const getExplanation = operation().openapi(route, async (c) => {
  const row = await ownedExplanation(c, c.req.valid("param").id);
  return answerExplanation(c, row, true, c.req.valid("query"));
});
