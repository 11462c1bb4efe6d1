import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { defineConfig } from "rolldown";
import { tsImport } from "tsx/esm/api";
import { toJSONSchema } from "zod";

/** Adds `licenses.txt`: the license of every package that the program holds. */
const licenses = {
  name: "licenses",
  generateBundle(_, bundle) {
    const modules = Object.values(bundle).flatMap((chunk) => chunk.moduleIds ?? []);
    const packages = new Set(modules.filter((id) => id.includes("/node_modules/")).map(packageOf));
    const texts = [...packages].sort().map((directory) => {
      const { name, version, license } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
      const file = readdirSync(directory).find((entry) => /^licen[cs]e/i.test(entry));
      return `${name} ${version}: ${license}\n\n${file ? readFileSync(join(directory, file), "utf8").trim() : ""}\n`;
    });
    this.emitFile({ type: "asset", fileName: "licenses.txt", source: texts.join(`\n${"-".repeat(80)}\n\n`) });
  },
};

/** Text of libraries that would have the program look at what is not its own, by the end of the file's name. */
const replacements = [
  // fdir takes any picomatch that it finds above the program, a project's own one included, and we do not use it there.
  ["/fdir/dist/index.mjs", 'pm = __require("picomatch");', ""],
  // pg asks whether it runs at Cloudflare; Node loads its whole HTTP client for the answer.
  ["/pg/lib/stream.js", "typeof Response === 'function'", "false"],
];
const ownOnly = {
  name: "own-only",
  transform(code, id) {
    const found = replacements.find(([file]) => id.endsWith(file));
    if (found === undefined) return null;
    const [, text, other] = found;
    if (!code.includes(text)) this.error(`${id} does not say \`${text}\` any more: see \`replacements\`.`);
    return { code: code.replace(text, other), map: null };
  },
};

/** What cuts texts into characters is made when a text needs it: that takes 8 ms, and most runs print no such text. */
const lazySegmenters = {
  name: "lazy-segmenters",
  transform(code, id) {
    if (!id.includes("/node_modules/")) return null;
    const lazy = code.replace(
      /^const (\w+) = new Intl\.Segmenter\((.*)\);$/gm,
      "const $1 = { made: null, segment(text) { return (this.made ??= new Intl.Segmenter($2)).segment(text); } };",
    );
    return lazy === code ? null : { code: lazy, map: null };
  },
};

/** Adds JSON schemas: of the files that people write, by which an editor completes and checks them, and of a receipt's claim. */
const schemas = {
  name: "schemas",
  async generateBundle() {
    const { configSchema } = await tsImport("./src/config/schema.ts", import.meta.url);
    const { policySchema } = await tsImport("./src/trust/policy/schema.ts", import.meta.url);
    const { verificationSchema } = await tsImport("./src/trust/attestation/statement.ts", import.meta.url);
    for (const [fileName, schema] of Object.entries({
      "verify.config.schema.json": configSchema,
      "verify.policy.schema.json": policySchema,
      "receipt.schema.json": verificationSchema,
    })) {
      const text = JSON.stringify(toJSONSchema(schema, { io: "input" }), null, 1);
      this.emitFile({ type: "asset", fileName, source: `${text}\n` });
    }
  },
};

const target = "dist";

/**
 * Moves each new file over the one of the last build, then removes what this build did not write. So a push, a test or
 * another build finds a whole program at any moment: `npm install` of a project that links to this one builds it again.
 */
const replacement = {
  name: "replacement",
  writeBundle({ dir }, bundle) {
    const files = Object.keys(bundle);
    mkdirSync(target, { recursive: true });
    chmodSync(join(dir, "main.js"), 0o755);
    // The program's start comes last: all that it loads is there by then.
    for (const file of files.sort((one, other) => Number(one === "main.js") - Number(other === "main.js"))) {
      renameSync(join(dir, file), join(target, file));
    }
    rmSync(dir, { recursive: true });
    for (const file of readdirSync(target)) {
      if (!files.includes(file)) rmSync(join(target, file), { recursive: true, force: true });
    }
  },
};

/** The directory of the package that a module belongs to: the nearest one whose package.json names it. */
function packageOf(id) {
  const directory = dirname(id);
  const file = join(directory, "package.json");
  return existsSync(file) && JSON.parse(readFileSync(file, "utf8")).version ? directory : packageOf(directory);
}

/** A module with all that it imports, but for what it imports lazily. */
function closureOf(id, context, found = new Set()) {
  if (found.has(id)) return found;
  found.add(id);
  for (const imported of context.getModuleInfo(id)?.importedIds ?? []) closureOf(imported, context, found);
  return found;
}

/**
 * All that `verify` loads up to its first stage, in one file: each file costs a start a quarter of a millisecond. What the
 * command line and `verify exec` load stays out of it, as they start without it.
 */
const firstStage = {
  debugName: "first stage",
  name(id, context) {
    const loads = (name) => closureOf(join(import.meta.dirname, "src", name), context).has(id);
    return loads("verify.ts") && !["main.ts", "cli.ts", "commands/exec.ts"].some(loads) ? "first-stage" : null;
  },
};

/** The program in few files: hundreds of modules of ours and others' would be read at every start. */
export default defineConfig({
  input: { main: "src/main.ts", "v8-report": "src/coverage/v8/main.ts" },
  platform: "node",
  // pg looks for a faster half of its own, c8 for another converter: nobody has to install either.
  external: ["pg-native", "monocart-coverage-reports"],
  // Its other form asks for its files by name as it runs, and a bundle has none.
  resolve: { alias: { "jsonc-parser": "jsonc-parser/lib/esm/main.js" } },
  plugins: [ownOnly, lazySegmenters, licenses, schemas, replacement],
  // Nobody imports the program.
  preserveEntrySignatures: false,
  output: {
    dir: `${target}-${process.pid}`,
    format: "esm",
    codeSplitting: { includeDependenciesRecursively: false, groups: [firstStage] },
  },
});
