import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-env.ts";

/** The Open Inference Protocol V2 has each model operation with and without a version. */
export const MODEL_PATHS = [
  { suffix: "", prefix: "/v2/models/{name}" },
  { suffix: "OfVersion", prefix: "/v2/models/{name}/versions/{version}" },
] as const;

/** Its clients read an `error` text, which stands here beside the problem's own members. */
export const protocolErrors: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  if (c.res.headers.get("content-type") !== "application/problem+json") return;
  const problem: { detail: string } = await c.res.json();
  const { status, headers } = c.res;
  c.res = new Response(JSON.stringify({ ...problem, error: problem.detail }), { status, headers });
};
