import type { Context } from "hono";
import {
  type EvaluationUnit,
  readContext as parseContext,
} from "../../../domain/ofrep/evaluation-context.ts";
import type { AppEnv } from "../http/app-env.ts";
import { ApiProblem } from "../http/problem.ts";
import { unreadable } from "./ofrep-errors.ts";

const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i;

/** A context is sent on to every experiment that has to be asked. */
const LARGEST_BODY = 65_536;

/** The body as an object. Members that the protocol does not know are let through. */
export async function readBody(c: Context<AppEnv>): Promise<Record<string, unknown>> {
  const text = await c.req.text();
  if (text.trim() === "") throw unreadable("PARSE_ERROR", "expected a JSON body, found none");
  if (text.length > LARGEST_BODY)
    throw new ApiProblem("body_too_large", `expected at most ${LARGEST_BODY} characters`);
  if (!JSON_TYPE.test(c.req.header("content-type") ?? ""))
    throw new ApiProblem("content_type_unsupported", "expected content-type application/json");
  const body = parseJson(text);
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw unreadable("PARSE_ERROR", "expected a body that is a JSON object");
  return body as Record<string, unknown>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable("PARSE_ERROR", "the body is not JSON");
  }
}

/** Whom the flags are evaluated for. */
export function readContext(context: unknown): EvaluationUnit {
  const unit = parseContext(context);
  if (!unit.ok) throw unreadable(unit.error.code, unit.error.detail);
  return unit.value;
}
