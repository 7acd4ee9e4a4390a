import { createRoute } from "@hono/zod-openapi";
import { JobPage, JobQuery } from "../../../../contract/job.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { listJobs as listRows } from "../../../../database/jobs.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { toPage } from "../../http/page.ts";
import { summariseJob } from "../../jobs/view-job.ts";

const route = createRoute({
  ...secured("explanations:read"),
  operationId: "listJobs",
  tags: ["Jobs"],
  summary: "List your jobs, newest first",
  method: "get",
  path: "/v1/jobs",
  request: { query: JobQuery },
  responses: {
    200: { description: "A page of jobs", content: { "application/json": { schema: JobPage } } },
    ...securedProblems("invalid_request"),
  },
});

export const listJobs = operation().openapi(route, async (c) => {
  const { limit, cursor, status } = c.req.valid("query");
  const { owner_id } = c.get("admission").principal;
  const query = { owner_id, status, before: cursor, limit: limit + 1 };
  const rows = await listRows(openDirectory(c.env.DB), query);
  return c.json(
    toPage(rows, limit, ({ id }) => id, summariseJob),
    200,
  );
});
