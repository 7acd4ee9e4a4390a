import { spawnSync } from "node:child_process";
import { buildWorkers, ROOT } from "./lib/build.ts";

// The workerd and end-to-end suites run what was built.
await buildWorkers();
const args = ["run", ...process.argv.slice(2)];
const { status } = spawnSync("vitest", args, { cwd: ROOT, stdio: "inherit" });
process.exit(status ?? 1);
