import { canonicalJson } from "../../text/canonical-json.ts";
import { utf8Encode } from "../../text/utf8.ts";
import type { Field, Schema } from "../schema.ts";

/**
 * The SHA-256 that tells schemas apart, in hex as `sha256` gives it: of canonical JSON (RFC 8785) of
 * `{fields, primary_key, partition_keys}` without descriptions. The order of columns counts, in the
 * fields and in the keys; an absent member and one that is not set are the same.
 */
export const schemaHash = (
  { fields, primary_key, partition_keys }: Schema,
  sha256: (bytes: Uint8Array) => Promise<string>,
): Promise<string> =>
  sha256(utf8Encode(canonicalJson({ fields: fields.map(identity), primary_key, partition_keys })));

/** Named one by one, so that what else a caller's object holds does not count. */
const identity = ({ name, type, nullable, shape, sampling_rate_hz, unit }: Field) => ({
  name,
  type,
  nullable,
  shape,
  sampling_rate_hz,
  unit,
});
