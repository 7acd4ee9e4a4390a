import { createRoute } from "@hono/zod-openapi";
import { LayerPath, LayerView, PutLayer } from "../../../../contract/layer.ts";
import { changeLayer } from "../../experiments/change-layer.ts";
import { viewLayer } from "../../experiments/owned-layer.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { JSON_PROBLEMS } from "../../http/problem.ts";

const route = createRoute({
  ...secured("experiments:write"),
  operationId: "putLayer",
  tags: ["Layers"],
  summary: "Create a layer or change it",
  description:
    "Experiments of one layer share no unit. No experiment's part moves; a holdout grows only into what is free.",
  method: "put",
  path: "/v1/layers/{name}",
  request: {
    params: LayerPath,
    body: { required: true, content: { "application/json": { schema: PutLayer } } },
  },
  responses: {
    200: { description: "The layer", content: { "application/json": { schema: LayerView } } },
    201: { description: "The new layer", content: { "application/json": { schema: LayerView } } },
    ...securedProblems(...JSON_PROBLEMS, "layer_not_found", "layer_full"),
  },
});

export const putLayer = operation().openapi(route, async (c) => {
  const { created, layer } = await changeLayer(c, c.req.valid("param").name, c.req.valid("json"));
  return c.json(viewLayer(layer), created ? 201 : 200);
});
