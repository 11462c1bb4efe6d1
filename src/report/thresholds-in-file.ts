import { basename } from "node:path/posix";
import { coverageSchema } from "../config/schema.ts";
import { computed, percentOf, recordOf } from "../project/parsers/loose-values.ts";
import { readSections } from "../project/parsers/sections.ts";
import { parseYaml } from "../project/parsers/yaml.ts";

/** A coverage threshold in a file; null where reading it would require running the file. */
export interface Threshold {
  readonly name: string;
  readonly value: number | null;
}

type Reader = (text: string) => Threshold[] | Promise<Threshold[]>;

/** Files with thresholds, by base name, and how to read them. */
const readers: readonly (readonly [RegExp, Reader])[] = [
  [/^verify\.config\.(json|ya?ml)$/, (text) => ownThresholds(recordOf(parseYaml(text)).coverage)],
  [/^verify\.config\.(js|mjs|ts)$/, async (text) => ownThresholds((await readCode()).literalOf(text, "coverage"))],
  [/^package\.json$/, packageThresholds],
  [
    /^(vitest|vite)\.config\.[cm]?[jt]s$|^vitest\.workspace\./,
    (text) => under(text, "thresholds", "coverage.thresholds"),
  ],
  [/^jest\.config\.([cm]?[jt]s|json)$/, (text) => under(text, "coverageThreshold", "coverageThreshold")],
  [
    /^\.(nycrc|c8rc)(\.json)?$|^nyc\.config\.[cm]?js$/,
    async (text) => metricsOf((await readCode()).exportedLiteral(text)),
  ],
  [/^\.nycrc\.ya?ml$/, (text) => metricsOf(parseYaml(text))],
  [/^\.?codecov\.ya?ml$/, codecovTargets],
  [/^\.coveragerc$|\.cfg$|\.ini$/, (text) => failUnder(text, "ini")],
  [/^\.coveragerc\.toml$|^pyproject\.toml$/, (text) => failUnder(text, "toml")],
];

/** Files that contain commands. */
const holdsCommands =
  /^(package\.json|Makefile|makefile|Jenkinsfile|[Jj]ustfile|noxfile\.py|.*\.(mk|ya?ml|toml|ini|cfg|sh))$/;

/** Whether a file, relative to the repository's root, configures a tool with thresholds, by its name. */
export function holdsSettings(file: string): boolean {
  const name = basename(file);
  return readers.some(([pattern]) => pattern.test(name));
}

/** Whether a file, relative to the repository's root, may contain commands with threshold options, by its name. */
export function mayHoldOptions(file: string): boolean {
  return holdsCommands.test(basename(file));
}

/** A pattern for git, which matches every line with such an option. */
export const optionSearch = "fail-under|--(lines|branches|functions|statements)";

/** The coverage thresholds in a file of that name, as configuration or command options. */
export async function thresholdsIn(file: string, text: string): Promise<Threshold[]> {
  const name = basename(file);
  const fitting = readers.filter(([pattern]) => pattern.test(name));
  const settings = await Promise.all(fitting.map(([, read]) => read(text)));
  return [...settings.flat(), ...(holdsCommands.test(name) ? optionThresholds(text) : [])];
}

/** Our own configuration, where lines have a default. */
function ownThresholds(written: unknown): Threshold[] {
  const found = flatten(written, "coverage");
  const isKnown = found.some(({ name }) => name === "coverage.lines") || written === computed;
  return isKnown ? found : [...found, { name: "coverage.lines", value: coverageSchema.parse({}).lines }];
}

function packageThresholds(text: string): Threshold[] {
  const fields = recordOf(parseYaml(text));
  const verify = recordOf(fields.verify);
  return [
    ...(fields.verify === undefined ? [] : ownThresholds(verify.coverage)),
    ...flatten(recordOf(fields.jest).coverageThreshold, "coverageThreshold"),
    ...metricsOf(fields.nyc),
    ...metricsOf(fields.c8),
  ];
}

async function under(text: string, key: string, name: string): Promise<Threshold[]> {
  return flatten((await readCode()).literalOf(text, key), name);
}

/** Loaded only for a file of code: it is large. */
const readCode = (): Promise<typeof import("../project/parsers/object-literal.ts")> =>
  import("../project/parsers/object-literal.ts");

const metrics = new Set(["lines", "branches", "functions", "statements"]);

/** The thresholds of nyc and c8, whose settings include other numbers. */
function metricsOf(written: unknown): Threshold[] {
  const name = "check-coverage";
  if (written === computed) return [{ name, value: null }];
  const entries = Object.entries(recordOf(written)).filter(([key]) => metrics.has(key) || key === "...");
  return flatten(Object.fromEntries(entries), name);
}

/** Codecov's status targets; their `threshold` is a tolerance, not a minimum. */
function codecovTargets(text: string): Threshold[] {
  const { status } = recordOf(recordOf(parseYaml(text)).coverage);
  return flatten(status, "coverage.status", (key) => key === "target");
}

function failUnder(text: string, format: "ini" | "toml"): Threshold[] {
  return [...readSections(text, format).values()].flatMap((section) =>
    [...section]
      .filter(([key]) => key === "fail_under")
      .map(([, value]) => ({ name: "fail_under", value: percentOf(value.replace(/["']|\s[#;].*$/g, "").trim()) })),
  );
}

const option =
  /(?<![\w-])(--cov-fail-under|--fail-under|--(?:lines|branches|functions|statements))(?:=|["',\s]+)(\d+(?:\.\d+)?)/g;

/** Threshold options: pytest-cov's and coverage.py's anywhere, nyc's and c8's in lines that name them. */
function optionThresholds(text: string): Threshold[] {
  return text
    .split("\n")
    .filter((line) => !line.trimStart().startsWith("#"))
    .flatMap((line) => {
      const isNodes = /\b(?:nyc|c8)\b|--check-coverage/.test(line);
      return [...line.matchAll(option)]
        .map(([, name = "", value = ""]) => ({ name, value: percentOf(value) }))
        .filter(({ name }) => name.endsWith("fail-under") || isNodes);
    });
}

/** The numbers below a key by path; `true` under the key `100` means all. */
function flatten(value: unknown, name: string, isWanted: (key: string) => boolean = () => true): Threshold[] {
  const key = name.slice(name.lastIndexOf(".") + 1);
  if (value === computed) return [{ name, value: null }];
  if (typeof value === "object" && value !== null) {
    return Object.entries(recordOf(value)).flatMap(([inner, written]) =>
      flatten(written, `${name}.${inner}`, isWanted),
    );
  }
  if (key === "100" && value === true) return [{ name, value: 100 }];
  if (!isWanted(key)) return [];
  if (typeof value === "number") return [{ name, value }];
  return typeof value === "string" ? [{ name, value: percentOf(value) }] : [];
}
