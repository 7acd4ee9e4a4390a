import { createRoute } from "@hono/zod-openapi";
import { EVALUATE_FLAG, FlagEvaluation, FlagPath } from "../../../../contract/ofrep.ts";
import { operation } from "../../http/app-env.ts";
import { secured } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { evaluateFlag as evaluate } from "../../ofrep/evaluate-flag.ts";
import { flagNamed } from "../../ofrep/flags.ts";
import { ofrepProblems } from "../../ofrep/ofrep-errors.ts";
import { readBody, readContext } from "../../ofrep/read-request.ts";

const route = createRoute({
  ...secured("predict"),
  operationId: "evaluateFlag",
  tags: ["OpenFeature"],
  summary: "Evaluate a flag: the model version that a user gets",
  description:
    "OFREP 0.3. The key is an experiment's `flag_key`, for which the newest answers that was started, or its id.",
  method: "post",
  path: "/ofrep/v1/evaluate/flags/{key}",
  request: {
    params: FlagPath,
    body: { required: true, content: { "application/json": { schema: EVALUATE_FLAG } } },
  },
  responses: {
    200: {
      description: "The flag",
      content: { "application/json": { schema: FlagEvaluation } },
    },
    ...ofrepProblems(...JSON_PROBLEMS, "experiment_not_found", "unavailable"),
  },
});

export const evaluateFlag = operation().openapi(route, async (c) => {
  const { key } = c.req.valid("param");
  const { context } = await readBody(c);
  const unit = readContext(context);
  const flag = await flagNamed(c, key);
  return c.json(await evaluate(c, flag, unit, { exposes: true }), 200);
});
