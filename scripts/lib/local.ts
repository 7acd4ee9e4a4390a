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

const PID = join(LOCAL, "pid");

/** Refuses when another platform runs on this state: two would write to one database. */
export async function claimLocal(): Promise<void> {
  const pid = Number(await readFile(PID, "utf8").catch(() => Number.NaN));
  if (pid !== process.pid && isAlive(pid)) {
    console.error(
      `A platform runs here already (process ${pid}). Stop it with Ctrl-C in its terminal.`,
    );
    process.exit(1);
  }
  await mkdir(LOCAL, { recursive: true, mode: 0o700 });
  await writeFile(PID, String(process.pid));
  // However the process ends: Miniflare ends it by itself on a signal.
  process.on("exit", () => rmSync(PID, { force: true }));
}

function isAlive(pid: number): boolean {
  try {
    return Number.isInteger(pid) && process.kill(pid, 0);
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
