import { createRoute } from "@hono/zod-openapi";
import * as z from "zod";
import { ExportExplainerBody } from "../../../../contract/explain-body.ts";
import { VersionPath } from "../../../../contract/model.ts";
import { EXPLAIN_PROBLEMS } from "../../explanations/explain-problem.ts";
import { exportExplainer as makeExplainer } from "../../explanations/export-explainer.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("explanations:write"),
  operationId: "exportExplainer",
  tags: ["Explanations"],
  summary: "Make an ONNX file that explains a version",
  description:
    "Kernel SHAP of one class against one background as a single graph: it takes the model's inputs with one row and gives contributions, base value and prediction, wherever ONNX runs.",
  method: "post",
  path: "/v1/models/{name}/versions/{version}/explainer",
  request: {
    params: VersionPath,
    body: { required: true, content: { "application/json": { schema: ExportExplainerBody } } },
  },
  responses: {
    200: {
      description: "The file",
      content: { "application/octet-stream": { schema: z.string().meta({ format: "binary" }) } },
    },
    ...securedProblems(...EXPLAIN_PROBLEMS),
  },
});

export const exportExplainer = operation().openapi(route, async (c) => {
  const { name, version } = c.req.valid("param");
  const bytes = await makeExplainer(c, name, version, c.req.valid("json"));
  return c.body(bytes, 200, {
    "content-type": "application/octet-stream",
    "content-disposition": `attachment; filename="${name}-${version}-explainer.onnx"`,
  });
});
