import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { buildWorkers, ROOT } from "../../scripts/lib/build.ts";
import { makeSecrets } from "../../scripts/lib/local.ts";
import { type Platform, startPlatform } from "../../scripts/lib/platform.ts";

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

async function onWorkerd(start: () => Promise<Platform>): Promise<Server & { door: Server }> {
  const before = await workerdChildren();
  const { url, miniflare } = await start();
  const pid = (await workerdChildren()).find((child) => !before.includes(child)) ?? 0;
  const stop = () => miniflare.dispose();
  const door = { url: String(await miniflare.ready).replace(/\/$/, ""), pid, stop };
  return { url, pid, stop, door };
}

/** A Worker that reads a body and answers: the least that workerd can do for a request. */
export const startBare = (): Promise<Server & { door: Server }> =>
  onWorkerd(async () => {
    const script = `export default { async fetch(request) { await request.text(); return Response.json({ ok: true }); } };`;
    const unsafeDirectSockets = [{ host: "127.0.0.1", port: 0 }];
    const worker = {
      name: "bare",
      compatibilityDate: "2026-11-01",
      modules: true as const,
      script,
    };
    const miniflare = new Miniflare(
      convertV4MiniflareOptions({
        host: "127.0.0.1",
        logRequests: false,
        log: new Log(LogLevel.ERROR),
        workers: [{ ...worker, unsafeDirectSockets }],
      }),
    );
    await miniflare.ready;
    return {
      url: String(await miniflare.unsafeGetDirectURL("bare")).replace(/\/$/, ""),
      miniflare,
    };
  });

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
  const stop = async () => void child.kill();
  return { url: `http://127.0.0.1:${port}`, pid: child.pid ?? 0, stop };
}

export type Linnet = Server & {
  /** The same platform behind Miniflare's front door. */
  door: Server;
  key: string;
  experiments: { strict: string; leased: string };
  control: string;
};

/** The platform with two versions of the model and two running experiments. */
export async function startLinnet(): Promise<Linnet> {
  await buildWorkers();
  const secrets = makeSecrets();
  const server = await onWorkerd(() => startPlatform({ secrets, vars: { LOG_LEVEL: "error" } }));
  let key = secrets.SETUP_TOKEN;
  const call = async (method: string, path: string, body: BodyInit, type = "application/json") => {
    const headers = { authorization: `Bearer ${key}`, "content-type": type };
    const response = await fetch(server.url + path, { method, headers, body });
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return response.json();
  };
  const json = JSON.stringify;
  const { key: first } = await call("POST", "/v1/setup", "{}");
  key = first.key;
  const scopes = ["admin"];
  ({ key } = await call(
    "POST",
    "/v1/keys",
    json({ name: "bench", scopes, rate_limit: 100_000_000 }),
  ));
  await call("POST", "/v1/models", json({ name: "wdbc" }));
  for (const file of ["wdbc-logistic", "wdbc-mlp"])
    await call(
      "PUT",
      "/v1/models/wdbc/versions",
      new Uint8Array(readFileSync(`${MODELS}/${file}.onnx`)),
      "application/octet-stream",
    );

  const variants = [
    { model: "wdbc", version: 1, traffic_weight: "0.5", is_control: true },
    { model: "wdbc", version: 2, traffic_weight: "0.5" },
  ];
  const rollback = { error_rate_threshold: 1, latency_degradation_threshold: 1000 };
  const run = async (consistency: string) => {
    const body = json({ name: consistency, consistency, variants, rollback });
    const made = await call("POST", "/v1/experiments", body);
    await call("POST", `/v1/experiments/${made.id}/start`, "{}");
    return made;
  };
  const strict = await run("strict");
  const leased = await run("leased");
  const experiments = { strict: strict.id, leased: leased.id };
  return { ...server, key, experiments, control: leased.variants[0].variant_id };
}
