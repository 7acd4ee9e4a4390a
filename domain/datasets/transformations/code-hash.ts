import { canonicalJson } from "../../text/canonical-json.ts";
import { utf8Encode } from "../../text/utf8.ts";
import type { Operation } from "./operation.ts";

/**
 * The SHA-256, as `sha256` writes it, of what computes a version: the operation with all its
 * parameters, and the version of the engine. Equal hashes over equal sources give equal rows.
 */
export const codeHash = (
  { type, parameters }: Pick<Operation, "type" | "parameters">,
  engine_version: string,
  sha256: (bytes: Uint8Array) => Promise<string>,
): Promise<string> => sha256(utf8Encode(canonicalJson({ engine_version, parameters, type })));
