import { createRoute } from "@hono/zod-openapi";
import { LayerPath, LayerView } from "../../../../contract/layer.ts";
import type { LayerRecord, LayerRefusal } from "../../../../contract/layer-lease.ts";
import type { Result } from "../../../../domain/result.ts";
import { callActor } from "../../../../durable-objects/shared/call-actor.ts";
import { layerProblem, ownedLayer, viewLayer } from "../../experiments/owned-layer.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("experiments:read"),
  operationId: "getLayer",
  tags: ["Layers"],
  summary: "Get a layer with the experiments that hold a share of it",
  method: "get",
  path: "/v1/layers/{name}",
  request: { params: LayerPath },
  responses: {
    200: { description: "The layer", content: { "application/json": { schema: LayerView } } },
    ...securedProblems("invalid_request", "layer_not_found"),
  },
});

export const getLayer = operation().openapi(route, async (c) => {
  const { name } = c.req.valid("param");
  const { open } = await ownedLayer(c, name);
  const layer: Result<LayerRecord, LayerRefusal> = await callActor(open, (actor) =>
    actor.describe(),
  );
  if (!layer.ok) throw layerProblem(name, layer.error);
  return c.json(viewLayer(layer.value), 200);
});
