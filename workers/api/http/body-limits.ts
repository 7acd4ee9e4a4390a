import { bodyLimit } from "hono/body-limit";
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-env.ts";
import { ApiProblem } from "./problem.ts";

/** A parsed body takes several times its size, and an isolate has 128 MB for everybody. */
const LARGEST_BODY = 10 * 1024 * 1024;

const limit = bodyLimit({
  maxSize: LARGEST_BODY,
  onError: () => {
    throw new ApiProblem("body_too_large", `expected at most ${LARGEST_BODY} bytes`);
  },
});

/** Bounds every body but that of an upload, which is streamed and has its own limit. */
export const boundedBody: MiddlewareHandler<AppEnv> = (c, next) =>
  c.req.header("content-type")?.startsWith("application/octet-stream") && c.req.method === "PUT"
    ? next()
    : limit(c, next);
