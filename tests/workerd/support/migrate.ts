import { applyD1Migrations, env, reset } from "cloudflare:test";

// Files share one workerd, and each finds it empty.
await reset();
await applyD1Migrations(env.DB, env.MIGRATIONS);
