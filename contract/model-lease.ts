import type { Derivation } from "../domain/models/derivation.ts";
import type { ModelDetails } from "../domain/models/details.ts";
import type { Signature } from "../domain/tensors/tensor.ts";
import type { ModelRef } from "./inference.ts";

/** One version as an isolate needs it to run the model. */
export type ModelVersion = {
  model_id: string;
  version: number;
  ref: ModelRef;
  signature: Signature;
  details: ModelDetails | null;
  /** The share of the model's predictions that is kept, in units of 10^-12. */
  capture_rate: number;
};

/** What is kept of a model's predictions without being asked for. */
export type CaptureSetting = {
  /** In units of 10^-12. */
  rate: number;
  /** How long any kept prediction stays. */
  kept_days: number;
  /** Null while nobody has set it. */
  updated_at: number | null;
  updated_by: string | null;
};

/** Neither names the alias `champion`, and the latest version where there is no such alias. */
export type VersionSelector = { version?: number | undefined; alias?: string | undefined };

export type ModelRefusal =
  | { code: "model_not_found" }
  | { code: "upload_expired" }
  | { code: "version_not_found"; version: number | null }
  | { code: "alias_not_found"; alias: string }
  | { code: "alias_moved"; alias: string; found: number | null }
  | { code: "model_in_use" | "version_in_use"; experiments: string[]; aliases: string[] };

export type AcceptedVersion = {
  sha256: string;
  size_bytes: number;
  signature: Signature;
  description: string;
  created_by: string;
  /** How the file was made of another version; absent for one that was uploaded. */
  derived_from?: Derivation;
  /** What the file says of the model beyond its signature. */
  details?: ModelDetails | null;
};

export type VersionRecord = Omit<AcceptedVersion, "derived_from" | "details"> & {
  version: number;
  created_at: number;
  derived_from: Derivation | null;
  details: ModelDetails | null;
};

export type AliasMove = {
  alias: string;
  version: number;
  /** The alias must point at one of these; null stands for an alias that does not exist. */
  expected: (number | null)[] | null;
  by: string;
};

export type AliasRecord = {
  alias: string;
  version: number;
  updated_at: number;
  history: { version: number | null; previous_version: number | null; at: number; by: string }[];
};

export const DEFAULT_ALIAS = "champion";

export const objectKey = (modelId: string, sha256: string): string => `models/${modelId}/${sha256}`;
export const uploadKey = (uploadId: string): string => `uploads/${uploadId}`;
