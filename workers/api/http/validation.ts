import type { Hook } from "@hono/zod-openapi";
import type { AppEnv } from "./app-env.ts";
import { lostMember } from "./lost-member.ts";
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

type Fault = { pointer: string; detail: string };

/** Turns a failed check into a problem with one JSON pointer per fault (RFC 9457, section 3.1). */
export const rejectInvalid: Hook<unknown, AppEnv, string, unknown> = async (result, c) => {
  if (!result.success)
    throw invalid(
      result.target,
      result.error.issues
        .slice(0, FAULTS_SHOWN)
        .map(({ path, message }) => ({ pointer: pointerTo(path), detail: message })),
    );
  if (result.target !== "json") return;
  // Its text is kept since it was parsed.
  const lost = lostMember(await c.req.text(), result.data);
  const detail = "no member can have this name: choose another";
  if (lost) throw invalid(result.target, [{ pointer: pointerTo(lost), detail }]);
};

const pointerTo = (path: readonly PropertyKey[]): string =>
  ["#", ...path.map((part) => String(part).replaceAll("~", "~0").replaceAll("/", "~1"))].join("/");

function invalid(target: keyof typeof WHERE, errors: Fault[]): ApiProblem {
  const [first] = errors;
  const where = WHERE[target];
  const detail = first ? `${where} ${first.pointer}: ${first.detail}` : `the ${where} is not valid`;
  return new ApiProblem("invalid_request", detail, { errors });
}
