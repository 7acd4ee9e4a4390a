import type { DeepHealth } from "../../../contract/health.ts";
import { type Background, Shared } from "../leases/shared.ts";
import { VERSION } from "../version.ts";

const KEPT_MS = 1_000;
const PATIENCE_MS = 5_000;

let last: { at: number; health: DeepHealth } | undefined;
const checking = new Shared<DeepHealth>();

/** Asks every dependency for its smallest answer; at most once a second, as anybody may call this. */
export async function checkDependencies(env: Env, ctx: Background): Promise<DeepHealth> {
  if (last && Date.now() - last.at < KEPT_MS) return last.health;
  const health = await checking.run(() => check(env), ctx);
  last = { at: Date.now(), health };
  return health;
}

async function check(env: Env): Promise<DeepHealth> {
  const dependencies = await Promise.all([
    timed("d1", () => env.DB.prepare("SELECT 1").run()),
    timed("r2", () => env.MODELS.head("health")),
    timed("inference", () => env.INFERENCE.state()),
    timed("compute", () => env.COMPUTE.state()),
    timed("explain", () => env.EXPLAIN.state()),
    timed("data", () => env.DATA.state()),
    timed("key-actor", () => env.KEY.getByName("health").ping()),
  ]);
  const status = dependencies.every((dependency) => dependency.status === "ok") ? "ok" : "failed";
  return { status, version: VERSION, checked_at: new Date().toISOString(), dependencies };
}

const LATE = Symbol("late");

async function timed(
  name: string,
  ask: () => PromiseLike<unknown>,
): Promise<DeepHealth["dependencies"][number]> {
  const started = performance.now();
  try {
    // The wait ends with a value, so that one whose question failed at once rejects nobody.
    const late = scheduler.wait(PATIENCE_MS).then(() => LATE);
    if ((await Promise.race([ask(), late])) === LATE) throw new Error("no answer in time");
    return { name, status: "ok", latency_ms: performance.now() - started };
  } catch (error) {
    console.error(JSON.stringify({ event: "dependency_failed", name, error: String(error) }));
    return {
      name,
      status: "failed",
      latency_ms: performance.now() - started,
      detail: "see the log",
    };
  }
}
