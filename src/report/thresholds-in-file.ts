import { basename } from "node:path/posix";
import { coverageSchema } from "../config/schema.ts";
import { computed, parseYaml, percentOf, recordOf } from "../project/parsers/loose-values.ts";
import { readSections } from "../project/parsers/sections.ts";

/** A coverage threshold as a file has it; null where only running the file would tell. */
export interface Threshold {
  readonly name: string;
  readonly value: number | null;
}

type Reader = (text: string) => Threshold[] | Promise<Threshold[]>;

/** Which files hold thresholds, by their names without directories, and how they are read. */
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

/** Where commands are written. */
const holdsCommands =
  /^(package\.json|Makefile|makefile|Jenkinsfile|[Jj]ustfile|noxfile\.py|.*\.(mk|ya?ml|toml|ini|cfg|sh))$/;

/** Whether a file, relative to the repo's root, configures a tool that has thresholds, by its name. */
export function holdsSettings(file: string): boolean {
  const name = basename(file);
  return readers.some(([pattern]) => pattern.test(name));
}

/** Whether a file, relative to the repo's root, may hold commands with thresholds as options, by its name. */
export function mayHoldOptions(file: string): boolean {
  return holdsCommands.test(basename(file));
}

/** What a line with such an option holds at the least, for git to search for. */
export const optionSearch = "fail-under|--(lines|branches|functions|statements)";

/** The coverage thresholds that a file of that name holds, as configuration or as options of commands. */
export async function thresholdsIn(file: string, text: string): Promise<Threshold[]> {
  const name = basename(file);
  const fitting = readers.filter(([pattern]) => pattern.test(name));
  const settings = await Promise.all(fitting.map(([, read]) => read(text)));
  return [...settings.flat(), ...(holdsCommands.test(name) ? optionThresholds(text) : [])];
}

/** Of our own configuration, where lines have a default. */
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

/** What nyc and c8 are told, which write many other numbers beside it. */
function metricsOf(written: unknown): Threshold[] {
  const name = "check-coverage";
  if (written === computed) return [{ name, value: null }];
  const told = Object.entries(recordOf(written)).filter(([key]) => metrics.has(key) || key === "...");
  return flatten(Object.fromEntries(told), name);
}

/** The targets of the statuses; `threshold` beside them is what may be lost, and no least share. */
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

/** What commands ask for: of pytest-cov and coverage.py anywhere, of nyc and c8 in a line that names one of them. */
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

/** The numbers below a key, by the path of keys to each; `true` under the key `100` asks for all. */
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
