import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { makeDirectory } from "./repository.ts";

/** A page that was opened from disk, and what it did that a quiet one does not. */
export interface OpenPage {
  readonly page: Page;
  /** Errors, warnings, dialogs, and requests other than for the page itself. */
  readonly incidents: readonly string[];
}

/** Debian's Chromium, without a window. */
export async function startBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
}

/** Writes a document to disk and opens it; it is closed when the test ends. */
export async function openFromDisk(
  browser: Browser,
  text: string,
  options: BrowserContextOptions = {},
): Promise<OpenPage> {
  const path = join(await makeDirectory(), "report.html");
  await writeFile(path, text);
  const address = pathToFileURL(path).href;
  const context = await browser.newContext(options);
  onTestFinished(() => context.close());
  const page = await context.newPage();
  page.setDefaultTimeout(20_000);
  const incidents: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) incidents.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => incidents.push(`page error: ${error.message}`));
  page.on("dialog", (dialog) => {
    incidents.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (request.url() !== address) incidents.push(`request: ${request.url()}`);
  });
  await page.goto(address);
  return { page, incidents };
}
