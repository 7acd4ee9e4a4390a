import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      "tests/unit/vitest.config.ts",
      "tests/workerd/vitest.config.ts",
      "tests/conformance/vitest.config.ts",
      "tests/e2e/vitest.config.ts",
    ],
  },
});
