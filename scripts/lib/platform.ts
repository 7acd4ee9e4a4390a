import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import {
  convertV4MiniflareOptions,
  Log,
  LogLevel,
  Miniflare,
  type Json,
  type V4WorkerOptions,
  type WorkerdStructuredLog,
} from "miniflare";
import { unstable_getMiniflareWorkerOptions } from "wrangler";
import { PAGES, ROOT, WORKERS } from "./build.ts";

export type PlatformOptions = {
  port?: number;
  /** Where D1, R2 and the actors keep their state; in memory when left out. */
  state?: string;
  secrets: { KEY_CHECKSUM_SECRET: string; SETUP_TOKEN: string };
  /** Variables that replace those of wrangler.toml, for one Worker or all. */
  vars?: Record<string, string>;
  onLog?: (log: WorkerdStructuredLog) => void;
  /** Where workerd's inspector listens; it does not when left out. */
  inspectorPort?: number;
  /** Further Workers in the same workerd, made from the options of the public one. */
  beside?: (publicWorker: V4WorkerOptions) => V4WorkerOptions[];
};

const NO_CODE = [{ type: "ESModule" as const, path: "index.js", contents: "export default {};" }];

/** The Worker that takes requests from outside. */
const PUBLIC = "linnet";

export type Platform = { url: string; miniflare: Miniflare };

/**
 * Runs the built Workers on workerd. Requests reach the public Worker through a socket of its
 * own: Miniflare's front door is a Worker too and costs more than a bare one (docs/performance.md).
 */
export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { port = 0, state, secrets, vars = {}, onLog = () => undefined, beside } = options;
  const { inspectorPort } = options;
  // Where wrangler looks for them; its note on having found them is not news.
  Object.assign(process.env, secrets, { WRANGLER_LOG: "error" });
  const workers: V4WorkerOptions[] = await Promise.all(
    [...WORKERS, { ...PAGES, output: null }].map(async ({ name, config, output }) => {
      const { modulesRules: _, ...options } = optionsOf(config);
      const isPublic = name === PUBLIC;
      return {
        ...options,
        name,
        modules: output === null ? NO_CODE : await builtModules(join(ROOT, output)),
        bindings: { ...options.bindings, ...(isPublic ? secrets : {}), ...vars },
        ...(isPublic ? { unsafeDirectSockets: [{ host: "127.0.0.1", port }] } : {}),
      };
    }),
  );
  const further = workers
    .filter(({ name }) => name === PUBLIC)
    .flatMap((one) => beside?.(one) ?? []);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      logRequests: false,
      log: new Log(LogLevel.ERROR),
      handleStructuredLogs: onLog,
      ...(state === undefined ? {} : { resourcePersistencePath: state }),
      ...(inspectorPort === undefined ? {} : { inspectorPort }),
      workers: [...workers, ...further],
    }),
  );
  await miniflare.ready;
  await applyMigrations(await miniflare.getD1Database("DB", PUBLIC));
  const url = String(await miniflare.unsafeGetDirectURL(PUBLIC)).replace(/\/$/, "");
  return { url, miniflare };
}

/** The bindings of a Worker as its wrangler.toml says, for Miniflare. */
const optionsOf = (
  config: string,
): Partial<V4WorkerOptions> & { bindings?: Record<string, Json> } =>
  unstable_getMiniflareWorkerOptions(join(ROOT, config)).workerOptions;

async function builtModules(folder: string) {
  const files = (await readdir(folder)).filter((file) => /\.(js|wasm)$/.test(file));
  // The first module is the entry.
  files.sort((a, b) => Number(b === "index.js") - Number(a === "index.js"));
  return Promise.all(
    files.map(async (file) => {
      const path = join(folder, file);
      const bytes = await readFile(path);
      return file.endsWith(".wasm")
        ? { type: "CompiledWasm" as const, path: basename(path), contents: new Uint8Array(bytes) }
        : { type: "ESModule" as const, path: basename(path), contents: bytes.toString() };
    }),
  );
}

type Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

/** What `wrangler d1 migrations apply` does, with the same table, so that both may be used. */
async function applyMigrations(database: Database): Promise<void> {
  await database.exec(
    "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)",
  );
  const { results } = await database
    .prepare("SELECT name FROM d1_migrations")
    .all<{ name: string }>();
  const applied = new Set(results.map(({ name }) => name));
  const folder = join(ROOT, "migrations");
  for (const name of (await readdir(folder)).filter((file) => file.endsWith(".sql")).toSorted()) {
    if (applied.has(name)) continue;
    const sql = await readFile(join(folder, name), "utf8");
    const statements = sql.split("--> statement-breakpoint").map((text) => database.prepare(text));
    const noted = database.prepare("INSERT INTO d1_migrations (name) VALUES (?)").bind(name);
    await database.batch([...statements, noted]);
  }
}
