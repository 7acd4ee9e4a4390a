import { createRoute } from "@hono/zod-openapi";
import { BackgroundPath, BackgroundRows } from "../../../../contract/background.ts";
import { findBackground } from "../../../../database/backgrounds.ts";
import { openDirectory } from "../../../../database/directory.ts";
import { tensorToNested } from "../../../../domain/tensors/to-nested.ts";
import { setOf, unknownBackground } from "../../explanations/backgrounds.ts";
import { viewBackground } from "../../explanations/put-background.ts";
import { operation } from "../../http/app-env.ts";
import { secured, securedProblems } from "../../http/authorize.ts";
import { ownedVersion } from "../../registry/owned-model.ts";

const route = createRoute({
  ...secured("explanations:read"),
  operationId: "getBackground",
  tags: ["Explanations"],
  summary: "Read a background set with its rows",
  method: "get",
  path: "/v1/models/{name}/versions/{version}/backgrounds/{background}",
  request: { params: BackgroundPath },
  responses: {
    200: { description: "The set", content: { "application/json": { schema: BackgroundRows } } },
    ...securedProblems(
      "invalid_request",
      "model_not_found",
      "version_not_found",
      "background_not_found",
    ),
  },
});

export const getBackground = operation().openapi(route, async (c) => {
  const { name, version, background } = c.req.valid("param");
  const { found } = await ownedVersion(c, name, version);
  const row = await findBackground(openDirectory(c.env.DB), found, background);
  if (!row) throw await unknownBackground(c, found, background);
  const { feeds, weights } = setOf(row);
  const inputs = Object.fromEntries(
    Object.entries(feeds).map(([input, tensor]) => [input, tensorToNested(tensor)]),
  );
  return c.json({ ...viewBackground(name, version, row), inputs, weights: weights ?? [] }, 200);
});
