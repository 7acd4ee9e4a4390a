import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ROOT } from "./build.ts";

/** Everything that a local platform keeps between starts. */
export const LOCAL = process.env["LINNET_HOME"] ?? join(ROOT, ".linnet");
export const CREDENTIALS = join(LOCAL, "credentials.json");

export type Secrets = { KEY_CHECKSUM_SECRET: string; SETUP_TOKEN: string };
export type Credentials = { url: string; api_key: string };

export const makeSecrets = (): Secrets => ({
  KEY_CHECKSUM_SECRET: randomBytes(32).toString("hex"),
  SETUP_TOKEN: randomBytes(32).toString("hex"),
});

/** The secrets of the local platform, made at its first start. */
export async function localSecrets(): Promise<Secrets> {
  const known = await readJson<Secrets>(join(LOCAL, "secrets.json"));
  if (known) return known;
  const secrets = makeSecrets();
  await writePrivate("secrets.json", secrets);
  return secrets;
}

const PIDS = join(LOCAL, "pids.json");

/** This process and, once it runs, the workerd that it started. */
type Pids = { platform: number; workerd?: number };

/**
 * Refuses when another platform runs on this state: two would write to one database. A workerd
 * that outlived a platform which was killed is ended first.
 */
export async function claimLocal(): Promise<void> {
  const known = await readJson<Pids>(PIDS);
  if (known && known.platform !== process.pid && isAlive(known.platform)) {
    console.error(
      `A platform runs here already (process ${known.platform}). Stop it with Ctrl-C in its terminal.`,
    );
    process.exit(1);
  }
  if (known?.workerd !== undefined && workerdPids().some(({ pid }) => pid === known.workerd))
    process.kill(known.workerd, "SIGKILL");
  await writePrivate("pids.json", { platform: process.pid } satisfies Pids);
  // However the process ends: Miniflare ends it by itself on a signal.
  process.on("exit", () => rmSync(PIDS, { force: true }));
}

/** Notes the workerd of this process, for a later start to end it if this one is killed. */
export async function noteRuntime(): Promise<void> {
  const own = workerdPids().find(({ parent }) => parent === process.pid);
  const pids: Pids = { platform: process.pid, ...(own ? { workerd: own.pid } : {}) };
  await writePrivate("pids.json", pids);
}

/** Every workerd on this machine; none where there is no `ps`. */
function workerdPids(): { pid: number; parent: number }[] {
  const { stdout } = spawnSync("ps", ["-axo", "pid=,ppid=,comm="], { encoding: "utf8" });
  return (stdout ?? "").split("\n").flatMap((line) => {
    const [pid, parent, command] = line.trim().split(/\s+/);
    return command?.endsWith("workerd") ? [{ pid: Number(pid), parent: Number(parent) }] : [];
  });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export const forgetLocal = (): Promise<void> => rm(LOCAL, { recursive: true, force: true });

export const readCredentials = (): Promise<Credentials | undefined> =>
  readJson<Credentials>(CREDENTIALS);

export const writeCredentials = (credentials: Credentials): Promise<void> =>
  writePrivate("credentials.json", credentials);

async function writePrivate(file: string, value: object): Promise<void> {
  await mkdir(LOCAL, { recursive: true, mode: 0o700 });
  await writeFile(join(LOCAL, file), `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
}

async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
