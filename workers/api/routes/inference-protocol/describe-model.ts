import { createRoute } from "@hono/zod-openapi";
import { ModelMetadata } from "../../../../contract/inference-protocol.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { listVersions } from "../../../../database/models.ts";
import { modelMetadata } from "../../../../domain/inference-protocol/model-metadata.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { MODEL_PATHS, type ModelAddress } from "../../prediction/protocol.ts";
import { leaseVersion } from "../../leases/model-leases.ts";

const VERSIONS_SHOWN = 100;

const route = ({ prefix, suffix, params }: (typeof MODEL_PATHS)[number]) =>
  createRoute({
    ...secured("models:read"),
    operationId: `describeModel${suffix}`,
    tags: ["Open Inference Protocol"],
    summary: "The inputs and outputs of a model",
    method: "get",
    path: prefix,
    request: { params },
    responses: {
      200: {
        description: "The metadata",
        content: { "application/json": { schema: ModelMetadata } },
      },
      ...securedProblems("invalid_request", "model_not_found", "version_not_found"),
    },
  });

export const describeModel = operation();
for (const path of MODEL_PATHS)
  describeModel.openapi(route(path), async (c) => {
    const { name, version }: ModelAddress = c.req.valid("param");
    const { model_id, signature } = await leaseVersion(c, name, { version });
    const query = { model_id, before: undefined, limit: VERSIONS_SHOWN };
    const rows = await listVersions(openDirectory(c.env.DB), query);
    const versions = rows.map((row) => String(row.version)).toReversed();
    return c.json(modelMetadata(name, versions, signature), 200);
  });
