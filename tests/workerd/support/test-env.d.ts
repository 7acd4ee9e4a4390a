import type { D1Migration } from "cloudflare:test";

declare global {
  namespace Cloudflare {
    /** What vitest.config.ts binds besides the bindings of wrangler.toml. */
    interface Env {
      MIGRATIONS: D1Migration[];
      WDBC_LOGISTIC: ArrayBuffer;
    }
  }
}
