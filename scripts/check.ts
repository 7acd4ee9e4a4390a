import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { buildWorkers, ROOT } from "./lib/build.ts";
import { type Ran, runTool } from "./lib/run-tool.ts";

const PROJECTS = [
  "domain",
  "contract",
  "tsconfig.workers.json",
  "workers/inference",
  "workers/compute",
  "workers/explain",
  "workers/data",
  "clients/sdk",
  "clients/cli",
  "scripts",
  "tests/unit",
  "tests/simulation",
  "tests/workerd",
  "tests/conformance",
  "tests/browser",
  "tests/e2e",
  "tests/bench",
];
const TYPES = ["types", "--include-runtime=false", "--strict-vars=false", "--check"];
/** The Workers behind the public one. */
const BEHIND = ["inference", "compute", "explain", "data"];
const configOf = (worker: string): string => `workers/${worker}/wrangler.toml`;

/** The largest a built Worker may be, as KiB of gzip. What grows past it is looked at, then raised. */
const BUDGETS = {
  "dist/api": 560,
  "dist/inference": 3_800,
  "dist/compute": 3_900,
  "dist/explain": 3_950,
  "dist/data": 200,
};

type Check = { name: string; run: () => Promise<Ran> };

const checks: Check[] = [
  ...PROJECTS.map((project) => ({
    name: `types ${project}`,
    run: () => runTool("tsc", ["-p", project]),
  })),
  {
    name: "lint and import boundaries",
    run: () => runTool("oxlint", ["--type-aware", "--deny-warnings"]),
  },
  { name: "format", run: () => runTool("prettier", ["--check", "--log-level=warn", "."]) },
  {
    name: "generated Env of the api Worker",
    run: () =>
      runTool("wrangler", [
        ...TYPES,
        "worker-configuration.d.ts",
        "-c",
        "wrangler.toml",
        ...BEHIND.flatMap((worker) => ["-c", configOf(worker)]),
      ]),
  },
  ...BEHIND.map((worker) => ({
    name: `generated Env of the ${worker} Worker`,
    run: () =>
      runTool("wrangler", [
        ...TYPES,
        `--env-interface=${worker[0]?.toUpperCase()}${worker.slice(1)}Env`,
        `workers/${worker}/worker-configuration.d.ts`,
        "-c",
        configOf(worker),
      ]),
  })),
  { name: "bundle budgets", run: measureBundles },
];

async function measureBundles(): Promise<Ran> {
  await buildWorkers();
  const lines: string[] = [];
  let code = 0;
  for (const [folder, budget] of Object.entries(BUDGETS)) {
    const files = (await readdir(join(ROOT, folder))).filter((file) => /\.(js|wasm)$/.test(file));
    const contents = await Promise.all(files.map((file) => readFile(join(ROOT, folder, file))));
    const size = contents.reduce((sum, bytes) => sum + gzipSync(bytes).length, 0) / 1_024;
    if (size > budget) code = 1;
    lines.push(`${folder}: ${size.toFixed(0)} of ${budget} KiB gzip`);
  }
  return { code, output: lines.join("\n") };
}

let failed = 0;
for (const { name, run } of checks) {
  const { code, output } = await run();
  console.log(`${code === 0 ? "ok    " : "FAILED"}  ${name}`);
  if (code !== 0 || name === "bundle budgets")
    console.log(output.trim().replaceAll(/^/gm, "        "));
  if (code !== 0) failed += 1;
}
console.log(
  failed === 0 ? "\nAll checks passed." : `\n${failed} of ${checks.length} checks failed.`,
);
process.exit(failed === 0 ? 0 : 1);
