import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { standIn } from "../sdk/stand-in.ts";
import { KEY, temporaryFolder } from "./run-cli.ts";

const bin = fileURLToPath(new URL("../../../clients/cli/bin/linnet.js", import.meta.url));

async function start(args: string[], { url, flags = [] }: { url?: string; flags?: string[] } = {}) {
  const cwd = await temporaryFolder();
  const env = { PATH: process.env["PATH"], HOME: cwd, LINNET_URL: url, LINNET_API_KEY: url && KEY };
  const child = spawn(process.execPath, [...flags, bin, ...args], { cwd, env });
  child.stdin.end();
  const ended = new Promise<number | null>((resolve) => {
    child.on("close", (code) => resolve(code));
  });
  return { child, ended, stdout: text(child.stdout), stderr: text(child.stderr) };
}

it("runs", async () => {
  const { url } = await standIn(() => ({ json: { items: [], next_cursor: null } }));
  const { ended, stdout } = await start(["models", "list", "--json"], { url });
  expect(JSON.parse(await stdout)).toEqual({ items: [], next_cursor: null });
  expect(await ended).toBe(0);
});

it("has written all that it says before it ends", async () => {
  const items = Array.from({ length: 20_000 }, (_, index) => ({ name: `model-${index}` }));
  const { url } = await standIn(() => ({ json: { items, next_cursor: null } }));
  const { ended, stdout } = await start(["models", "list", "--json"], { url });
  expect((JSON.parse(await stdout) as { items: object[] }).items).toHaveLength(20_000);
  expect(await ended).toBe(0);
});

it("says what to do where Node cannot run TypeScript", async () => {
  const { ended, stderr } = await start(["--help"], { flags: ["--no-strip-types"] });
  expect(await stderr).toMatch(/needs Node 22\.18 or newer.*\n.*npx linnet/);
  expect(await ended).toBe(2);
});

it("leaves with 130 on Ctrl-C", async () => {
  const { url, received } = await standIn(() => "silence");
  const { child, ended, stdout } = await start(["models", "list"], { url });
  await expect.poll(() => received.length, { timeout: 5_000 }).toBe(1);
  child.kill("SIGINT");
  expect(await ended).toBe(130);
  expect(await stdout).toBe("");
});
