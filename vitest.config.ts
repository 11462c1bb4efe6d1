import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/support/global-setup.ts"],
    maxWorkers: "100%",
    // Every end-to-end test starts servers, clones and runners of its own: they need room, not luck.
    testTimeout: 120_000,
    hookTimeout: 180_000,
    coverage: {
      // The preloads, reporters and listeners run only inside the processes of other runners, where ours measures nothing:
      // the tests of those runners speak for them.
      include: ["src/**/*.ts", "src/suite/runners/adapters/{lease,worker-environment}.mjs"],
    },
  },
});
