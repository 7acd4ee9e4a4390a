import { createRoute } from "@hono/zod-openapi";
import { SampleSizeReport, SampleSizeRequest } from "../../../../contract/experiment-plan.ts";
import { sampleSizeRequirement } from "../../../../domain/statistics/sample-size.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ApiProblem, JSON_PROBLEMS } from "../../http/problem.ts";

const route = createRoute({
  ...secured("experiments:read"),
  operationId: "calculateSampleSize",
  tags: ["Experiments"],
  summary: "How many observations each variant needs",
  description:
    "For one look at the end by the two-sided pooled z test of two rates. Evidence that is looked at all the time takes more: simulate the experiment.",
  method: "post",
  path: "/v1/experiments/sample-size",
  request: {
    body: { required: true, content: { "application/json": { schema: SampleSizeRequest } } },
  },
  responses: {
    200: {
      description: "The sample size",
      content: { "application/json": { schema: SampleSizeReport } },
    },
    ...securedProblems(...JSON_PROBLEMS),
  },
});

export const sampleSize = operation().openapi(route, (c) => {
  const { baseline_rate, minimum_detectable_effect, confidence_level, power } = c.req.valid("json");
  const size = sampleSizeRequirement(
    baseline_rate,
    minimum_detectable_effect,
    confidence_level,
    power,
  );
  if (size.ok) return c.json({ required_sample_size: size.value }, 200);
  const pointer = `#/${size.error.parameter}`;
  const detail =
    "a rate, before and after the effect, lies between 0 and 1, and the power above 1 - confidence_level";
  throw new ApiProblem("invalid_request", detail, { errors: [{ pointer, detail }] });
});
