import { bodyLimit } from "hono/body-limit";
import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-env.ts";
import { inflatedRequest } from "./inflate-request.ts";
import { ApiProblem } from "./problem.ts";

/** A parsed body takes several times its size, and an isolate has 128 MB for everybody. */
const LARGEST_BODY = 10 * 1024 * 1024;

const tooLarge = (): never => {
  throw new ApiProblem("body_too_large", `expected at most ${LARGEST_BODY} bytes`);
};
const limitStream = bodyLimit({ maxSize: LARGEST_BODY, onError: tooLarge });

/** `accepted`: the content codings that are taken here (RFC 9110, sections 12.5.3 and 15.5.16). */
function refuseCoding(coding: string, accepted: "gzip" | "identity"): never {
  const expected =
    accepted === "gzip" ? "a body as it is, or gzip" : "a body that is not compressed";
  const detail = `expected ${expected}, found content-encoding ${coding}`;
  throw new ApiProblem("content_type_unsupported", detail, {}, { "accept-encoding": accepted });
}

/**
 * Bounds every body but that of an upload, which is streamed and has its own limit. Counting a
 * stream costs a good deal, so it is left to bodies that do not state their length. Workers hand a
 * compressed body on as it came: it is inflated here, to no more than a plain one may have.
 */
export const boundedBody: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { method, body, headers } = c.req.raw;
  if (!body) return next();
  const coding = headers.get("content-encoding")?.trim().toLowerCase() || "identity";
  if (method === "PUT" && /\/(?:versions|packs)$/.test(c.req.path))
    return coding === "identity" ? next() : refuseCoding(coding, "identity");
  const length = headers.get("content-length");
  if (length !== null && Number(length) > LARGEST_BODY) tooLarge();
  if (coding === "identity") return length === null ? limitStream(c, next) : next();
  if (coding !== "gzip" && coding !== "x-gzip") refuseCoding(coding, "gzip");
  c.req.raw = (await inflatedRequest(c.req.raw, body, LARGEST_BODY)) ?? tooLarge();
  return next();
};
