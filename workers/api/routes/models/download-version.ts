import { createRoute } from "@hono/zod-openapi";
import * as z from "zod";
import { VersionPath } from "../../../../contract/model.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ownedModel } from "../../registry/owned-model.ts";
import { ApiProblem } from "../../http/problem.ts";
import { modelProblem } from "../../leases/model-leases.ts";

const route = createRoute({
  ...secured("models:read"),
  operationId: "downloadVersion",
  tags: ["Models"],
  summary: "Download the ONNX file of a version",
  method: "get",
  path: "/v1/models/{name}/versions/{version}/content",
  request: { params: VersionPath },
  responses: {
    200: {
      description: "The bytes; the ETag is their SHA-256",
      content: { "application/octet-stream": { schema: z.string().meta({ format: "binary" }) } },
    },
    ...securedProblems(
      "invalid_request",
      "model_not_found",
      "version_not_found",
      "model_bytes_missing",
    ),
  },
});

export const downloadVersion = operation().openapi(route, async (c) => {
  const { name, version } = c.req.valid("param");
  const { open } = await ownedModel(c, name);
  const found = await callActor(open, (actor) => actor.resolve({ version }));
  if (!found.ok) throw modelProblem(name, found.error);
  const { key, sha256, size_bytes } = found.value.ref;
  const object = await c.env.MODELS.get(key);
  if (!object) throw new ApiProblem("model_bytes_missing");
  return c.body(object.body, 200, {
    "content-type": "application/octet-stream",
    "content-length": String(size_bytes),
    "content-disposition": `attachment; filename="${name}-${version}.onnx"`,
    etag: `"${sha256}"`,
  });
});
