import { spawnSync } from "node:child_process";
import { buildPages, ROOT } from "./lib/build.ts";
import { localSecrets } from "./lib/local.ts";

// Hot reload through wrangler's development proxy; slower than `npm start`, with a state of its own.
const STATE = ".linnet/dev";
const CONFIGS = [
  "wrangler.toml",
  "workers/inference/wrangler.toml",
  "workers/compute/wrangler.toml",
  "workers/explain/wrangler.toml",
  "workers/data/wrangler.toml",
  "workers/pages/wrangler.toml",
];

await buildPages();
const secrets = await localSecrets();
const env = { ...process.env, ...secrets };
const wrangler = (...args: string[]) =>
  spawnSync("wrangler", [...args, `--persist-to=${STATE}`], { cwd: ROOT, env, stdio: "inherit" })
    .status ?? 1;

const migrated = wrangler("d1", "migrations", "apply", "linnet", "--local");
if (migrated !== 0) process.exit(migrated);
console.log(
  `Create the administrator once with: npx linnet setup --url http://127.0.0.1:8787 --token ${secrets.SETUP_TOKEN}`,
);
process.exit(
  wrangler("dev", ...CONFIGS.flatMap((config) => ["-c", config]), ...process.argv.slice(2)),
);
