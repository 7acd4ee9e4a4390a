import type { Context } from "hono";
import type * as z from "zod";
import type { BackgroundSet, ExplainCall, ExplainError } from "../../../contract/explain.ts";
import type { ExplainBatchBody, ExplainBody } from "../../../contract/explain-body.ts";
import type { ModelVersion } from "../../../contract/model-lease.ts";
import type { ExplainRequest } from "../../../domain/explain/explain-request.ts";
import { takesRaw } from "../../../domain/models/details.ts";
import type { Result } from "../../../domain/result.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { leaseVersion } from "../leases/model-leases.ts";
import { readRows } from "../optimization/read-data.ts";
import { leaseBackground } from "./backgrounds.ts";
import { explainProblem } from "./explain-problem.ts";

type Body = z.output<typeof ExplainBody> | z.output<typeof ExplainBatchBody>;
/** What says how to explain, whatever is explained. */
export type How = Pick<
  Body,
  | "method"
  | "options"
  | "target"
  | "feature_names"
  | "groups"
  | "include_interactions"
  | "top_k_features"
  | "seed"
  | "limits"
>;

/** Work of one answer, in multiply-accumulates: some seconds of an isolate. What is more becomes a job. */
export const MOST_COST = 2e10;
/** What one piece of a job may take: below the CPU time that the explain Worker has. */
export const MOST_PIECE_COST = 2e11;
const TOP_K = 10;

/** One version of the caller's, ready to be asked about rows. */
export type Subject = { version: ModelVersion; name: string; background: BackgroundSet | null };

export type SubjectBody = Pick<Body, "model" | "version" | "alias" | "background">;

export async function readSubject(
  c: Context<AppEnv>,
  { model, version, alias, background }: SubjectBody,
): Promise<Subject> {
  const found = await leaseVersion(c, model, { version, alias });
  const named = typeof background === "object" ? undefined : background;
  return {
    version: found,
    name: model,
    background:
      typeof background === "object"
        ? await inlineSet(await readInstances(c, found, background.inputs))
        : await leaseBackground(c, found, named),
  };
}

/** Rows that came with the request are a set named by its content. */
async function inlineSet(feeds: Record<string, Tensor>): Promise<BackgroundSet> {
  const text = JSON.stringify(feeds, (_, value: unknown) =>
    typeof value === "bigint"
      ? String(value)
      : ArrayBuffer.isView(value)
        ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength).toHex()
        : value,
  );
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return { id: new Uint8Array(digest).toHex(), feeds, weights: null };
}

/** What came as JSON has no member that is undefined, which is all that the two types differ in. */
const withoutUndefined = ({ options = {}, limits = {} }: How) =>
  ({ options, limits }) as Pick<ExplainRequest, "options" | "limits">;

export const requestOf = (how: How): ExplainRequest => ({
  method: how.method,
  ...withoutUndefined(how),
  output: how.target?.output ?? null,
  class: how.target?.class ?? null,
  feature_names: how.feature_names ?? null,
  groups: how.groups ?? null,
  include_interactions: how.include_interactions ?? false,
  top_k_features: how.top_k_features ?? TOP_K,
  seed: how.seed ?? 0,
});

export const callOf = (
  { version, background }: Subject,
  feeds: Record<string, Tensor>,
  request: ExplainRequest,
  most_cost = MOST_COST,
): ExplainCall => ({
  model: version.ref,
  version: version.version,
  signature: version.signature,
  feeds,
  background,
  request,
  most_cost,
});

/** Numbers of the rows that are explained together: an answer has about a hundred bytes for each. */
export const MOST_NUMBERS = 2 ** 17;
export const numbersOf = (feeds: Record<string, Tensor>): number =>
  Object.values(feeds).reduce((sum, { data }) => sum + data.length, 0);

export const rowCountOf = (feeds: Record<string, Tensor>): number =>
  Object.values(feeds)[0]?.dims[0] ?? 0;

/** The rows of the request; inputs that differ in their number of rows are refused. */
export async function readInstances(
  c: Context<AppEnv>,
  version: ModelVersion,
  inputs: Record<string, unknown>,
): Promise<Record<string, Tensor>> {
  const feeds = takesRaw(version.details)
    ? await prepared(c, version, inputs)
    : readRows(version.signature, inputs);
  const rows = rowCountOf(feeds);
  const odd = Object.entries(feeds).find(([, { dims }]) => dims[0] !== rows);
  if (odd !== undefined)
    throw new ApiProblem(
      "input_shape",
      `input '${odd[0]}' has ${odd[1].dims[0] ?? "no"} rows where the first has ${rows}; give each the same`,
      { input: odd[0] },
    );
  if (rows === 0) throw new ApiProblem("input_shape", "the inputs have no row to explain");
  return feeds;
}

/** Raw values go where the file is that says what becomes of them. */
async function prepared(
  c: Context<AppEnv>,
  { ref, signature }: ModelVersion,
  inputs: Record<string, unknown>,
): Promise<Record<string, Tensor>> {
  const answer = (await c.env.EXPLAIN.prepare(ref, signature, inputs)) as Result<
    Record<string, Tensor>,
    ExplainError
  >;
  if (!answer.ok) throw explainProblem(answer.error);
  return answer.value;
}
