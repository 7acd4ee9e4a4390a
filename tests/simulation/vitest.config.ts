import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const standIn = (file: string) =>
  fileURLToPath(new URL(`./support/stand-ins/${file}`, import.meta.url));

export default defineConfig({
  resolve: {
    // What the platform gives; everything else is what is deployed.
    alias: [
      { find: "cloudflare:workers", replacement: standIn("cloudflare-workers.ts") },
      { find: /^.*\/database\/(directory|experiments|models)\.ts$/, replacement: standIn("$1.ts") },
      { find: /^\.\/bounded-map\.ts$/, replacement: standIn("isolate-map.ts") },
    ],
  },
  test: {
    name: "simulation",
    include: ["tests/simulation/**/*.test.ts"],
    environment: "node",
    testTimeout: 300_000,
    // It is all computation; by default a machine of two cores would use one.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
