import { Hono } from "hono";
import { PROBLEMS, type ProblemCode } from "../../../contract/problem.ts";
import type { AppEnv } from "./app-env.ts";
import { ApiProblem } from "./problem.ts";

/** The API's reference for people (`/docs`, static files) and what each problem code means. */
export const referencePage = new Hono<AppEnv>()
  .get("/", (c) => c.redirect("/docs/"))
  .get("/docs", (c) => c.redirect("/docs/"))
  .get("/docs/*", async (c) => {
    const page = await c.env.PAGES.fetch(c.req.raw);
    return new Response(page.body, page);
  })
  .get("/problems", (c) => c.json(PROBLEMS))
  .get("/problems/:code", (c) => {
    const code = c.req.param("code");
    if (!Object.hasOwn(PROBLEMS, code))
      throw new ApiProblem("route_not_found", `no problem '${code}'`);
    return c.json({ code, ...PROBLEMS[code as ProblemCode] });
  });
