import { createRoute } from "@hono/zod-openapi";
import { JobPath, JobView } from "../../../../contract/job.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ApiProblem } from "../../http/problem.ts";
import { ownedJob } from "../../jobs/owned-job.ts";
import { unknownJob } from "../../jobs/start-job.ts";
import { viewJob } from "../../jobs/view-job.ts";

const route = createRoute({
  ...secured("explanations:write"),
  operationId: "cancelJob",
  tags: ["Jobs"],
  summary: "Cancel a job",
  description: "What it has made by then stays.",
  method: "post",
  path: "/v1/jobs/{id}/cancel",
  request: { params: JobPath },
  responses: {
    200: { description: "The job", content: { "application/json": { schema: JobView } } },
    ...securedProblems("invalid_request", "job_not_found", "job_ended"),
  },
});

export const cancelJob = operation().openapi(route, async (c) => {
  const { id } = c.req.valid("param");
  const done = await callActor(await ownedJob(c, id), (actor) => actor.cancel());
  if (done.ok) return c.json(viewJob(done.value), 200);
  if (done.error.code === "job_not_found") throw unknownJob(id);
  throw new ApiProblem("job_ended", `the job has ${done.error.status}; it cannot be cancelled`, {
    status_of_job: done.error.status,
  });
});
