import type { Context } from "hono";
import { uploadKey } from "../../../contract/model-lease.ts";
import type { AppEnv } from "../http/app-env.ts";
import { inferenceProblem } from "../prediction/inference-problem.ts";
import { hex } from "../keys/key-checksum.ts";
import { passBody } from "../http/passed-body.ts";
import { ApiProblem } from "../http/problem.ts";
import { acceptFile, type NewVersion, type Target, withUpload } from "./accept-file.ts";

/** Stores the body as a version: streamed to a temporary object while it is hashed, then accepted. */
export async function uploadVersion(
  c: Context<AppEnv>,
  target: Target,
  description: string,
): Promise<NewVersion> {
  const size_bytes = acceptableLength(c);
  return withUpload(target, async (uploadId) => {
    const sha256 = await storeHashed(c, uploadKey(uploadId), size_bytes);
    return acceptFile(c, target, uploadId, { sha256, size_bytes, description });
  });
}

function acceptableLength(c: Context<AppEnv>): number {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/octet-stream") {
    const detail = `expected content-type application/octet-stream, found ${type ?? "none"}`;
    throw new ApiProblem("content_type_unsupported", detail);
  }
  const length = Number(c.req.header("content-length") ?? Number.NaN);
  if (Number.isNaN(length))
    throw new ApiProblem("length_required", "send the file with a content-length, not in chunks");
  const limit = Number(c.env.MAX_MODEL_BYTES);
  if (length > limit)
    throw inferenceProblem({ code: "model_too_large", size_bytes: length, limit_bytes: limit });
  if (length === 0) throw new ApiProblem("model_invalid", "the body is empty");
  return length;
}

/** Streams the body into R2 and answers with its SHA-256; at no time is it all in memory. */
async function storeHashed(c: Context<AppEnv>, key: string, length: number): Promise<string> {
  const { body } = c.req.raw;
  if (!body) throw new ApiProblem("model_invalid", "the body is empty");
  const digest = new crypto.DigestStream("SHA-256");
  const [toStore, toHash] = passBody(c, body, length).tee();
  const [sha256] = await Promise.all([
    digest.digest,
    c.env.MODELS.put(key, toStore),
    toHash.pipeTo(digest),
  ]);
  return hex(sha256);
}
