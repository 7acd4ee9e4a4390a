import { LinnetError } from "@linnet/sdk";
import { EXIT, LoginNeeded, UsageError } from "./exit-codes.ts";
import { hintFor } from "./hints.ts";
import type { Paint } from "./paint.ts";
import { plain } from "./text-width.ts";

/** What went wrong, in words that a person or a program can act on. */
export type Failure = {
  exit: number;
  code: string;
  detail: string;
  status?: number;
  request_id?: string;
  hint?: string;
  errors?: { pointer: string; detail: string }[];
};

export function explainFailure(error: unknown): Failure {
  if (error instanceof LinnetError) return explainRefusal(error);
  if (error instanceof LoginNeeded)
    return {
      exit: EXIT.auth,
      code: "not_logged_in",
      detail: error.message,
      hint: "run `linnet login`, or set LINNET_URL and LINNET_API_KEY",
    };
  if (error instanceof UsageError)
    return { exit: EXIT.usage, code: "usage", detail: error.message };
  // Only a bug, or a disk that fails, comes here.
  const detail = error instanceof Error ? error.message : String(error);
  return { exit: EXIT.refused, code: "failed", detail };
}

function explainRefusal(error: LinnetError): Failure {
  const { code, detail, status, requestId, problem } = error;
  const hint = hintFor(error);
  const errors = problem?.errors ?? [];
  return {
    exit: exitOf(error),
    code,
    detail,
    ...(status === 0 ? {} : { status }),
    ...(requestId === null ? {} : { request_id: requestId }),
    ...(hint === null ? {} : { hint }),
    ...(errors.length > 0 ? { errors } : {}),
  };
}

function exitOf({ code, status }: LinnetError): number {
  if (status === 0 || status >= 500 || code === "unexpected_answer") return EXIT.unavailable;
  return status === 401 || status === 403 ? EXIT.auth : EXIT.refused;
}

export function renderFailure(failure: Failure, paint: Paint): string {
  const { code, detail, request_id, hint, errors = [] } = failure;
  const named = code === "usage" || code === "failed" ? "" : ` ${paint.dim(`(${code})`)}`;
  const lines = [`${paint.red("error:")} ${plain(detail)}${named}`];
  // The detail of a single fault is the problem's own.
  if (errors.length > 1)
    lines.push(...errors.map((one) => `  ${plain(one.pointer)}: ${plain(one.detail)}`));
  if (request_id !== undefined) lines.push(paint.dim(`  request ${plain(request_id)}`));
  if (hint !== undefined) lines.push(`  ${paint.cyan("hint:")} ${hint}`);
  return lines.join("\n");
}
