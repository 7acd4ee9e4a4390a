import { bodyLimit } from "hono/body-limit";
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-env.ts";
import { ApiProblem } from "./problem.ts";

/** A parsed body takes several times its size, and an isolate has 128 MB for everybody. */
const LARGEST_BODY = 10 * 1024 * 1024;

const tooLarge = (): never => {
  throw new ApiProblem("body_too_large", `expected at most ${LARGEST_BODY} bytes`);
};
const limitStream = bodyLimit({ maxSize: LARGEST_BODY, onError: tooLarge });

/** Workers hand a compressed body on as it came, so it would only look malformed further in. */
function refuseCompressed(encoding: string | null): void {
  if (encoding === null || encoding === "identity") return;
  throw new ApiProblem(
    "content_type_unsupported",
    `expected a body that is not compressed, found content-encoding ${encoding}`,
  );
}

/**
 * Bounds every body but that of an upload, which is streamed and has its own limit. Counting a
 * stream costs a good deal, so it is left to bodies that do not state their length.
 */
export const boundedBody: MiddlewareHandler<AppEnv> = (c, next) => {
  const { method, body, headers } = c.req.raw;
  if (!body) return next();
  refuseCompressed(headers.get("content-encoding"));
  if (method === "PUT" && /\/(?:versions|packs)$/.test(c.req.path)) return next();
  const length = headers.get("content-length");
  if (length === null) return limitStream(c, next);
  return Number(length) > LARGEST_BODY ? tooLarge() : next();
};
