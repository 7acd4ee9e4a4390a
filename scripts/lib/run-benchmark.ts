import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./build.ts";

const FOLDER = join(ROOT, "tests/bench");

/** Runs a file of tests/bench with this process's arguments, installing first what only benchmarks need. */
export function runBenchmark(file: string): never {
  const lock = createHash("sha256")
    .update(readFileSync(join(FOLDER, "package-lock.json")))
    .digest("hex");
  const stamp = join(FOLDER, "node_modules", ".linnet-lock");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== lock) {
    console.error("Installing what only the benchmarks need …");
    const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
    const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    const installed = spawnSync("npm", args, { cwd: FOLDER, env, stdio: "inherit" });
    if (installed.status !== 0) process.exit(installed.status ?? 1);
    writeFileSync(stamp, lock);
  }
  const ran = spawnSync(process.execPath, [join(FOLDER, file), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  process.exit(ran.status ?? 1);
}
