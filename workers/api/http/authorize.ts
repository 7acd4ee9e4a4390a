import type { MiddlewareHandler } from "hono";
import type { ProblemCode } from "../../../contract/problem.ts";
import { allows, type Scope } from "../../../domain/keys/scopes.ts";
import { type Admission, admit } from "../leases/key-leases.ts";
import type { AppEnv } from "./app-env.ts";
import { ApiProblem, problemResponses } from "./problem.ts";

const AUTH_PROBLEMS: ProblemCode[] = [
  "key_missing",
  "key_malformed",
  "key_rejected",
  "key_expired",
  "key_revoked",
  "scope_missing",
  "quota_exhausted",
];

/** What a route declares to be reachable only with a key of this scope. */
export const secured = (scope: Scope) => ({
  security: [{ apiKey: [scope as string] }],
  middleware: authorize(scope),
});

/** The problems of a secured route. */
export const securedProblems = (...codes: ProblemCode[]) =>
  problemResponses(...codes, ...AUTH_PROBLEMS);

function authorize(scope: Scope): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const started = Date.now();
    const key = presentedKey(c.req.raw.headers);
    const admission = await admit(key, c.env, c.executionCtx);
    c.set("admission", admission);
    c.get("logged")["key_id"] = admission.principal.key_id;
    try {
      if (!admission.admitted) throw quotaExhausted(admission);
      if (!allows(admission.principal.scopes, scope)) throw scopeMissing(scope, admission);
      await next();
    } finally {
      // A thrown problem has not become `c.res` yet when this runs only if `authorize` threw it.
      admission.finish(c.finalized && c.res.status < 400, Date.now() - started);
    }
    for (const [name, value] of Object.entries(quotaHeaders(admission)))
      c.res.headers.set(name, value);
  };
}

function presentedKey(headers: Headers): string {
  const bearer = /^Bearer +(\S+)$/i.exec(headers.get("authorization") ?? "")?.[1];
  const protocol = /(?:^|[\s,])linnet\.key\.([^\s,]+)/.exec(
    headers.get("sec-websocket-protocol") ?? "",
  )?.[1];
  const key = bearer ?? headers.get("x-api-key") ?? protocol;
  if (key) return key;
  const detail = "send the key as 'authorization: Bearer sk_…' or 'x-api-key: sk_…'";
  throw new ApiProblem("key_missing", detail);
}

const secondsUntil = (at: number): number => Math.max(1, Math.ceil((at - Date.now()) / 1000));

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ */
function quotaHeaders({ quota }: Admission): Record<string, string> {
  return {
    ratelimit: `"hour";r=${quota.remaining};t=${secondsUntil(quota.reset_at)}`,
    "ratelimit-policy": `"hour";q=${quota.limit};w=3600`,
  };
}

const scopeMissing = (scope: Scope, admission: Admission): ApiProblem =>
  new ApiProblem(
    "scope_missing",
    `this key lacks the scope '${scope}'`,
    { scope },
    quotaHeaders(admission),
  );

function quotaExhausted(admission: Admission): ApiProblem {
  const wait = secondsUntil(admission.quota.reset_at);
  const detail = `this key may make ${admission.quota.limit} requests an hour; try again in ${wait} s`;
  const headers = { ...quotaHeaders(admission), "retry-after": String(wait) };
  return new ApiProblem("quota_exhausted", detail, {}, headers);
}
