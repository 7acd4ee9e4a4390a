import { createRoute } from "@hono/zod-openapi";
import { ModelReady } from "../../../../contract/inference-protocol.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { MODEL_PATHS, type ModelAddress } from "../../prediction/protocol.ts";
import { leaseVersion } from "../../leases/model-leases.ts";

const route = ({ prefix, suffix, params }: (typeof MODEL_PATHS)[number]) =>
  createRoute({
    ...secured("models:read"),
    operationId: `modelReady${suffix}`,
    tags: ["Open Inference Protocol"],
    summary: "Whether a model can be run",
    description:
      "A version was opened before it was accepted, so it is ready as long as it exists.",
    method: "get",
    path: `${prefix}/ready`,
    request: { params },
    responses: {
      200: { description: "It is ready", content: { "application/json": { schema: ModelReady } } },
      ...securedProblems("invalid_request", "model_not_found", "version_not_found"),
    },
  });

export const modelReady = operation();
for (const path of MODEL_PATHS)
  modelReady.openapi(route(path), async (c) => {
    const { name, version }: ModelAddress = c.req.valid("param");
    await leaseVersion(c, name, { version });
    return c.json({ name, ready: true }, 200);
  });
