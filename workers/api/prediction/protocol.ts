import type { MiddlewareHandler } from "hono";
import * as z from "zod";
import { INFER_REQUEST } from "../../../contract/inference-protocol.ts";
import { ModelPath, VersionPath } from "../../../contract/model.ts";
import type { AppEnv } from "../http/app-env.ts";

/** The Open Inference Protocol V2 has each model operation with and without a version. */
export const MODEL_PATHS = [
  { suffix: "", prefix: "/v2/models/{name}", params: ModelPath },
  {
    suffix: "OfVersion",
    prefix: "/v2/models/{name}/versions/{version}",
    params: VersionPath,
  },
] as const;

export const BINARY = { schema: z.string().meta({ format: "binary" }) };
export const INFER_BODY = {
  required: true,
  content: { "application/json": { schema: INFER_REQUEST }, "application/octet-stream": BINARY },
};

/** What is in either path. */
export type ModelAddress = { name: string; version?: number };

/** Its clients read an `error` text, which stands here beside the problem's own members. */
export const protocolErrors: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  if (c.res.headers.get("content-type") !== "application/problem+json") return;
  const problem: { detail: string } = await c.res.json();
  const { status, headers } = c.res;
  c.res = new Response(JSON.stringify({ ...problem, error: problem.detail }), { status, headers });
};
