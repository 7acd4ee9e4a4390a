import type { Context } from "hono";
import type { KeptPrediction } from "../../../contract/prediction-log.ts";
import { ELEMENT_ARRAYS } from "../../../domain/tensors/element-arrays.ts";
import type { Tensor } from "../../../domain/tensors/tensor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { readPredictions, recentPredictions } from "../predictions/read-predictions.ts";
import { readInstances, readSubject, type Subject, type SubjectBody } from "./read-call.ts";

/** Where the rows of a request come from; one of them is given. */
export type Source = SubjectBody & {
  inputs?: Record<string, unknown> | undefined;
  prediction_ids?: readonly string[] | undefined;
  recent_predictions?: number | undefined;
};

/** The version that is asked about, its rows, and for kept predictions the id of each. */
export type Instances = {
  subject: Subject;
  feeds: Record<string, Tensor>;
  prediction_ids: string[] | null;
};

/**
 * The rows of a request. Kept predictions are explained by the version that made them, unless
 * another one is asked for.
 */
export async function instancesOf(c: Context<AppEnv>, source: Source): Promise<Instances> {
  const subject = await readSubject(c, source);
  const { model_id, version } = subject.version;
  const { inputs, prediction_ids, recent_predictions } = source;
  if (inputs !== undefined)
    return {
      subject,
      feeds: await readInstances(c, subject.version, inputs),
      prediction_ids: null,
    };
  const kept =
    recent_predictions === undefined
      ? await readPredictions(c, model_id, prediction_ids ?? [])
      : await recentPredictions(c, model_id, version, recent_predictions);
  const [first] = kept;
  if (first === undefined)
    throw new ApiProblem(
      "prediction_not_found",
      `no prediction of version ${version} is kept: predict with "store": true, or let a share of them be captured`,
    );
  const isFree = source.version === undefined && source.alias === undefined;
  const own = isFree && first.version !== version;
  return {
    subject: own ? await readSubject(c, { ...source, version: oneVersion(kept) }) : subject,
    feeds: together(kept),
    prediction_ids: kept.map(({ prediction_id }) => prediction_id),
  };
}

function oneVersion(kept: readonly KeptPrediction[]): number {
  const versions = [...new Set(kept.map(({ version }) => version))];
  const [version = 0, ...others] = versions;
  if (others.length === 0) return version;
  throw new ApiProblem(
    "explanation_invalid",
    `the predictions are of the versions ${versions.join(", ")}; name the version that is to explain them all, or ask for those of one`,
    { field: "prediction_ids" },
  );
}

/** The inputs of all of them, row under row. */
function together(kept: readonly KeptPrediction[]): Record<string, Tensor> {
  const names = Object.keys(kept[0]?.inputs ?? {});
  return Object.fromEntries(names.map((name) => [name, stacked(name, kept)]));
}

function stacked(name: string, kept: readonly KeptPrediction[]): Tensor {
  const tensors = kept.map(({ inputs }) => inputs[name]);
  const [first] = tensors;
  const size = first?.data.length ?? 0;
  const isAlike = tensors.every((one) => one?.type === first?.type && one?.data.length === size);
  if (!first || !isAlike)
    throw new ApiProblem(
      "explanation_invalid",
      `the predictions have inputs '${name}' of different sizes; explain them one by one`,
      { field: "prediction_ids" },
    );
  const dims = [kept.length, ...first.dims.slice(1)];
  if (first.type === "string") {
    const data = tensors.flatMap((one) => (Array.isArray(one?.data) ? one.data : []));
    return { type: "string", dims, data };
  }
  const data = new ELEMENT_ARRAYS[first.type](kept.length * size);
  for (const [row, one] of tensors.entries())
    if (one && !Array.isArray(one.data)) data.set(one.data as never, row * size);
  return { type: first.type, dims, data };
}
