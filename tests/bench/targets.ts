import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { buildWorkers, ROOT } from "../../scripts/lib/build.ts";
import { makeSecrets } from "../../scripts/lib/local.ts";
import { type Platform, type PlatformOptions, startPlatform } from "../../scripts/lib/platform.ts";

/** Something that answers HTTP, and the process that does the work. */
export type Server = { url: string; pid: number; stop: () => Promise<void> };

const MODELS = `${ROOT}/examples/wdbc/models`;

async function workerdChildren(): Promise<number[]> {
  const found: number[] = [];
  for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
    const [, name, , parent] = /^\d+ \((.*?)\) (\w) (\d+)/.exec(stat) ?? [];
    if (name === "workerd" && Number(parent) === process.pid) found.push(Number(pid));
  }
  return found;
}

type OnWorkerd = Server & { door: Server; miniflare: Miniflare };

async function onWorkerd(start: () => Promise<Platform>): Promise<OnWorkerd> {
  const before = await workerdChildren();
  const { url, miniflare } = await start();
  const pid = (await workerdChildren()).find((child) => !before.includes(child)) ?? 0;
  const stop = () => miniflare.dispose();
  const door = { url: String(await miniflare.ready).replace(/\/$/, ""), pid, stop };
  return { url, pid, stop, door, miniflare };
}

/** Runs one Worker of one module, alone on a workerd. */
export const startWorker = (name: string, script: string): Promise<OnWorkerd> =>
  onWorkerd(async () => {
    const unsafeDirectSockets = [{ host: "127.0.0.1", port: 0 }];
    const compatibilityDate = "2026-11-01";
    const worker = { name, compatibilityDate, modules: true as const, script, unsafeDirectSockets };
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        host: "127.0.0.1",
        logRequests: false,
        log: new Log(LogLevel.ERROR),
        workers: [worker],
      }),
    );
    await miniflare.ready;
    return { url: String(await miniflare.unsafeGetDirectURL(name)).replace(/\/$/, ""), miniflare };
  });

/** A Worker that reads a body and answers: the least that workerd can do for a request. */
export const startBare = (): Promise<OnWorkerd> =>
  startWorker(
    "bare",
    "export default { async fetch(request) { await request.text(); return Response.json({ ok: true }); } };",
  );

/** The same model behind a plain Node server. */
export async function startPeer(): Promise<Server> {
  const child = spawn(
    process.execPath,
    [`${ROOT}/tests/bench/peer.mjs`, `${MODELS}/wdbc-mlp.onnx`],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const port = await new Promise<string>((resolve) =>
    child.stdout.once("data", (data: Buffer) => resolve(data.toString().trim())),
  );
  process.once("exit", () => child.kill());
  const stop = async () => void child.kill();
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop };
}

/** The platform with a key that may do everything and two versions of the model `wdbc`. */
export type OpenPlatform = Server & {
  /** The same platform behind Miniflare's front door. */
  door: Server;
  key: string;
  miniflare: Miniflare;
  /** Sends JSON with the key to a path, or to another address; an answer that is no success is thrown. */
  call: <T>(method: string, path: string, body?: object) => Promise<T>;
};

/** Starts the built Workers; `vars` replace those of wrangler.toml. */
export async function openPlatform({
  vars = {},
  ...options
}: Pick<PlatformOptions, "vars" | "beside"> = {}): Promise<OpenPlatform> {
  const secrets = makeSecrets();
  const quiet = { LOG_LEVEL: "error", ...vars };
  const server = await onWorkerd(() => startPlatform({ ...options, secrets, vars: quiet }));
  let key = secrets.SETUP_TOKEN;
  const send = async (method: string, path: string, body: BodyInit | null, type: string) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": type };
    const response = await fetch(new URL(path, server.url), { method, headers, body });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response.json();
  };
  const call = async <T>(method: string, path: string, body?: object): Promise<T> =>
    (await send(method, path, body ? JSON.stringify(body) : null, "application/json")) as T;
  type Made = { key: string };
  ({ key } = (await call<{ key: Made }>("POST", "/v1/setup", {})).key);
  const all = { name: "bench", scopes: ["admin"], rate_limit: 100_000_000 };
  ({ key } = await call<Made>("POST", "/v1/keys", all));
  await call("POST", "/v1/models", { name: "wdbc" });
  for (const file of ["wdbc-logistic", "wdbc-mlp"]) {
    const bytes = new Uint8Array(readFileSync(`${MODELS}/${file}.onnx`));
    await send("PUT", "/v1/models/wdbc/versions", bytes, "application/octet-stream");
  }
  return { ...server, key, call };
}

export type Started = { id: string; variants: { variant_id: string }[] };

/** Creates and starts an experiment between the two versions of `wdbc`, the first the control. */
export async function startExperiment(
  { call }: OpenPlatform,
  { canary = "0.5", ...options }: Record<string, unknown> & { name: string; canary?: string },
): Promise<Started> {
  const variants = [
    { model: "wdbc", version: 1, traffic_weight: String(1 - Number(canary)), is_control: true },
    { model: "wdbc", version: 2, traffic_weight: canary },
  ];
  const made = await call<Started>("POST", "/v1/experiments", { variants, ...options });
  await call("POST", `/v1/experiments/${made.id}/start`, {});
  return made;
}

export type Linnet = OpenPlatform & {
  experiments: { strict: string; leased: string };
  control: string;
};

/** The platform with two running experiments. */
export async function startLinnet(): Promise<Linnet> {
  await buildWorkers();
  const platform = await openPlatform();
  const rollback = { error_rate_threshold: 1, latency_degradation_threshold: 1000 };
  const run = (consistency: string) =>
    startExperiment(platform, { name: consistency, consistency, rollback });
  const strict = await run("strict");
  const leased = await run("leased");
  const experiments = { strict: strict.id, leased: leased.id };
  return { ...platform, experiments, control: leased.variants[0]?.variant_id ?? "" };
}
