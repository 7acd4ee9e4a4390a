import type { Context } from "hono";
import type { Reproducibility } from "../../../contract/transformation.ts";
import type { TransformationDetails } from "../../../contract/transformation-work.ts";
import {
  type ChainStep,
  type ReproductionProblem,
  validateReproducibility,
} from "../../../domain/datasets/transformations/chain.ts";
import { ENGINE_VERSION } from "../../../domain/datasets/transformations/check-transformation.ts";
import { codeHash } from "../../../domain/datasets/transformations/code-hash.ts";
import type { JsonObject } from "../../../domain/datasets/transformations/parameters.ts";
import { sha256 } from "../../../durable-objects/shared/sha256.ts";
import type { AppEnv } from "../http/app-env.ts";
import { newId } from "../http/ids.ts";
import { startTransformation, waitedFor } from "./start-transformation.ts";
import { versionChain, type VersionChain } from "./version-chain.ts";
import { viewTransformation } from "./view-transformation.ts";

/**
 * What keeps a version from being made again. Where nothing does, every step of it is carried out
 * again from what it was made of then, and the bytes that come out are compared.
 */
export async function validateVersion(
  c: Context<AppEnv>,
  version_id: string,
  { rederive, wait }: { rederive: boolean; wait: boolean },
): Promise<Reproducibility> {
  const found = await versionChain(c, version_id);
  const { roots, steps } = found.chain;
  const missing = await validateReproducibility(
    found.chain,
    ({ transformation_type, parameters }) =>
      codeHash(
        { type: transformation_type, parameters: parameters as JsonObject },
        ENGINE_VERSION,
        sha256,
      ),
  );
  const begun: TransformationDetails[] = [];
  if (rederive && missing.length === 0)
    for (const step of steps) begun.push(await check(c, step, found));
  const checks = await waitedFor(c, begun, wait);
  return {
    version_id,
    reproducible: verdict(missing, checks, rederive),
    roots,
    steps: steps.map(({ transformation, versions }) => ({
      transformation_id: transformation.transformation_id,
      transformation_type: transformation.transformation_type,
      versions: versions.map((version) => version.version_id),
    })),
    missing,
    checks: checks.map(viewTransformation),
  };
}

/** Null as long as nobody can tell. */
function verdict(
  missing: readonly ReproductionProblem[],
  checks: readonly TransformationDetails[],
  rederive: boolean,
): boolean | null {
  if (missing.length > 0) return false;
  const isOther = ({ status, made }: TransformationDetails): boolean =>
    status === "failed" || made.some(({ matches }) => matches === false);
  if (checks.some(isOther)) return false;
  return rederive && checks.every(({ status }) => status === "succeeded") ? true : null;
}

const check = (
  c: Context<AppEnv>,
  { transformation, versions }: ChainStep,
  { records }: VersionChain,
): Promise<TransformationDetails> =>
  startTransformation(c, {
    transformation_type: transformation.transformation_type,
    parameters: transformation.parameters,
    sources: transformation.source_version_ids.map((version_id) => ({
      dataset_id: records.get(version_id)?.dataset_id ?? "",
      version_id,
    })),
    targets: versions.map(({ version_id, output }) => ({
      output,
      dataset_id: records.get(version_id)?.dataset_id ?? "",
      upload_id: newId("upl"),
      message: "",
      tags: [],
      expected_content_hash: records.get(version_id)?.content_hash ?? "",
    })),
  });
