import type { Context, Hono } from "hono";
import type { AppEnv } from "./app-env.ts";
import { ApiProblem } from "./problem.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** Answers what no route took: 405 where the path takes other methods, else 404. */
export function noRoute(app: Hono<AppEnv>, c: Context<AppEnv>): Response {
  const { method, path } = c.req;
  const allowed = METHODS.filter((other) => takes(app, other, path)).flatMap((other) =>
    other === "GET" ? ["GET", "HEAD"] : [other],
  );
  const problem =
    allowed.length === 0
      ? new ApiProblem("route_not_found", `no route for ${method} ${path}; see /docs`)
      : new ApiProblem(
          "method_not_allowed",
          `${path} takes ${allowed.join(", ")}`,
          {},
          {
            allow: allowed.join(", "),
          },
        );
  return problem.toResponse(c.get("trace").request_id);
}

/** Middleware is registered for all methods, so only a route is there for this very one. */
const takes = (app: Hono<AppEnv>, method: string, path: string): boolean =>
  app.router.match(method, path)[0].some(([[, route]]) => route.method === method);
