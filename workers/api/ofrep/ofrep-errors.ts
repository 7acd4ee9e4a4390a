import type { MiddlewareHandler } from "hono";
import type { FlagErrorCode } from "../../../contract/ofrep.ts";
import { OfrepProblem } from "../../../contract/ofrep.ts";
import type { Problem, ProblemCode } from "../../../contract/problem.ts";
import type { AppEnv } from "../http/app-env.ts";
import { securedProblems } from "../http/authorize.ts";
import { ApiProblem } from "../http/problem.ts";

const PROBLEM_TYPE = "application/problem+json";
const OF_A_FLAG = /^\/ofrep\/v1\/(?:evaluate\/flags|track)\/([^/]+)$/;

/**
 * Below /ofrep a problem also has the members that the protocol gives to a failure, and is plain
 * JSON, but for a caller that asks for problems by name.
 */
export const ofrepErrors: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  if (c.res.headers.get("content-type") !== PROBLEM_TYPE) return;
  const problem: Problem = await c.res.json();
  const key = keyIn(c.req.url);
  const errorCode = errorCodeOf(problem);
  const body = {
    ...(errorCode === undefined || key === undefined ? {} : { key }),
    ...(errorCode === undefined ? {} : { errorCode }),
    errorDetails: problem.detail,
    ...problem,
  };
  const { status } = c.res;
  const headers = new Headers(c.res.headers);
  if (!c.req.header("accept")?.includes(PROBLEM_TYPE))
    headers.set("content-type", "application/json");
  c.res = new Response(JSON.stringify(body), { status, headers });
};

/** Which failures are one of an evaluation; others are told by their status alone. */
function errorCodeOf({ code, status, errorCode }: Problem): FlagErrorCode | undefined {
  if (errorCode !== undefined) return errorCode as FlagErrorCode;
  if (code === "experiment_not_found") return "FLAG_NOT_FOUND";
  if (status === 400) return "PARSE_ERROR";
  return status >= 500 || status === 413 || status === 415 ? "GENERAL" : undefined;
}

function keyIn(url: string): string | undefined {
  const key = OF_A_FLAG.exec(new URL(url).pathname)?.[1];
  if (key === undefined) return undefined;
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** A body or context that cannot be evaluated, by the name that the protocol has for it. */
export const unreadable = (errorCode: FlagErrorCode, detail: string): ApiProblem =>
  new ApiProblem("invalid_request", detail, { errorCode });

/** The problems of an operation of the protocol for OpenAPI, in either type. */
export function ofrepProblems(...codes: ProblemCode[]): ReturnType<typeof securedProblems> {
  return Object.fromEntries(
    Object.entries(securedProblems(...codes)).map(([status, { description }]) => [
      status,
      {
        description,
        content: {
          "application/json": { schema: OfrepProblem },
          [PROBLEM_TYPE]: { schema: OfrepProblem },
        },
      },
    ]),
  );
}
