import type { MiddlewareHandler } from "hono";
import type { Trace } from "../../../contract/inference.ts";
import type { AppEnv } from "./app-env.ts";

const REQUEST_ID = /^[\w.:-]{1,128}$/;
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** 32 random hexadecimal digits; one native call, as every request makes some. */
const randomHex = (): string => crypto.randomUUID().replaceAll("-", "");

/**
 * Takes the caller's `x-request-id` and W3C `traceparent`, or makes them, and carries them on: a
 * trace keeps its id and gets a new span here. https://www.w3.org/TR/trace-context/
 */
function startTrace(headers: Headers): Trace {
  const asked = headers.get("x-request-id");
  const random = randomHex();
  const request_id = asked && REQUEST_ID.test(asked) ? asked : `req_${random}`;
  const span = randomHex().slice(16);
  const parent = headers.get("traceparent");
  if (parent && TRACEPARENT.test(parent)) {
    const [version, traceId, , flags] = parent.split("-");
    return { request_id, traceparent: `${version}-${traceId}-${span}-${flags}` };
  }
  return { request_id, traceparent: `00-${random}-${span}-01` };
}

/** Gives every request its trace and one line in the log. */
export const traced: MiddlewareHandler<AppEnv> = async (c, next) => {
  const started = Date.now();
  const trace = startTrace(c.req.raw.headers);
  c.set("trace", trace);
  c.set("logged", {});
  await next();
  c.res.headers.set("x-request-id", trace.request_id);
  c.res.headers.set("traceparent", trace.traceparent);
  const { status } = c.res;
  if (c.env.LOG_LEVEL !== "info" && status < 500) return;
  const ms = Date.now() - started;
  const request = { method: c.req.method, path: c.req.path, status, ms };
  console.log(JSON.stringify({ event: "request", ...trace, ...request, ...c.get("logged") }));
};
