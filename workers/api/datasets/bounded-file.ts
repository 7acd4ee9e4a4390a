import type { Context } from "hono";
import type { AppEnv } from "../http/app-env.ts";
import { passBody } from "../http/passed-body.ts";
import { ApiProblem } from "../http/problem.ts";

/** The body of a request that is a file of a stated length, which is not read here. */
export function boundedFile(
  c: Context<AppEnv>,
  most: number,
): { body: ReadableStream<Uint8Array>; size_bytes: number } {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/octet-stream") {
    const detail = `expected content-type application/octet-stream, found ${type ?? "none"}`;
    throw new ApiProblem("content_type_unsupported", detail);
  }
  const size_bytes = Number(c.req.header("content-length") ?? Number.NaN);
  if (Number.isNaN(size_bytes))
    throw new ApiProblem("length_required", "send the file with a content-length, not in chunks");
  if (size_bytes > most)
    throw new ApiProblem(
      "body_too_large",
      `expected at most ${most} bytes in one request, found ${size_bytes}: send a larger file in chunks, as \`linnet data push\` does`,
    );
  const { body } = c.req.raw;
  if (!body || size_bytes === 0) throw new ApiProblem("data_invalid", "the body is empty");
  return { body: passBody(c, body, size_bytes), size_bytes };
}
