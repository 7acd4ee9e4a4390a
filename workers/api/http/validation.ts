import type { Hook } from "@hono/zod-openapi";
import type { AppEnv } from "./app-env.ts";
import { ApiProblem } from "./problem.ts";

const WHERE = {
  json: "body",
  query: "query",
  param: "path",
  header: "headers",
  form: "form",
  cookie: "cookies",
};

/** A body of thousands of faults is not answered with as many. */
const FAULTS_SHOWN = 20;

/** Turns a failed check into a problem with one JSON pointer per fault (RFC 9457, section 3.1). */
export const rejectInvalid: Hook<unknown, AppEnv, string, unknown> = (result) => {
  if (result.success) return;
  const errors = result.error.issues.slice(0, FAULTS_SHOWN).map(({ path, message }) => ({
    pointer: [
      "#",
      ...path.map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1")),
    ].join("/"),
    detail: message,
  }));
  const first = errors[0];
  const where = WHERE[result.target] ?? result.target;
  const detail = first ? `${where} ${first.pointer}: ${first.detail}` : `the ${where} is not valid`;
  throw new ApiProblem("invalid_request", detail, { errors });
};
