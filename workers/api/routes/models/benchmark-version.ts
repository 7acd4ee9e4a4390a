import { createRoute } from "@hono/zod-openapi";
import type { ComputeError } from "../../../../contract/compute.ts";
import { VersionPath } from "../../../../contract/model.ts";
import { BenchmarkRequest, BenchmarkResult } from "../../../../contract/optimize.ts";
import type { Benchmark, BenchmarkOptions } from "../../../../domain/onnx/benchmark-model.ts";
import type { Result } from "../../../../domain/result.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";
import { COMPUTE_PROBLEMS, computeProblem } from "../../optimization/compute-problem.ts";
import { readRows } from "../../optimization/read-data.ts";
import { DATA_PROBLEMS } from "../../prediction/predict-problems.ts";
import { ownedVersion } from "../../registry/owned-model.ts";

type Asked = BenchmarkOptions & { data?: { inputs: Record<string, unknown> } };

const route = createRoute({
  // One request runs the model hundreds of times: more than a key that reads or predicts may ask for.
  ...secured("models:write"),
  operationId: "benchmarkVersion",
  tags: ["Models"],
  summary: "Measure how long a version takes to run",
  description: "By batch size, on the given rows or on random ones, in the compute Worker.",
  method: "post",
  path: "/v1/models/{name}/versions/{version}/benchmark",
  request: {
    params: VersionPath,
    body: { required: true, content: { "application/json": { schema: BenchmarkRequest } } },
  },
  responses: {
    200: {
      description: "Milliseconds by batch size",
      content: { "application/json": { schema: BenchmarkResult } },
    },
    ...securedProblems(
      ...JSON_PROBLEMS,
      ...DATA_PROBLEMS,
      ...COMPUTE_PROBLEMS,
      "model_not_found",
      "version_not_found",
    ),
  },
});

export const benchmarkVersion = operation().openapi(route, async (c) => {
  const { name, version } = c.req.valid("param");
  // What came as JSON has no member that is undefined.
  const { data, ...options } = c.req.valid("json") as Asked;
  const { found } = await ownedVersion(c, name, version);
  const rows = data ? readRows(found.signature, data.inputs) : null;
  const answer = (await c.env.COMPUTE.benchmark(
    found.ref,
    options,
    rows,
    c.get("trace"),
  )) as Result<Benchmark, ComputeError>;
  if (!answer.ok) throw computeProblem(answer.error);
  return c.json({ model: name, version, ...answer.value, batches: [...answer.value.batches] }, 200);
});
