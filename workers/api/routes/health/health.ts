import { createRoute } from "@hono/zod-openapi";
import { DeepHealth, HealthView } from "../../../../contract/health.ts";
import { operation } from "../../http/app-env.ts";
import { checkDependencies } from "../../http/check-dependencies.ts";
import { VERSION } from "../../version.ts";

const tags = ["Health"];
const answer = { status: "ok", version: VERSION } as const;
const view = (description: string) => ({
  description,
  content: { "application/json": { schema: HealthView } },
});

export const health = operation();

for (const [path, operationId, summary] of [
  ["/health", "health", "Whether the platform answers"],
  ["/health/live", "healthLive", "Whether the process is alive"],
] as const)
  health.openapi(
    createRoute({
      operationId,
      tags,
      summary,
      method: "get",
      path,
      responses: { 200: view("It does") },
    }),
    (c) => c.json(answer, 200),
  );

health
  .openapi(
    createRoute({
      operationId: "healthReady",
      tags,
      summary: "Whether requests can be served",
      method: "get",
      path: "/health/ready",
      responses: { 200: view("They can"), 503: view("A dependency is missing") },
    }),
    async (c) => {
      const { status } = await checkDependencies(c.env, c.executionCtx);
      return c.json({ status, version: VERSION }, status === "ok" ? 200 : 503);
    },
  )
  .openapi(
    createRoute({
      operationId: "healthDeep",
      tags,
      summary: "Every dependency with the time it took to answer",
      method: "get",
      path: "/health/deep",
      responses: {
        200: { description: "All answer", content: { "application/json": { schema: DeepHealth } } },
        503: {
          description: "One does not",
          content: { "application/json": { schema: DeepHealth } },
        },
      },
    }),
    async (c) => {
      const deep = await checkDependencies(c.env, c.executionCtx);
      return c.json(deep, deep.status === "ok" ? 200 : 503);
    },
  );
