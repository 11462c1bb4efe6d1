import type { Files } from "./repository.ts";
import { configFile } from "./verify.ts";

/** A suite in a configuration, as far as its runners differ. */
interface SumsSuite {
  readonly runner: "jest" | "mocha" | "node";
  readonly command: string;
  readonly workers: number;
}

/** A small CommonJS project and its configuration; `files`, `suite` and `config` come on top. */
export function sumsFiles(own: SumsSuite, files: Files, suite: object, config: object): Files {
  return {
    ".gitignore": "node_modules/\ncoverage/\n*.ready\n",
    "package.json": `{ "scripts": { "test": "${own.command}" } }\n`,
    "src/sums.js": "exports.url = process.env.DATABASE_URL;\nexports.add = (left, right) => left + right;\n",
    "verify.config.json": configFile({
      suites: [{ name: "web", ...own, source: ["src"], ...suite }],
      database: false,
      ...config,
    }),
    ...files,
  };
}
