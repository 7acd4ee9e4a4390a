import type { Context } from "hono";
import { HTTPException } from "hono/http-exception";
import { Problem, type ProblemCode, PROBLEMS } from "../../../contract/problem.ts";
import type { AppEnv } from "./app-env.ts";

/** A failure that the contract names; throwing one is the only way a route reports it. */
export class ApiProblem extends Error {
  readonly code: ProblemCode;
  readonly members: Record<string, unknown>;
  readonly headers: Record<string, string>;

  constructor(
    code: ProblemCode,
    detail?: string,
    members: Record<string, unknown> = {},
    headers: Record<string, string> = {},
  ) {
    super(detail ?? PROBLEMS[code].title);
    this.code = code;
    this.members = members;
    this.headers = headers;
  }

  get status() {
    return PROBLEMS[this.code].status;
  }

  toBody(instance: string) {
    const { status, title } = PROBLEMS[this.code];
    const standard = { type: `/problems/${this.code}`, code: this.code, title, status };
    return { ...standard, detail: this.message, instance, ...this.members };
  }

  toResponse(instance: string): Response {
    const { status } = this;
    const body = this.toBody(instance);
    const challenge = status === 401 ? { "www-authenticate": "Bearer" } : {};
    const headers = { ...challenge, ...this.headers, "content-type": "application/problem+json" };
    return Response.json(body, { status, headers });
  }
}

/** The only place that turns a throw into a response; an unnamed throw tells the caller nothing. */
export async function onError(error: Error, c: Context<AppEnv>): Promise<Response> {
  const trace = c.get("trace");
  const problem = (await senderLeft(error, c)) ? cutShort() : toProblem(error);
  if (problem.code === "internal" || problem.code === "unavailable")
    console.error(
      JSON.stringify({ event: "request_failed", ...trace, error: error.stack ?? String(error) }),
    );
  return problem.toResponse(trace.request_id);
}

/** A caller who went away is nobody's failure here, whatever broke without the rest of the body. */
const senderLeft = async (error: Error, c: Context<AppEnv>): Promise<boolean> =>
  !(error instanceof ApiProblem) && (await c.get("senderLeft")?.()) === true;

const cutShort = (): ApiProblem =>
  new ApiProblem("invalid_request", "the body ended before the length that content-length says");

function toProblem(error: Error): ApiProblem {
  if (error instanceof ApiProblem) return error;
  if (error instanceof HTTPException) {
    if (error.status === 415)
      return new ApiProblem("content_type_unsupported", "expected content-type application/json");
    if (error.status < 500) return new ApiProblem("invalid_request", error.message);
  }
  const { overloaded, retryable } = error as Error & { overloaded?: boolean; retryable?: boolean };
  if (overloaded === true || retryable === true)
    return new ApiProblem("unavailable", undefined, {}, { "retry-after": "1" });
  return new ApiProblem("internal", "the failure was logged under this request's id");
}

/** What every operation that takes JSON may answer to the body as such. */
export const JSON_PROBLEMS: ProblemCode[] = [
  "invalid_request",
  "body_too_large",
  "content_type_unsupported",
];

/** The responses of these codes for OpenAPI, one entry a status. */
export function problemResponses(...codes: ProblemCode[]) {
  const byStatus: Partial<Record<ProblemStatus, ProblemCode[]>> = {};
  for (const code of codes) (byStatus[PROBLEMS[code].status] ??= []).push(code);
  return Object.fromEntries(
    Object.entries(byStatus).map(([status, listed]) => [
      status,
      {
        description: listed.map((code) => `\`${code}\`: ${PROBLEMS[code].title}`).join("; "),
        content: { "application/problem+json": { schema: Problem } },
      },
    ]),
  );
}

type ProblemStatus = (typeof PROBLEMS)[ProblemCode]["status"];
