import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "browser",
    include: ["tests/browser/**/*.test.ts"],
    environment: "node",
    globalSetup: "tests/browser/global-setup.ts",
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
