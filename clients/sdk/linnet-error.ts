import type { Problem, ProblemCode } from "./wire.ts";

/**
 * A problem code of the API, or what kept the call from an answer: `network` (no connection, or
 * it broke), `timeout`, `unexpected_answer` (an answer that the platform does not give, such as a
 * proxy's error page).
 */
export type FailureCode = ProblemCode | "network" | "timeout" | "unexpected_answer";

type Failure = {
  code: FailureCode;
  detail: string;
  status?: number;
  problem?: Problem | null;
  requestId?: string | null;
  retryAfterMs?: number | null;
  cause?: unknown;
};

/** Every failure of a call, except that an aborted one rejects with its signal's reason. */
export class LinnetError extends Error {
  override readonly name = "LinnetError";
  readonly code: FailureCode;
  /** The HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** For people; also the error's message. */
  readonly detail: string;
  /** The whole problem document, with the members that only some codes have. */
  readonly problem: Problem | null;
  /** Names the request in the platform's log. */
  readonly requestId: string | null;
  /** How long the platform asks to wait. */
  readonly retryAfterMs: number | null;

  constructor({ code, detail, cause, ...rest }: Failure) {
    super(detail, cause === undefined ? undefined : { cause });
    this.code = code;
    this.detail = detail;
    this.status = rest.status ?? 0;
    this.problem = rest.problem ?? null;
    this.requestId = rest.requestId ?? null;
    this.retryAfterMs = rest.retryAfterMs ?? null;
  }
}

/** Reads a refusal; the answer need not be a problem document. */
export async function failureOf(response: Response): Promise<LinnetError> {
  const { status, headers } = response;
  const text = await response.text();
  const answered = {
    status,
    requestId: headers.get("x-request-id"),
    retryAfterMs: readRetryAfter(headers.get("retry-after")),
  };
  const problem = readProblem(headers.get("content-type"), text);
  if (problem) return refusalOf(problem, answered.requestId, answered);
  const detail = `the answer with status ${status} is not one of a Linnet platform`;
  return new LinnetError({ ...answered, code: "unexpected_answer", detail });
}

/** A problem document as an error; one that a stream or a job carries has no answer of its own. */
export const refusalOf = (
  problem: Problem,
  requestId: string | null = null,
  answered: Pick<Failure, "status" | "retryAfterMs"> = {},
): LinnetError =>
  new LinnetError({
    status: problem.status,
    ...answered,
    code: problem.code,
    detail: problem.detail,
    problem,
    requestId: requestId ?? problem.instance,
  });

function readProblem(type: string | null, text: string): Problem | null {
  if (!type?.startsWith("application/problem+json")) return null;
  try {
    const problem: Problem | null = JSON.parse(text);
    return typeof problem?.code === "string" && typeof problem.detail === "string" ? problem : null;
  } catch {
    return null;
  }
}

/** Seconds or an HTTP date. https://www.rfc-editor.org/rfc/rfc9110#field.retry-after */
function readRetryAfter(value: string | null): number | null {
  if (value === null) return null;
  const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - Date.now();
  return Number.isNaN(ms) ? null : Math.max(0, ms);
}
