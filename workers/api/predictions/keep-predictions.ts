import type { Context } from "hono";
import {
  type KeptPrediction,
  MOST_CALL_BYTES,
  type PredictionLogRefusal,
} from "../../../contract/prediction-log.ts";
import type { ProblemCode } from "../../../contract/problem.ts";
import { isCaptured } from "../../../domain/predictions/is-captured.ts";
import { predictionRows, type RowsRefusal } from "../../../domain/predictions/prediction-rows.ts";
import type { Result } from "../../../domain/result.ts";
import { callActor } from "../../../durable-objects/shared/call-actor.ts";
import type { AppEnv } from "../http/app-env.ts";
import { newId } from "../http/ids.ts";
import { ApiProblem } from "../http/problem.ts";

/** What a request that may keep its predictions may answer beside the problems of the run. */
export const KEEP_PROBLEMS: ProblemCode[] = ["prediction_too_large"];

/** Whether a run is kept before its answer, as its caller asked, or after it, as one of a share. */
export type Keeping = "stored" | "captured" | null;

/** A run that has ended well, and what chose its version. */
export type Run = Pick<KeptPrediction, "version" | "experiment_id" | "variant_id"> & {
  model_id: string;
  feeds: KeptPrediction["inputs"];
  outputs: KeptPrediction["outputs"];
};

export const CHOSEN_BY_CALLER = { experiment_id: null, variant_id: null };

/** In the answer: the ids of what is kept for certain. */
type KeptIds = { prediction_id: string | null; prediction_ids: string[] | null };
const NOT_KEPT: KeptIds = { prediction_id: null, prediction_ids: null };

const DELAY_MS = 250;
/** Of all models together. An isolate has 128 MB for everybody. */
const MOST_WAITING_BYTES = 16_000_000;
type Batch = { predictions: KeptPrediction[]; bytes: number };
const waiting = new Map<string, Batch>();
let waitingBytes = 0;

export function keepingOf(
  c: Context<AppEnv>,
  { model_id, capture_rate }: { model_id: string; capture_rate: number },
  store: boolean,
): Keeping {
  if (store) return "stored";
  return isCaptured(model_id, c.get("trace").request_id, capture_rate) ? "captured" : null;
}

/** Keeps a run as `keeping` says. What is stored is kept when this resolves, or refused. */
export async function keepRun(c: Context<AppEnv>, keeping: Keeping, run: Run): Promise<KeptIds> {
  if (keeping === null) return NOT_KEPT;
  const made = predictionRows(run.feeds, run.outputs);
  if (keeping === "captured") {
    if (made.ok)
      capture(
        c,
        run.model_id,
        made.value.map((row) => keptOf(run, row)),
      );
    return NOT_KEPT;
  }
  if (!made.ok) throw rowsProblem(made.error);
  const predictions = made.value.map((row) => keptOf(run, row));
  for (const part of partsOf(predictions)) {
    const kept = await send(c.env, run.model_id, part);
    if (!kept.ok)
      throw new ApiProblem("model_not_found", "the model was deleted while it answered");
  }
  const ids = predictions.map(({ prediction_id }) => prediction_id);
  const [first = null] = ids;
  return { prediction_id: ids.length === 1 ? first : null, prediction_ids: ids };
}

const keptOf = (
  { version, experiment_id, variant_id }: Run,
  row: Pick<KeptPrediction, "inputs" | "outputs" | "bytes">,
): KeptPrediction => ({
  prediction_id: newId("prd"),
  version,
  at: Date.now(),
  experiment_id,
  variant_id,
  ...row,
});

/** Sends it after the answer, with others. What an isolate loses with its life is not kept. */
function capture(c: Context<AppEnv>, model_id: string, predictions: KeptPrediction[]): void {
  const bytes = predictions.reduce((sum, one) => sum + one.bytes, 0);
  if (waitingBytes + bytes > MOST_WAITING_BYTES) {
    noteLost(model_id, predictions.length, "too much is waiting to be kept");
    return;
  }
  waitingBytes += bytes;
  for (const one of predictions) {
    const batch = batchOf(c, model_id, one.bytes);
    batch.predictions.push(one);
    batch.bytes += one.bytes;
  }
}

function batchOf(c: Context<AppEnv>, model_id: string, bytes: number): Batch {
  const batch = waiting.get(model_id);
  if (batch && batch.bytes + bytes <= MOST_CALL_BYTES) return batch;
  const begun: Batch = { predictions: [], bytes: 0 };
  waiting.set(model_id, begun);
  c.executionCtx.waitUntil(sendLater(c.env, model_id, begun));
  return begun;
}

async function sendLater(env: Env, model_id: string, batch: Batch): Promise<void> {
  await scheduler.wait(DELAY_MS);
  if (waiting.get(model_id) === batch) waiting.delete(model_id);
  try {
    await send(env, model_id, batch.predictions);
  } catch (error) {
    noteLost(model_id, batch.predictions.length, String(error));
  } finally {
    waitingBytes -= batch.bytes;
  }
}

const noteLost = (model_id: string, count: number, error: string): void =>
  console.error(JSON.stringify({ event: "captured_predictions_lost", model_id, count, error }));

/** Sending twice is harmless, as a prediction is kept once. */
const send = (
  env: Env,
  model_id: string,
  predictions: KeptPrediction[],
): Promise<Result<{ kept: number }, PredictionLogRefusal>> =>
  callActor(
    () => env.PREDICTIONS.getByName(model_id),
    (log) => log.keep(predictions),
  );

/** In as few calls as their sizes allow. */
function partsOf(predictions: readonly KeptPrediction[]): KeptPrediction[][] {
  const parts: KeptPrediction[][] = [];
  let left = 0;
  for (const one of predictions) {
    if (one.bytes > left || parts.length === 0) {
      parts.push([]);
      left = MOST_CALL_BYTES;
    }
    parts.at(-1)?.push(one);
    left -= one.bytes;
  }
  return parts;
}

function rowsProblem(refusal: RowsRefusal): ApiProblem {
  switch (refusal.code) {
    case "rows_differ": {
      const { input, rows, expected } = refusal;
      const detail = `only predictions that go by rows can be kept: input '${input}' has ${rows ?? "no"} rows, and the first input has ${expected ?? "none"}`;
      return new ApiProblem("input_shape", detail, { input });
    }
    case "rows_too_many": {
      const detail = `the request has ${refusal.rows} rows, and at most ${refusal.most} can be kept at once: send fewer, or without store`;
      return new ApiProblem("prediction_too_large", detail);
    }
    case "row_too_large": {
      const detail = `row ${refusal.row} has ${refusal.bytes} bytes of inputs and outputs, and at most ${refusal.most} can be kept: send it without store`;
      return new ApiProblem("prediction_too_large", detail);
    }
  }
}
