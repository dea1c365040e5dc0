import { defineConfig } from "vitest/config";

// Tests in a real browser, against a sandbox with the mesh and the demo application.
export default defineConfig({
  test: {
    include: ["browser/**/*.test.ts"],
    globalSetup: "browser/sandbox.ts",
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
