import { createRoute } from "@hono/zod-openapi";
import { LayerPath } from "../../../../contract/layer.ts";
import { layerProblem, ownedLayer } from "../../experiments/owned-layer.ts";
import { unlessHeldByDead } from "../../experiments/unless-held-by-dead.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";

const route = createRoute({
  ...secured("experiments:write"),
  operationId: "deleteLayer",
  tags: ["Layers"],
  summary: "Delete a layer",
  description:
    "Refused while an experiment holds a share of it. Experiments that leave its holdout alone keep doing so.",
  method: "delete",
  path: "/v1/layers/{name}",
  request: { params: LayerPath },
  responses: {
    204: { description: "It is gone" },
    ...securedProblems("invalid_request", "layer_not_found", "layer_in_use"),
  },
});

export const deleteLayer = operation().openapi(route, async (c) => {
  const { name } = c.req.valid("param");
  const { row, open } = await ownedLayer(c, name);
  const removed = await unlessHeldByDead(c, open, (actor) => actor.remove(row.id));
  if (!removed.ok) throw layerProblem(name, removed.error);
  return c.body(null, 204);
});
