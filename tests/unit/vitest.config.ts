import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    name: "unit",
    include: ["tests/unit/**/*.test.ts"],
    environment: "node",
    // What is tested here keeps no state between calls, so that files can share its modules, and
    // ONNX Runtime is started once.
    isolate: false,
    // Vitest asks for a turn of its own for a suite that shares workers.
    sequence: { groupOrder: 1 },
  },
});
