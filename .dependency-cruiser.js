/** From the program down to what knows nothing of verification. A folder imports only from those below it. */
const layers = [
  "cli",
  "command-line",
  "commands",
  "verify",
  "verify-tree",
  "pipeline",
  "doctor",
  "init",
  "forge",
  "report",
  "trust",
  "suite",
  "coverage",
  "database",
  "push",
  "project",
  "git",
  "model",
  "config",
  "shared",
];

const inLayers = (names) => `^src/(?:${names.join("|")})(?:/|\\.ts$)`;

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "no-circles",
      comment: "Two files that import each other are one file, or share a third.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    ...layers.slice(1).map((layer, index) => ({
      name: `${layer}-imports-down`,
      comment: "Move what both need into a folder below both.",
      severity: "error",
      from: { path: inLayers([layer]) },
      to: { path: inLayers(layers.slice(0, index + 1)) },
    })),
    {
      name: "nothing-unreachable",
      comment: "A module that nothing imports is dead.",
      severity: "error",
      from: { orphan: true, pathNot: "^src/report/page/browser/|^src/suite/runners/adapters/|[.]d[.]ts$" },
      to: {},
    },
  ],
  options: {
    parser: "swc",
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^src/report/page/browser/|^src/suite/runners/adapters/|node_modules" },
    enhancedResolveOptions: { extensions: [".ts", ".mjs", ".cjs", ".js"] },
  },
};
