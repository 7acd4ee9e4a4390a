import { env } from "cloudflare:workers";
import { createExecutionContext } from "cloudflare:test";
import { Hono } from "hono";
import { describe, expect, it } from "vitest";
import type { KeptPrediction } from "../../../contract/prediction-log.ts";
import type { AppEnv } from "../../../workers/api/http/app-env.ts";
import { ApiProblem } from "../../../workers/api/http/problem.ts";
import {
  readPredictions,
  recentPredictions,
} from "../../../workers/api/predictions/read-predictions.ts";
import { granted } from "../support/granted.ts";
import { oneByOne } from "../support/one-by-one.ts";
import { prediction } from "../support/prediction-log.ts";
import { serialId } from "../support/serial-id.ts";

type Read = (
  c: Parameters<typeof readPredictions>[0],
) => Promise<readonly { prediction_id: string }[]>;

/** The ids of what a route would read, or its problem. */
async function reading(read: Read): Promise<string[] | ApiProblem> {
  const answers: (string[] | ApiProblem)[] = [];
  const app = new Hono<AppEnv>().get("/", async (c) => {
    answers.push(
      await read(c).then(
        (found) => found.map(({ prediction_id }) => prediction_id),
        (error: unknown) => {
          if (error instanceof ApiProblem) return error;
          throw error;
        },
      ),
    );
    return c.body(null);
  });
  await app.request("/", {}, env, createExecutionContext());
  const [answer] = answers;
  if (!answer) throw new Error("the route failed");
  return answer;
}

async function keptOf(changes: readonly Partial<KeptPrediction>[]) {
  const model_id = serialId("mdl");
  const all = changes.map(prediction);
  await oneByOne(all, (one) => granted(env.PREDICTIONS.getByName(model_id).keep([one])));
  return { model_id, ids: all.map(({ prediction_id }) => prediction_id) };
}

describe("kept predictions for an explanation", () => {
  it("come in the order of the ids, as often as they are asked for", async () => {
    const { model_id, ids } = await keptOf([{}, {}, {}]);
    const asked = [2, 0, 2, 1].map((at) => String(ids[at]));
    expect(await reading((c) => readPredictions(c, model_id, asked))).toEqual(asked);
    expect(await reading((c) => readPredictions(c, model_id, []))).toEqual([]);
  });

  it("are refused with the first that is not kept", async () => {
    const { model_id, ids } = await keptOf([{}]);
    const [none, other] = [serialId("prd"), serialId("prd")];
    const asked = [String(ids[0]), none, other];
    expect(await reading((c) => readPredictions(c, model_id, asked))).toMatchObject({
      code: "prediction_not_found",
      members: { prediction_id: none },
    });
  });

  it("come in several parts where one answer of the log is too small", async () => {
    const { model_id, ids } = await keptOf(Array.from({ length: 7 }, () => ({ bytes: 3_000_000 })));
    expect(await reading((c) => readPredictions(c, model_id, ids))).toEqual(ids);
  });

  it("are refused where they are too many for an isolate", async () => {
    const { model_id, ids } = await keptOf(Array.from({ length: 9 }, () => ({ bytes: 3_000_000 })));
    const answer = await reading((c) => readPredictions(c, model_id, ids));
    expect(answer).toMatchObject({ code: "explanation_too_costly" });
  });

  it("are the latest of a version, newest first", async () => {
    const { model_id, ids } = await keptOf([1, 2, 1, 1, 2].map((version) => ({ version })));
    const recent = (version: number, limit: number) =>
      reading((c) => recentPredictions(c, model_id, version, limit));
    expect(await recent(1, 2)).toEqual([ids[3], ids[2]]);
    expect(await recent(2, 100)).toEqual([ids[4], ids[1]]);
    expect(await recent(3, 100)).toEqual([]);
  });
});
