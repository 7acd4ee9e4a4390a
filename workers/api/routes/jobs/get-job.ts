import { createRoute } from "@hono/zod-openapi";
import { JobPath, JobView } from "../../../../contract/job.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ownedJob } from "../../jobs/owned-job.ts";
import { describe } from "../../jobs/start-job.ts";
import { viewJob } from "../../jobs/view-job.ts";

const route = createRoute({
  ...secured("explanations:read"),
  operationId: "getJob",
  tags: ["Jobs"],
  summary: "Read how far a job is, and what it has made",
  method: "get",
  path: "/v1/jobs/{id}",
  request: { params: JobPath },
  responses: {
    200: { description: "The job", content: { "application/json": { schema: JobView } } },
    ...securedProblems("invalid_request", "job_not_found"),
  },
});

export const getJob = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  await ownedJob(c, id);
  return c.json(viewJob(await describe(c, id)), 200);
});
