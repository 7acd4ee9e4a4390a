import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "conformance",
    include: ["tests/conformance/**/*.test.ts"],
    environment: "node",
    globalSetup: "tests/conformance/support/global-setup.ts",
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});
