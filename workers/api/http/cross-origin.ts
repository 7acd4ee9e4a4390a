import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import type { AppEnv } from "./app-env.ts";

/** Keys travel in a header and never in a cookie, so a page gains nothing by being let in. */
const open = cors({
  origin: "*",
  allowMethods: ["GET", "POST", "PUT", "PATCH", "DELETE"],
  allowHeaders: [
    "authorization",
    "content-type",
    "idempotency-key",
    "if-none-match",
    "if-range",
    "inference-header-content-length",
    "range",
    "traceparent",
    "x-api-key",
    "x-request-id",
  ],
  exposeHeaders: [
    "accept-ranges",
    "content-disposition",
    "content-range",
    "etag",
    "inference-header-content-length",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "traceparent",
    "x-request-id",
  ],
  maxAge: 86_400,
});

/** Lets browsers call from any page; other callers send no `origin` and pay nothing for it. */
export const crossOrigin: MiddlewareHandler<AppEnv> = (c, next) =>
  c.req.raw.headers.has("origin") ? open(c, next) : next();
