import { readFileSync, readdirSync } from "node:fs";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** A Worker as it was built, so that its 14 MB do not pass through vitest. */
function built(folder: string) {
  const contents = (file: string) => readFileSync(`${folder}/${file}`);
  const wasm = readdirSync(folder).filter((file) => file.endsWith(".wasm"));
  return [
    { type: "ESModule" as const, path: "index.js", contents: contents("index.js").toString() },
    ...wasm.map((path) => ({
      type: "CompiledWasm" as const,
      path,
      contents: new Uint8Array(contents(path)),
    })),
  ];
}

process.env["KEY_CHECKSUM_SECRET"] = "a secret of the tests";
process.env["SETUP_TOKEN"] = "the setup token of the tests";

export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: { MIGRATIONS: await readD1Migrations("migrations"), LOG_LEVEL: "error" },
        dataBlobBindings: { WDBC_LOGISTIC: "examples/wdbc/models/wdbc-logistic.onnx" },
        workers: [
          {
            name: "linnet-inference",
            compatibilityDate: "2026-11-01",
            modules: built("dist/inference"),
            r2Buckets: { MODELS: "linnet-models" },
            bindings: {
              SESSION_BUDGET_BYTES: "32000000",
              MAX_MODEL_BYTES: "16000000",
              HEAP_LIMIT_BYTES: "72000000",
            },
          },
          {
            name: "linnet-compute",
            compatibilityDate: "2026-11-01",
            modules: built("dist/compute"),
            r2Buckets: { MODELS: "linnet-models" },
            bindings: { MAX_MODEL_BYTES: "8000000", HEAP_LIMIT_BYTES: "60000000" },
          },
          {
            name: "linnet-explain",
            compatibilityDate: "2026-11-01",
            modules: built("dist/explain"),
            r2Buckets: { MODELS: "linnet-models" },
            bindings: {
              SUBJECT_BUDGET_BYTES: "40000000",
              MAX_MODEL_BYTES: "8000000",
              HEAP_LIMIT_BYTES: "64000000",
            },
          },
          {
            name: "linnet-data",
            compatibilityDate: "2026-11-01",
            modules: built("dist/data"),
            r2Buckets: { DATASETS: "linnet-datasets" },
          },
          {
            name: "linnet-pages",
            compatibilityDate: "2026-11-01",
            modules: [{ type: "ESModule", path: "index.js", contents: "export default {};" }],
            assets: { directory: "dist/pages" },
          },
        ],
      },
    }),
  ],
  test: {
    name: "workerd",
    include: ["tests/workerd/**/*.test.ts"],
    setupFiles: ["tests/workerd/support/migrate.ts"],
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // Files share one workerd, which takes three seconds to start, and each begins by emptying it.
    isolate: false,
    // Vitest asks for a turn of its own for a suite that shares workers.
    sequence: { groupOrder: 2 },
  },
});
