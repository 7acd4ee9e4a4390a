import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./lib/build.ts";

const folder = join(ROOT, "tests/bench");
if (!existsSync(join(folder, "node_modules"))) {
  console.error("Installing what only the benchmark needs …");
  const env = { ...process.env, ONNXRUNTIME_NODE_INSTALL: "skip" };
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const installed = spawnSync("npm", args, { cwd: folder, env, stdio: "inherit" });
  if (installed.status !== 0) process.exit(installed.status ?? 1);
}
const ran = spawnSync(process.execPath, [join(folder, "main.ts"), ...process.argv.slice(2)], {
  stdio: "inherit",
});
process.exit(ran.status ?? 1);
