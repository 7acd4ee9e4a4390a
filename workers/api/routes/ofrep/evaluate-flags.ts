import { createRoute } from "@hono/zod-openapi";
import type { Context } from "hono";
import {
  EVALUATE_FLAG,
  type FlagEvaluations,
  FlagEvaluations as FlagEvaluationsSchema,
  RefetchQuery,
} from "../../../../contract/ofrep.ts";
import type { FlagRow } from "../../../../database/flags.ts";
import { matchesTag } from "../../../../domain/ofrep/entity-tag.ts";
import type { EvaluationUnit } from "../../../../domain/ofrep/evaluation-context.ts";
import { type AppEnv, operation } from "../../http/app-env.ts";
import { secured } from "../../http/authorize.ts";
import { ApiProblem, JSON_PROBLEMS } from "../../http/problem.ts";
import { hex } from "../../keys/key-checksum.ts";
import { evaluateFlag } from "../../ofrep/evaluate-flag.ts";
import { FLAGS_MOST, flagsOf } from "../../ofrep/flags.ts";
import { inParallel } from "../../ofrep/in-parallel.ts";
import { ofrepProblems } from "../../ofrep/ofrep-errors.ts";
import { readBody, readContext } from "../../ofrep/read-request.ts";
import { streamToken } from "../../ofrep/stream-token.ts";

const LEASES_AT_ONCE = 32;
const INACTIVITY_SECONDS = 120;

const route = createRoute({
  ...secured("predict"),
  operationId: "evaluateFlags",
  tags: ["OpenFeature"],
  summary: "Evaluate all flags for a user",
  description:
    "OFREP 0.3. `If-None-Match` with the `etag` of an answer is answered with 304 while nothing in it changed. `eventStreams` says where to hear of changes.",
  method: "post",
  path: "/ofrep/v1/evaluate/flags",
  request: {
    query: RefetchQuery,
    body: { required: true, content: { "application/json": { schema: EVALUATE_FLAG } } },
  },
  responses: {
    200: {
      description: "The flags",
      content: { "application/json": { schema: FlagEvaluationsSchema } },
    },
    304: { description: "The caller has this answer" },
    ...ofrepProblems(...JSON_PROBLEMS, "unavailable"),
  },
});

export const evaluateFlags = operation().openapi(route, async (c) => {
  const { flagConfigEtag, flagConfigLastModified } = c.req.valid("query");
  const { context } = await readBody(c);
  const unit = readContext(context);

  const rows = await flagsOf(c, flagConfigEtag ?? flagConfigLastModified);
  const asked = rows.slice(0, FLAGS_MOST);
  const flags = await inParallel(asked, LEASES_AT_ONCE, (flag) => evaluateOrSay(c, flag, unit));
  const answer: FlagEvaluations = {
    flags: flags.flat(),
    ...(rows.length > asked.length && { metadata: { flags_left_out: true } }),
    eventStreams: [await eventStream(c)],
  };
  const body = JSON.stringify(answer);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(body));
  const etag = `"${hex(digest).slice(0, 32)}"`;
  if (matchesTag(c.req.header("if-none-match") ?? null, etag)) return c.body(null, 304, { etag });
  return c.body(body, 200, { etag, "content-type": "application/json" });
});

/** One flag that cannot be evaluated now leaves the others as they are; a deleted one is left out. */
async function evaluateOrSay(
  c: Context<AppEnv>,
  flag: FlagRow,
  unit: EvaluationUnit,
): Promise<FlagEvaluations["flags"]> {
  try {
    return [await evaluateFlag(c, flag, unit, { exposes: false })];
  } catch (error) {
    if (error instanceof ApiProblem && error.code === "experiment_not_found") return [];
    const { experiment_id, key } = flag;
    const failed = { event: "flag_failed", ...c.get("trace"), experiment_id, error: String(error) };
    console.error(JSON.stringify(failed));
    const errorDetails = "the experiment could not be asked; try again";
    return [{ key, errorCode: "GENERAL", errorDetails }];
  }
}

async function eventStream(c: Context<AppEnv>): Promise<FlagEvaluations["eventStreams"][number]> {
  const { owner_id } = c.get("admission").principal;
  const token = await streamToken(owner_id, Date.now(), c.env.KEY_CHECKSUM_SECRET);
  return {
    type: "sse",
    endpoint: { requestUri: `/ofrep/v1/streams/${token}` },
    inactivityDelaySec: INACTIVITY_SECONDS,
  };
}
