import { OpenAPIHono } from "@hono/zod-openapi";
import type { Trace } from "../../../contract/inference.ts";
import type { Admission } from "../leases/key-leases.ts";
import { rejectInvalid } from "./validation.ts";

export type AppEnv = {
  Bindings: Env;
  Variables: {
    trace: Trace;
    /** Set by `authorize`; a route without a scope has none. */
    admission: Admission;
    /** What the log line of this request also says. */
    logged: Record<string, unknown>;
    /** Set by `passBody`: whether the caller left before all of the body was sent; nobody reads it after this. */
    senderLeft: (() => Promise<boolean>) | undefined;
  };
};

/** A small app for one operation; `index.ts` mounts them all. */
export const operation = () => new OpenAPIHono<AppEnv>({ defaultHook: rejectInvalid });
