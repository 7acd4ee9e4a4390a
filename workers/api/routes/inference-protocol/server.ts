import { createRoute } from "@hono/zod-openapi";
import * as z from "zod";
import { ServerMetadata } from "../../../../contract/inference-protocol.ts";
import { operation } from "../../http/app-env.ts";
import { checkDependencies } from "../../http/check-dependencies.ts";
import { ApiProblem, problemResponses } from "../../http/problem.ts";
import { VERSION } from "../../version.ts";

const tags = ["Open Inference Protocol"];
const Live = z.object({ live: z.boolean() });
const Ready = z.object({ ready: z.boolean() });
const json = <T extends z.ZodType>(description: string, schema: T) => ({
  200: { description, content: { "application/json": { schema } } },
});

export const inferenceServer = operation()
  .openapi(
    createRoute({
      operationId: "describeServer",
      tags,
      summary: "The name, version and extensions of the server",
      method: "get",
      path: "/v2",
      responses: json("The metadata", ServerMetadata),
    }),
    (c) => c.json({ name: "linnet", version: VERSION, extensions: ["binary_tensor_data"] }, 200),
  )
  .openapi(
    createRoute({
      operationId: "serverLive",
      tags,
      summary: "Whether the server answers",
      method: "get",
      path: "/v2/health/live",
      responses: json("It does", Live),
    }),
    (c) => c.json({ live: true }, 200),
  )
  .openapi(
    createRoute({
      operationId: "serverReady",
      tags,
      summary: "Whether models can be run",
      method: "get",
      path: "/v2/health/ready",
      responses: { ...json("They can", Ready), ...problemResponses("unavailable") },
    }),
    async (c) => {
      const { status } = await checkDependencies(c.env, c.executionCtx);
      if (status !== "ok") throw new ApiProblem("unavailable");
      return c.json({ ready: true }, 200);
    },
  );
