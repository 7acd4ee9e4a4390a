import type { InferenceError, ModelRef } from "../../contract/inference.ts";
import { fail, ok, type Result } from "../../domain/result.ts";

/**
 * The model's file, never larger than the limit and always the content that `sha256` names. R2
 * checked the hash when the object was put with one, and says so; only an object put without it is
 * hashed here (5 ms per MB).
 */
export async function readModel(
  bucket: R2Bucket,
  model: ModelRef,
  limitBytes: number,
): Promise<Result<Uint8Array, InferenceError>> {
  if (model.size_bytes > limitBytes) return fail(tooLarge(model.size_bytes, limitBytes));
  const object = await bucket.get(model.key);
  if (object === null) return fail({ code: "model_bytes_missing", key: model.key });
  if (object.size > limitBytes) {
    await object.body.cancel();
    return fail(tooLarge(object.size, limitBytes));
  }
  const bytes = new Uint8Array(await object.arrayBuffer());
  const digest = object.checksums.sha256 ?? (await crypto.subtle.digest("SHA-256", bytes));
  const actual = new Uint8Array(digest).toHex();
  if (actual !== model.sha256) {
    const reason = `the stored file has SHA-256 ${actual} and not ${model.sha256}`;
    return fail({ code: "model_invalid", reason });
  }
  return ok(bytes);
}

export const tooLarge = (size_bytes: number, limit_bytes: number): InferenceError => ({
  code: "model_too_large",
  size_bytes,
  limit_bytes,
});
