import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { UsageError } from "./exit-codes.ts";
import type { World } from "./world.ts";

/** Which platform the commands call, with which key, and who said so. */
export type Profile = { url: string; apiKey: string | null; source: string };

type Stored = { url: string; api_key: string };

export const configPath = ({ env, home }: World): string =>
  join(env["XDG_CONFIG_HOME"] || join(home, ".config"), "linnet", "config.json");

/**
 * The environment wins, then `.linnet/credentials.json` here or in a parent, then the config
 * file. A stored key goes only to the platform it was stored with: a `LINNET_URL` that names
 * another leaves no key.
 */
export async function findProfile(world: World): Promise<Profile | null> {
  const { LINNET_URL: envUrl, LINNET_API_KEY: envKey } = world.env;
  const stored = envUrl && envKey ? null : await findStored(world);
  const url = envUrl || stored?.url;
  if (!url) return null;
  if (envKey) return { url, apiKey: envKey, source: "LINNET_API_KEY" };
  if (!stored || originOf(stored.url) !== originOf(url))
    return { url, apiKey: null, source: "LINNET_URL" };
  return { url, apiKey: stored.api_key, source: stored.path };
}

export async function saveProfile(world: World, profile: Stored): Promise<string> {
  const path = configPath(world);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // A new file, as an old one would keep its mode.
  const draft = `${path}.${process.pid}`;
  await writeFile(draft, `${JSON.stringify(profile, null, 2)}\n`, { mode: 0o600, flag: "wx" });
  await rename(draft, path);
  return path;
}

export const removeProfile = (world: World): Promise<void> =>
  rm(configPath(world), { force: true });

/** How a key begins, as the platform lists it: enough to tell which it is, and no secret. */
export const keyPrefix = (key: string): string =>
  /^sk_(?:live|test)_[0-9a-z]{26}(?=[0-9a-z]+$)/.exec(key)?.[0] ?? "(not a Linnet key)";

export function keyId(key: string): string | null {
  const id = /^sk_(?:live|test)_([0-9a-z]{26})/.exec(key)?.[1];
  return id === undefined ? null : `key_${id}`;
}

async function findStored(world: World): Promise<(Stored & { path: string }) | null> {
  for (let folder = world.cwd; ; folder = dirname(folder)) {
    const path = join(folder, ".linnet", "credentials.json");
    const local = (await isOwn(path)) ? await readStored(path) : null;
    if (local) return local;
    if (dirname(folder) === folder) break;
  }
  return readStored(configPath(world));
}

/** A parent folder such as `/tmp` may hold what somebody else put there. */
async function isOwn(path: string): Promise<boolean> {
  try {
    const { uid } = await stat(path);
    return process.getuid === undefined || uid === process.getuid();
  } catch {
    return false;
  }
}

async function readStored(path: string): Promise<(Stored & { path: string }) | null> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch {
    return null;
  }
  try {
    const stored: Partial<Stored> | null = JSON.parse(text);
    const { url, api_key } = stored ?? {};
    if (typeof url === "string" && typeof api_key === "string") return { url, api_key, path };
  } catch {
    // Not JSON is as unusable as JSON of another shape.
  }
  throw new UsageError(`${path} does not hold a url and an api_key; mend it or remove it`);
}

const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : url);
