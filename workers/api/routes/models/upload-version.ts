import { createRoute } from "@hono/zod-openapi";
import * as z from "zod";
import { ModelPath, UploadQuery, VersionView } from "../../../../contract/model.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ownedModel, viewVersion } from "../../registry/owned-model.ts";
import { uploadVersion as storeVersion } from "../../registry/upload-version.ts";

const route = createRoute({
  ...secured("models:write"),
  operationId: "uploadVersion",
  tags: ["Models"],
  summary: "Upload a version",
  description:
    "The raw bytes of an ONNX file. It is opened before it is accepted. The same bytes again are the same version.",
  method: "put",
  path: "/v1/models/{name}/versions",
  request: {
    params: ModelPath,
    query: UploadQuery,
    body: {
      required: true,
      content: { "application/octet-stream": { schema: z.string().meta({ format: "binary" }) } },
    },
  },
  responses: {
    200: {
      description: "These bytes are a version already",
      content: { "application/json": { schema: VersionView } },
    },
    201: {
      description: "The new version",
      content: { "application/json": { schema: VersionView } },
    },
    ...securedProblems(
      "invalid_request",
      "model_not_found",
      "length_required",
      "model_too_large",
      "content_type_unsupported",
      "model_invalid",
      "model_operator_unsupported",
      "model_io_unsupported",
      "unavailable",
    ),
  },
});

export const uploadVersion = operation().openapi(route, async (c) => {
  const { name } = c.req.valid("param");
  const { row, open } = await ownedModel(c, name);
  const target = { name, id: row.id, open };
  const { version, created } = await storeVersion(c, target, c.req.valid("query").description);
  return c.json(viewVersion(name, version), created ? 201 : 200);
});
