import type { Context } from "hono";
import type { KeptPrediction, ReadPredictions } from "../../../contract/prediction-log.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";

/** An isolate has 128 MB for everybody. */
const MOST_BYTES = 24_000_000;

const logOf = (c: Context<AppEnv>, model_id: string) => () => c.env.PREDICTIONS.getByName(model_id);

export const unknownPrediction = (id: string): ApiProblem =>
  new ApiProblem(
    "prediction_not_found",
    `the model has no kept prediction ${id}; its days may be over`,
    { prediction_id: id },
  );

/**
 * Kept predictions of a model of the caller's, in the order of the ids. Throws
 * `prediction_not_found` with the first id that is not kept, and `explanation_too_costly` where
 * they are too many to hold at once.
 */
export async function readPredictions(
  c: Context<AppEnv>,
  model_id: string,
  ids: readonly string[],
): Promise<KeptPrediction[]> {
  const found = await readThose(c, model_id, ids);
  const known = new Map(found.map((one) => [one.prediction_id, one]));
  return ids.map((id) => {
    const one = known.get(id);
    if (!one) throw unknownPrediction(id);
    return one;
  });
}

/** The latest kept predictions of a version, newest first; fewer where no more are kept. */
export async function recentPredictions(
  c: Context<AppEnv>,
  model_id: string,
  version: number,
  limit: number,
): Promise<KeptPrediction[]> {
  const listed = await callActor(logOf(c, model_id), (log) => log.list({ version, limit }));
  // Some may be gone by the time that they are read.
  return readThose(
    c,
    model_id,
    listed.map(({ prediction_id }) => prediction_id),
  );
}

async function readThose(
  c: Context<AppEnv>,
  model_id: string,
  ids: readonly string[],
): Promise<KeptPrediction[]> {
  const found: KeptPrediction[] = [];
  let bytes = 0;
  for (let from = 0; from < ids.length;) {
    const part = (await callActor(logOf(c, model_id), (log) =>
      log.read(ids.slice(from)),
    )) as ReadPredictions;
    for (const one of part.predictions) {
      found.push(one);
      bytes += one.bytes;
    }
    if (bytes > MOST_BYTES)
      throw new ApiProblem(
        "explanation_too_costly",
        `the kept predictions have more than ${MOST_BYTES} bytes together; ask for fewer at a time`,
      );
    from += part.looked;
  }
  return found;
}
