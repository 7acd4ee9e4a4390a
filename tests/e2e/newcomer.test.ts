import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT } from "../../scripts/lib/build.ts";
import { type Command, newcomerEnv, runCommand } from "./support/newcomer.ts";

const MINUTE = 60_000;

let clone: string;
let platform: Command;

/** A copy of what git holds, as a clone would have it. */
beforeAll(async () => {
  clone = await mkdtemp(join(tmpdir(), "linnet-newcomer-"));
  const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const files = execFileSync("git", list, { cwd: ROOT, encoding: "utf8" }).split("\0");
  for (const file of files.filter((name) => name !== "")) {
    await mkdir(dirname(join(clone, file)), { recursive: true });
    await cp(join(ROOT, file), join(clone, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") throw error;
    });
  }
}, MINUTE);

afterAll(async () => {
  platform.kill("SIGKILL");
  await platform.ended;
  await rm(clone, { recursive: true, force: true });
}, MINUTE);

const npm = (...args: string[]): Command =>
  runCommand("npm", args, { cwd: clone, env: newcomerEnv({ PORT: "0", NO_COLOR: "1" }) });

it(
  "gets a running platform and both demonstrations from the README's commands",
  async () => {
    platform = npm("start");
    const printed = await platform.prints(/Try, in another terminal/);
    expect(printed).toMatch(/ready in \d+\.\d s/);
    expect(printed).toMatch(/API key +sk_live_[0-9a-z]{74}\n/);

    const better = await npm("run", "demo", "--", "--requests", "3000").ended;
    expect(better.output).toMatch(/3,000 of 3,000 requests/);
    expect(better.output).toMatch(/Recommended: conclude_winner \(wdbc-mlp\)/);
    expect(better.code).toBe(0);

    const regressed = await npm("run", "demo", "--", "--regressed").ended;
    expect(regressed.output).toMatch(
      /Rolled back by itself after \d+ canary requests\. Why: wdbc-mlp-regressed: error rate/,
    );
    expect(regressed.code).toBe(0);

    const listed = await runCommand("npx", ["linnet", "models", "list", "--json"], {
      cwd: clone,
      env: newcomerEnv(),
    }).ended;
    expect(listed.output).toMatch(/"name": "wdbc"/);

    platform.kill("SIGINT");
    await platform.ended;
    platform = npm("start");
    const again = await platform.prints(/Try, in another terminal/);
    expect(again).not.toMatch(/sk_live_/);
  },
  6 * MINUTE,
);
