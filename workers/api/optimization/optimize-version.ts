import type { Context } from "hono";
import type * as z from "zod";
import type { ComputeError, Optimized } from "../../../contract/compute.ts";
import type { OptimizeRequest } from "../../../contract/optimize.ts";
import { type ModelVersion, uploadKey } from "../../../contract/model-lease.ts";
import { briefReport, keptOptions } from "../../../domain/models/derivation.ts";
import type { OptimiseRequest } from "../../../domain/onnx/optimise-request.ts";
import type { Result } from "../../../domain/result.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { acceptFile, type NewVersion, type Target, withUpload } from "../registry/accept-file.ts";
import { computeProblem } from "./compute-problem.ts";
import { readData } from "./read-data.ts";

type Asked = z.output<typeof OptimizeRequest>;
/** `made` is null where no version was asked for. */
export type OptimizedVersion = { made: NewVersion | null; measured: Optimized["result"] };

/** Makes a version out of another one by the compute Worker, and takes it as an upload is taken. */
export async function optimizeVersion(
  c: Context<AppEnv>,
  target: Target,
  source: ModelVersion,
  { description, dry_run = false, ...asked }: Asked,
): Promise<OptimizedVersion> {
  const data = asked.data && readData(source.signature, asked.data);
  // What came as JSON has no member that is undefined, which is all that the two types differ in.
  const request = { ...asked, ...(data && { data }) } as OptimiseRequest;
  if (dry_run) {
    const { result } = await compute(c, source, { ...request, return_refused: true }, null);
    return { made: null, measured: result };
  }
  return withUpload(target, async (uploadId) => {
    const { file, result } = await compute(c, source, request, uploadKey(uploadId));
    if (!file) throw gateFailed(result);
    const { kind, report } = result;
    const derived_from = {
      version: source.version,
      kind,
      options: keptOptions(kind, asked.options),
      report: briefReport(report),
      at: Date.now(),
      by: c.get("admission").principal.key_id,
    };
    const what = description ?? `${kind} of version ${source.version}`;
    const made = await acceptFile(c, target, uploadId, {
      ...file,
      description: what,
      derived_from,
    });
    return { made, measured: result };
  });
}

async function compute(
  c: Context<AppEnv>,
  { ref }: ModelVersion,
  request: OptimiseRequest,
  key: string | null,
): Promise<Optimized> {
  const answer = (await c.env.COMPUTE.optimize(ref, request, key, c.get("trace"))) as Result<
    Optimized,
    ComputeError
  >;
  if (!answer.ok) throw computeProblem(answer.error);
  return answer.value;
}

const gateFailed = ({ gate, ...figures }: Optimized["result"]): ApiProblem =>
  new ApiProblem("release_gate_failed", gate.reasons.join("; "), { ...figures, gate });
