import { defineConfig } from "vitest/config";

// A suite's paths start at the root, as they do when it is run by itself with --config.
const suite = (name: string) => ({
  extends: `./tests/${name}/vitest.config.ts`,
  root: import.meta.dirname,
  test: { name },
});

export default defineConfig({
  test: { projects: ["unit", "simulation", "workerd", "conformance", "browser", "e2e"].map(suite) },
});
