import { readFileSync, readdirSync } from "node:fs";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const INFERENCE = "dist/inference";
const contents = (file: string) => readFileSync(`${INFERENCE}/${file}`);
const wasm = readdirSync(INFERENCE).find((file) => file.endsWith(".wasm")) ?? "";

process.env["KEY_CHECKSUM_SECRET"] = "a secret of the tests";
process.env["SETUP_TOKEN"] = "the setup token of the tests";

export default defineConfig({
  plugins: [
    cloudflareTest({
      wrangler: { configPath: "./wrangler.toml" },
      miniflare: {
        bindings: { MIGRATIONS: await readD1Migrations("migrations"), LOG_LEVEL: "error" },
        dataBlobBindings: { WDBC_LOGISTIC: "examples/wdbc/models/wdbc-logistic.onnx" },
        // The inference Worker as it was built, so that its 14 MB do not pass through vitest.
        workers: [
          {
            name: "linnet-inference",
            compatibilityDate: "2026-11-01",
            modules: [
              { type: "ESModule", path: "index.js", contents: contents("index.js").toString() },
              { type: "CompiledWasm", path: wasm, contents: new Uint8Array(contents(wasm)) },
            ],
            r2Buckets: { MODELS: "linnet-models" },
            bindings: {
              SESSION_BUDGET_BYTES: "32000000",
              MAX_MODEL_BYTES: "16000000",
              HEAP_LIMIT_BYTES: "72000000",
            },
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
  },
});
