/**
 * Makes the pictures of the README: a run half way, as a terminal shows it, and the page it writes. Needs
 * Debian's Chromium, `script` of util-linux, and the Python of the tests. The figures are those of the run that is shown.
 */
import { execFile, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { SerializeAddon } from "@xterm/addon-serialize";
import xterm from "@xterm/headless";
import { type Browser, chromium } from "playwright-core";
import { packageRoot } from "../../src/shared/paths.ts";
import { quote } from "../../src/shared/shell.ts";
import { ledgerCommand, ledgerDatabase, ledgerFiles } from "../support/ledger.ts";
import { pythonEnvironment } from "../support/python.ts";
import { gitEnvironment, writeFiles } from "../support/repository.ts";

const run = promisify(execFile);
const columns = 80;
const rows = 24;
const pictures = join(packageRoot, "docs");

/** For the browser, whose names Node does not know. */
const emptyLinesGo = `
  const lines = [...document.querySelectorAll("pre div div")];
  while (lines.length > 0 && lines.at(-1).textContent.trim() === "") lines.pop().remove();
`;

const directory = await mkdtemp(join(tmpdir(), "pushproof-pictures-"));
try {
  const { bin } = await pythonEnvironment();
  const environment = { ...gitEnvironment(), PATH: `${bin}${delimiter}${process.env.PATH}`, CI: undefined };
  const root = join(directory, "finance-report");
  await makeShop(root, environment);
  const halfway = await watch(root, environment);
  await mkdir(pictures, { recursive: true });
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
  try {
    await picture(browser, terminalPage(halfway), "running.png");
    await picturePage(browser, pathToFileURL(join(root, ".verify/report.html")).href, "report.png");
  } finally {
    await browser.close();
  }
} finally {
  await rm(directory, { recursive: true, force: true });
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The ledger of the tests on a branch of its own, verified once so that there is something to compare with. */
async function makeShop(root: string, environment: Environment): Promise<void> {
  await mkdir(root);
  const config = {
    suites: [{ name: "backend", runner: "pytest", command: ledgerCommand, source: ["src"], workers: 2 }],
    database: { name: ledgerDatabase, variables: { TEST_DATABASE_URL: "postgresql+psycopg2" } },
  };
  const files = ledgerFiles({ files: 40, tests: 240 });
  await writeFiles(root, { ...files, "verify.config.json": `${JSON.stringify(config, null, 2)}\n` });
  const git = (...words: string[]) => run("git", words, { cwd: root, env: environment });
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "Keep a running balance");
  await run(process.execPath, [join(packageRoot, "dist/main.js")], { cwd: root, env: environment });
  await git("checkout", "--quiet", "-b", "feature/running-balance");
  await writeFiles(root, { "docs/balance.md": "How a balance is kept.\n" });
  await git("add", "--all");
  await git("commit", "--quiet", "--message", "Tell how a balance is kept");
}

/** What a terminal shows when the bar is half full, as HTML. */
async function watch(root: string, environment: Environment): Promise<string> {
  const terminal = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
  const serializer = new SerializeAddon();
  terminal.loadAddon(serializer as never);
  const write = (text: string | Buffer): Promise<void> => new Promise((done) => terminal.write(text, done));
  await write("\u001b[32m~/finance-report\u001b[0m $ npx verify\r\n");
  const command = `stty cols ${columns} rows ${rows}; ${quote(process.execPath)} ${quote(join(packageRoot, "dist/main.js"))}`;
  const child = spawn("script", ["-qefc", command, "/dev/null"], {
    cwd: root,
    env: { ...environment, TERM: "xterm-256color", COLUMNS: String(columns) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let halfway = "";
  for await (const chunk of child.stdout) {
    await write(chunk);
    if (isHalfway(linesOf(terminal))) halfway ||= serializer.serializeAsHTML();
  }
  return halfway;
}

function linesOf(terminal: InstanceType<typeof xterm.Terminal>): string[] {
  const buffer = terminal.buffer.active;
  return Array.from({ length: buffer.length }, (_, row) => buffer.getLine(row)?.translateToString(true) ?? "");
}

function isHalfway(lines: readonly string[]): boolean {
  const [, done, total] = /(\d+) of (\d+) tests/.exec(lines.join("\n")) ?? [];
  return Number(done) * 2 > Number(total);
}

function terminalPage(html: string): string {
  return `<!doctype html><meta charset="utf-8"><style>
body { margin: 0; background: transparent } #window { display: inline-block; padding: 16px 20px; border-radius: 10px; background: #1d2129 }
pre, pre div, pre span { font: 14px/1.35 "DejaVu Sans Mono", monospace !important; background-color: transparent !important }
pre { margin: 0; color: #d7dae0 !important } pre > div { color: #d7dae0 !important }
</style><div id="window">${html.replace(/^[\s\S]*<body>/, "").replace(/<\/body>[\s\S]*$/, "")}</div>`;
}

async function picture(browser: Browser, html: string, name: string): Promise<void> {
  const page = await browser.newPage({ deviceScaleFactor: 2, viewport: { width: 900, height: 700 } });
  await page.setContent(html);
  // What is below the last line is empty.
  await page.evaluate(emptyLinesGo);
  await page.locator("#window").screenshot({ path: join(pictures, name), omitBackground: true });
  await page.close();
}

async function picturePage(browser: Browser, address: string, name: string): Promise<void> {
  const page = await browser.newPage({ colorScheme: "light", viewport: { width: 1100, height: 1300 } });
  await page.goto(address);
  await page.screenshot({ path: join(pictures, name) });
  await page.close();
}
