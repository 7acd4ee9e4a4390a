import type { Context } from "hono";
import type * as z from "zod";
import type { ExplainError } from "../../../contract/explain.ts";
import type { ExportExplainerBody } from "../../../contract/explain-body.ts";
import type { Result } from "../../../domain/result.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { explainProblem } from "./explain-problem.ts";
import { oneTarget } from "./explain-global.ts";
import { callOf, MOST_PIECE_COST, readSubject, requestOf } from "./read-call.ts";
import { takeFeeds } from "./explain-rows.ts";

/** The explainer of a version as the bytes of an ONNX file. */
export async function exportExplainer(
  c: Context<AppEnv>,
  model: string,
  version: number,
  { samples, link, segments, ...asked }: z.output<typeof ExportExplainerBody>,
): Promise<ArrayBuffer> {
  const subject = await readSubject(c, { model, version, alias: undefined, ...asked });
  const { background } = subject;
  if (background === null)
    throw new ApiProblem(
      "background_missing",
      "an explainer holds the rows that it compares with: name a background set, or give 'background.inputs'",
    );
  const options = { samples, link, segments };
  const request = oneTarget(subject, requestOf({ ...asked, method: "kernel", options }));
  // Its first row stands for the sizes that the model leaves free.
  const call = callOf(subject, takeFeeds({ ...background.feeds }, [0]), request, MOST_PIECE_COST);
  const answer = (await c.env.EXPLAIN.exportExplainer(call, c.get("trace"))) as Result<
    Uint8Array<ArrayBuffer>,
    ExplainError
  >;
  if (!answer.ok) throw explainProblem(answer.error);
  return answer.value.slice().buffer;
}
