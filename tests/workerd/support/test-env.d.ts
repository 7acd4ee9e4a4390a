declare namespace Cloudflare {
  /** What vitest.config.ts binds besides the bindings of wrangler.toml. */
  interface Env {
    MIGRATIONS: import("cloudflare:test").D1Migration[];
  }
}
