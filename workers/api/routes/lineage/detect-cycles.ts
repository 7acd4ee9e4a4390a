import { createRoute } from "@hono/zod-openapi";
import { CyclesView } from "../../../../contract/lineage.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { askLineage } from "../../lineage/owner-lineage.ts";

const route = createRoute({
  ...secured("datasets:read"),
  operationId: "detectLineageCycles",
  tags: ["Lineage"],
  summary: "Find cycles in your lineage",
  description:
    "What Linnet does itself makes none. What OpenLineage tells of may: a job that reads a table and writes it.",
  method: "get",
  path: "/v1/lineage/cycles",
  responses: {
    200: { description: "The cycles", content: { "application/json": { schema: CyclesView } } },
    ...securedProblems(),
  },
});

export const detectLineageCycles = operation().openapi(route, async (c) => {
  const { cycles, truncated } = await askLineage(c, (lineage) => lineage.cycles());
  return c.json({ cycles, truncated }, 200);
});
