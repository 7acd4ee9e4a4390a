import { mkdir, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  configPath,
  findProfile,
  keyId,
  keyPrefix,
  removeProfile,
  saveProfile,
} from "../../../clients/cli/profile.ts";
import { KEY, SECRET, temporaryFolder, worldIn } from "./run-cli.ts";

const LOCAL = { url: "http://local:1", api_key: "local" };
const SAVED = { url: "http://saved:2", api_key: "saved" };

async function places() {
  const home = await temporaryFolder();
  const project = join(home, "project");
  const cwd = join(project, "deep", "down");
  await mkdir(cwd, { recursive: true });
  const world = await worldIn(cwd, { home });
  const credentials = join(project, ".linnet", "credentials.json");
  const writeLocal = async (content: string) => {
    await mkdir(join(project, ".linnet"), { recursive: true });
    await writeFile(credentials, content);
  };
  return { world, credentials, writeLocal };
}

describe("the profile in force", () => {
  it("is the environment's, then the nearest .linnet's, then the config file's", async () => {
    const { world, credentials, writeLocal } = await places();
    expect(await findProfile(world)).toBeNull();
    const path = await saveProfile(world, SAVED);
    expect(await findProfile(world)).toEqual({ url: SAVED.url, apiKey: "saved", source: path });
    await writeLocal(JSON.stringify(LOCAL));
    expect(await findProfile(world)).toEqual({
      url: LOCAL.url,
      apiKey: "local",
      source: credentials,
    });
    const env = { LINNET_URL: "http://env:3", LINNET_API_KEY: "env" };
    expect(await findProfile({ ...world, env })).toEqual({
      url: "http://env:3",
      apiKey: "env",
      source: "LINNET_API_KEY",
    });
    expect(await findProfile({ ...world, env: { LINNET_API_KEY: "env" } })).toMatchObject({
      url: LOCAL.url,
      apiKey: "env",
    });
  });

  it("never sends a stored key to another platform", async () => {
    const { world } = await places();
    await saveProfile(world, SAVED);
    const other = { ...world, env: { LINNET_URL: "http://elsewhere" } };
    expect(await findProfile(other)).toMatchObject({ apiKey: null });
    const same = { ...world, env: { LINNET_URL: `${SAVED.url}/` } };
    expect(await findProfile(same)).toMatchObject({ apiKey: "saved" });
  });

  it.each(["{", "[]", '{"url": "http://x"}'])("refuses the file %s", async (content) => {
    const { world, writeLocal } = await places();
    await writeLocal(content);
    await expect(findProfile(world)).rejects.toThrow(/credentials\.json does not hold/);
  });
});

it("keeps the key where only its owner reads it, again and again", async () => {
  const { world } = await places();
  const path = await saveProfile(world, SAVED);
  await writeFile(path, "", { mode: 0o644 });
  await saveProfile(world, SAVED);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await removeProfile(world);
  await removeProfile(world);
  expect(await findProfile(world)).toBeNull();
});

it("follows XDG_CONFIG_HOME", async () => {
  const { world } = await places();
  expect(configPath({ ...world, env: { XDG_CONFIG_HOME: "/xdg" } })).toBe(
    "/xdg/linnet/config.json",
  );
});

it("shows no more of a key than tells which it is", () => {
  expect(keyPrefix(KEY)).toBe("sk_test_01m7xz44n3e349cyab4cnrhn0d");
  expect(keyId(KEY)).toBe("key_01m7xz44n3e349cyab4cnrhn0d");
  expect(keyPrefix(SECRET)).toBe("(not a Linnet key)");
  expect(keyPrefix("sk_test_01m7xz44n3e349cyab4cnrhn0d")).toBe("(not a Linnet key)");
});
