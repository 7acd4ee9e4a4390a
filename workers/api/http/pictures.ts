import type { Context } from "hono";
import * as z from "zod";
import type { AppEnv } from "./app-env.ts";

export const SVG = "image/svg+xml";
export const SVG_ANSWER = { [SVG]: { schema: z.string() } };

/** Whether the caller would rather have this than JSON. */
export const accepts = (c: Context<AppEnv>, type: string): boolean =>
  (c.req.header("accept") ?? "").toLowerCase().includes(type);

/** Nothing in such a picture may run or be fetched, wherever it is opened. */
export const SVG_HEADERS = {
  "content-type": `${SVG}; charset=utf-8`,
  "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
  "x-content-type-options": "nosniff",
};
