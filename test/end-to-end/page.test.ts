import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { figures } from "../../src/model/figures.ts";
import type { Summary } from "../../src/model/summary.ts";
import { reportPage } from "../../src/report/page/page.ts";
import { writeReports } from "../../src/report/write.ts";
import { pageSummary, sampleRecord, smallSummary } from "../report/page-sample.ts";
import { openFromDisk, startBrowser } from "../support/browser.ts";
import { makeDirectory } from "../support/repository.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

const wholePage = (): string => reportPage(pageSummary(), sampleRecord());
/** How many elements the page holds that a selector finds. */
const countOf = (page: Page, selector: string): Promise<number> => page.locator(selector).count();
const textOfFocus = (page: Page): Promise<string> =>
  page.evaluate("document.activeElement.querySelector('title')?.textContent ?? document.activeElement.id");

/** How far a text stands out from its ground, as WCAG counts it. */
const contrast = `(selector) => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const luminance = (color) => {
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue] = [...canvas.getImageData(0, 0, 1, 1).data]
      .map((part) => part / 255)
      .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const groundOf = (element) => {
    const ground = getComputedStyle(element).backgroundColor;
    return ground === "rgba(0, 0, 0, 0)" && element.parentElement ? groundOf(element.parentElement) : ground;
  };
  return [...document.querySelectorAll(selector)].map((element) => {
    const style = getComputedStyle(element);
    const isDrawn = element instanceof SVGElement;
    const mark = isDrawn && element.classList.contains("tile-label") ? document.querySelectorAll(".tile") : [];
    const grounds = mark.length ? [...mark].map((one) => getComputedStyle(one).fill) : [groundOf(element)];
    const color = luminance(isDrawn ? style.fill : style.color);
    return Math.min(...grounds.map(luminance).map((ground) => (Math.max(color, ground) + 0.05) / (Math.min(color, ground) + 0.05)));
  });
}`;

test.each<[string, string]>([
  ["of a refused push", wholePage()],
  [
    "of a small suite with one worker",
    reportPage(smallSummary(), sampleRecord({ workers: 1, files: 3, failing: null })),
  ],
  ["of a reused proof", reportPage(smallSummary(), null)],
])("the page %s opens from disk without a word of complaint, and asks nobody for anything", async (_which, text) => {
  const { page, incidents } = await openFromDisk(browser, text);
  await page.locator("footer").waitFor();
  expect(incidents).toEqual([]);
});

test("the figures in the page are those of summary.json", async () => {
  const root = await makeDirectory();
  await writeReports(root, pageSummary(), { coverage: null, record: sampleRecord() });
  const read = (name: string): Promise<string> => readFile(join(root, ".verify", name), "utf8");
  const summary: Summary = JSON.parse(await read("summary.json"));
  const { page } = await openFromDisk(browser, await read("report.html"));
  const labels = await page.locator(".figures dt").allTextContents();
  const values = await page.locator(".figures dd").allTextContents();
  expect(labels.map((label, index) => [label, values[index]])).toEqual(figures(summary));
  expect(await page.locator(".facts code").first().getAttribute("title")).toBe(summary.commit);
});

describe("the timeline", () => {
  test("has a lane for each worker, and in it a bar for each turn, as long as it took", async () => {
    const { page } = await openFromDisk(browser, wholePage());
    expect(await page.locator(".lane-names > div").allTextContents()).toEqual(["gw0", "gw1", "gw2", "gw3"]);
    const { timeline } = sampleRecord();
    expect(await countOf(page, ".bar")).toBe(timeline.length);
    const widths: number[] = [];
    for (const part of [1, 8]) {
      const bar = page.locator(".bar", { hasText: `test_part${part}.py` });
      widths.push((await bar.boundingBox())?.width ?? 0);
    }
    const seconds = [1, 8].map((part) => timeline[part]?.seconds ?? 0);
    expect((widths[1] ?? 0) / (widths[0] ?? 1)).toBeCloseTo((seconds[1] ?? 0) / (seconds[0] ?? 1), 1);
  });

  test("marks the file that failed by a pattern and a sign, and no other", async () => {
    const { page } = await openFromDisk(browser, wholePage());
    expect(await page.locator(".bar.failed title").allTextContents()).toEqual([
      expect.stringMatching(/^tests\/area2\/test_part7\.py: .*; 1 test failed$/),
    ]);
    expect(await page.locator("text.bar-sign").allTextContents()).toEqual(["✕"]);
    const fill = await page.evaluate("getComputedStyle(document.querySelector('.bar.failed')).fill");
    expect(fill).toContain("#failed-pattern");
  });

  test("draws the bound as far after the first bar as it is long", async () => {
    const { page } = await openFromDisk(browser, wholePage());
    expect(await page.locator(".bound-label").textContent()).toBe("Bound: 8.5 s");
    const at = Number.parseFloat((await page.locator(".bound").getAttribute("x1")) ?? "");
    const first = Number.parseFloat((await page.locator(".bar").first().getAttribute("x")) ?? "");
    const { timeline } = sampleRecord();
    const span = Math.max(...timeline.map(({ start, seconds }) => start + seconds));
    expect(at - first).toBeCloseTo((100 * 8.5) / span, 1);
  });

  test("is one stop for Tab, moved through by the arrow keys, with the bar's details told", async () => {
    const { page } = await openFromDisk(browser, wholePage());
    expect(await countOf(page, '.bar[tabindex="0"]')).toBe(1);
    await page.locator('.bar[tabindex="0"]').focus();
    const first = await textOfFocus(page);
    expect(first).toMatch(/^tests\/area0\/test_part0\.py: .* on gw0/);
    await page.keyboard.press("ArrowRight");
    const second = await textOfFocus(page);
    expect(second).toMatch(/ on gw0/);
    expect(second).not.toBe(first);
    await page.keyboard.press("ArrowDown");
    expect(await textOfFocus(page)).toMatch(/ on gw1/);
    await page.keyboard.press("ArrowUp");
    expect(await textOfFocus(page)).toMatch(/ on gw0/);
    await page.keyboard.press("End");
    expect(await textOfFocus(page)).toMatch(/ on gw3/);
    expect(await page.locator(".timeline [aria-live]").textContent()).toBe(await textOfFocus(page));
    expect(await countOf(page, '.bar[tabindex="0"]')).toBe(1);
  });

  test("tells the details of the bar that the pointer is on", async () => {
    const { page } = await openFromDisk(browser, wholePage());
    await page.locator(".bar.failed").hover();
    expect(await page.locator(".timeline [aria-live]").textContent()).toContain("test_part7.py");
  });
});

describe("coverage", () => {
  test("is drawn as large as the files have lines", async () => {
    const { page } = await openFromDisk(browser, wholePage());
    const lines = new Map(pageSummary().coverage?.files.map(({ file, total }) => [file, total]));
    const tiles: [string, number][] = await page.evaluate(
      "[...document.querySelectorAll('.wide .tile')].map((one) => [one.textContent.split(':')[0], one.getBoundingClientRect().width * one.getBoundingClientRect().height])",
    );
    // The gaps, and the head of each directory, take their part: of small tiles more than of large ones.
    const pixelsOfLine = tiles.map(([file, area]) => area / (lines.get(file) ?? 0));
    expect(Math.max(...pixelsOfLine) / Math.min(...pixelsOfLine)).toBeLessThan(2);
    expect(await page.locator(".wide .tile").count()).toBe(lines.size);
  });

  test("lists the changed lines that did not run", async () => {
    const { page } = await openFromDisk(browser, wholePage());
    expect(await page.locator("#uncovered li").allTextContents()).toEqual([
      "src/ledger/part0.py:12-14",
      "src/web/part3.py:7",
    ]);
  });

  test("is sorted by a click on a column's name", async () => {
    const { page } = await openFromDisk(browser, wholePage());
    await page.locator(".files > summary").click();
    const columnOf = async (): Promise<number[]> =>
      (await page.locator(".files tbody td:nth-child(2)").allTextContents()).map(Number);
    await page.getByRole("button", { name: "Lines", exact: true }).click();
    const sorted = await columnOf();
    expect(sorted).toEqual(sorted.toSorted((left, right) => right - left));
    await page.getByRole("button", { name: "Lines", exact: true }).click();
    expect(await columnOf()).toEqual(sorted.toReversed());
    expect(await page.locator(".files th[aria-sort]").getAttribute("aria-sort")).toBe("ascending");
  });
});

test("the trend shows every run with its values, and marks those that were not verified", async () => {
  const { page } = await openFromDisk(browser, wholePage());
  expect(await countOf(page, ".trend:first-child [data-mark]")).toBe(13);
  const titles = await page.locator(".trend:first-child .point-failed title").allTextContents();
  expect(titles).toEqual([
    "2026-01-05 09:30 UTC, 1300000: 16.8 s, 4 workers, failed",
    "2026-01-27 10:15 UTC, 3f2c1ab: 12.3 s, 4 workers, failed",
  ]);
});

describe("with 10,000 tests", () => {
  const large = (): string => reportPage(pageSummary(), sampleRecord({ files: 500, testsOfFile: 20 }));

  test("the page holds few rows at any time, and the search finds the one test that is meant", async () => {
    const { page } = await openFromDisk(browser, large());
    const status = page.getByRole("status");
    expect(await status.textContent()).toBe("10000 tests");
    expect(await countOf(page, "#test-rows tr")).toBe(50);
    await page.getByLabel("Words").pressSequentially("CASE19 part499");
    expect(await status.textContent()).toBe("1 of 10000 tests");
    expect(await page.locator("#test-rows tr").allTextContents()).toEqual([
      expect.stringContaining("test_part499_case19"),
    ]);
  });

  test("every change of the search leaves no more rows than a page of them", async () => {
    const { page } = await openFromDisk(browser, large());
    await page.evaluate(`{
      window.most = 0;
      const rows = document.getElementById("test-rows");
      const count = () => { window.most = Math.max(window.most, document.querySelectorAll("tr").length); };
      new MutationObserver(count).observe(rows, { childList: true });
    }`);
    await page.getByLabel("Words").pressSequentially("test part");
    await page.getByLabel("Order").selectOption("slowest first");
    await page.getByRole("button", { name: "Next" }).click();
    // All other tables of the page together have fewer.
    const others = await countOf(page, "tr:not(#test-rows tr)");
    expect(await page.evaluate("window.most")).toBeLessThanOrEqual(others + 50);
  });

  test("the next page shows the tests that follow", async () => {
    const { page } = await openFromDisk(browser, large());
    await page.getByRole("button", { name: "Next" }).click();
    expect(await page.locator("#test-page").textContent()).toBe("51 to 100 of 10000");
    await page.getByRole("button", { name: "Previous" }).click();
    expect(await page.locator("#test-page").textContent()).toBe("1 to 50 of 10000");
  });

  test("the outcome and the worker narrow the search", async () => {
    const { page } = await openFromDisk(browser, large());
    await page.getByLabel("Outcome").selectOption("failed");
    expect(await page.getByRole("status").textContent()).toBe("1 of 10000 tests");
    await page.getByLabel("Words").fill("gw9");
    expect(await page.getByRole("status").textContent()).toBe("0 of 10000 tests");
  });
});

test("names that would be markup stay text, wherever they stand", async () => {
  const hostile =
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'`&amp; \u2028 \u0000\u001b[31m\u0007 🎉 ]]> -->";
  const swap = <Value>(value: Value): Value =>
    JSON.parse(JSON.stringify(value), (key, one) =>
      typeof one === "string" &&
      !["verdict", "outcome", "kind", "runner", "metric", "isolation", "verifiedIn", "at", "startedAt"].includes(key)
        ? `${one}${hostile}`
        : one,
    );
  const { page, incidents } = await openFromDisk(browser, reportPage(swap(pageSummary()), swap(sampleRecord())));
  await page.getByLabel("Words").fill("🎉 </script>");
  expect(await countOf(page, "#test-rows tr")).toBe(50);
  expect(await page.locator("#test-rows th").first().textContent()).toContain(
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'`&amp;",
  );
  const plain = await openFromDisk(browser, wholePage());
  for (const name of ["script", "img", "svg", "section", "rect", "li", "link, style, iframe, object, [onerror]"])
    expect([name, await countOf(page, name)]).toEqual([name, await countOf(plain.page, name)]);
  expect(await page.evaluate("/[\\u0000\\u0007\\u001b]/.test(document.documentElement.outerHTML)")).toBe(false);
  expect(incidents).toEqual([]);
});

test("a script that got into the page after all would not run", async () => {
  const text = wholePage().replace("</h1>", "</h1><script>alert(1)</script><b onclick='alert(1)' id='trap'>x</b>");
  const { page, incidents } = await openFromDisk(browser, text);
  await page.locator("#trap").click();
  expect(incidents.filter((incident) => incident.startsWith("dialog"))).toEqual([]);
  expect(incidents.join()).toContain("Content Security Policy");
});

describe("by keyboard", () => {
  test("Tab leads to the skip link first, and on to the search", async () => {
    const { page } = await openFromDisk(browser, wholePage());
    await page.keyboard.press("Tab");
    expect(await page.evaluate("document.activeElement.className")).toBe("skip");
    const seen: string[] = [];
    for (let stop = 0; stop < 60 && seen.at(-1) !== "test-words"; stop += 1) {
      await page.keyboard.press("Tab");
      seen.push(await textOfFocus(page));
    }
    expect(seen.at(-1)).toBe("test-words");
  });

  test("what has the focus is outlined", async () => {
    const { page } = await openFromDisk(browser, wholePage());
    for (const id of ["theme", "test-words", "test-next"]) {
      // Only what is reached by a key is outlined.
      await page.locator(`#${id}`).focus();
      await page.keyboard.press("Shift");
      expect([id, await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")]).toEqual([id, "solid"]);
    }
  });
});

test("the page has its landmarks, its language, and headings without gaps", async () => {
  const { page } = await openFromDisk(browser, wholePage());
  expect(await page.evaluate("document.documentElement.lang")).toBe("en");
  for (const role of ["banner", "navigation", "main", "contentinfo", "search"] as const)
    expect([role, await page.getByRole(role).count()]).toEqual([role, 1]);
  const levels: number[] = await page.evaluate(
    "[...document.querySelectorAll('h1,h2,h3')].map((one) => Number(one.tagName[1]))",
  );
  expect(levels.filter((level) => level === 1)).toHaveLength(1);
  expect(levels.every((level, index) => level <= (levels[index - 1] ?? 0) + 1)).toBe(true);
  const ids: string[] = await page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)");
  expect(ids).toHaveLength(new Set(ids).size);
});

describe("colors", () => {
  test.each(["light", "dark"] as const)(
    "in %s every text stands out from its ground by at least 4.5",
    async (scheme) => {
      const { page } = await openFromDisk(browser, wholePage(), { colorScheme: scheme });
      const selector =
        "h1, h2, p, dt, dd, a, td, th, pre, .sign, .open, .closed, .failed:not(rect), .passed, .hint, .details, svg .tick, .bound-label, .tile-label";
      const contrasts: number[] = await page.evaluate(`(${contrast})(${JSON.stringify(selector)})`);
      expect(contrasts.length).toBeGreaterThan(300);
      expect(Math.min(...contrasts)).toBeGreaterThanOrEqual(4.5);
    },
  );

  test("follow the system, and the button turns them until the page is opened again", async () => {
    const { page } = await openFromDisk(browser, wholePage(), { colorScheme: "dark" });
    const ground = (): Promise<string> => page.evaluate("getComputedStyle(document.body).backgroundColor");
    expect(await ground()).toBe("rgb(18, 20, 23)");
    await page.getByRole("button", { name: "Light colors" }).click();
    expect(await ground()).toBe("rgb(246, 247, 249)");
    await page.getByRole("button", { name: "Dark colors" }).click();
    expect(await ground()).toBe("rgb(18, 20, 23)");
    await page.emulateMedia({ colorScheme: "light" });
    await page.reload();
    expect(await ground()).toBe("rgb(246, 247, 249)");
  });
});

test.each([360, 1600])("at %i pixels nothing makes the page scroll sideways", async (width) => {
  const { page } = await openFromDisk(browser, wholePage(), { viewport: { width, height: 800 } });
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
});

test("on paper there are no controls, the ground is light, and all failures and tables are open", async () => {
  const { page } = await openFromDisk(browser, wholePage(), { colorScheme: "dark" });
  await page.locator(".failure > summary").first().click();
  await page.emulateMedia({ media: "print" });
  await page.locator(".files[open]").waitFor();
  for (const control of ["nav", "#theme", "#test-search", "#test-pages", ".details"])
    expect([control, await page.locator(control).first().isVisible()]).toEqual([control, false]);
  expect(await countOf(page, "details:not([open])")).toBe(0);
  expect(await page.locator(".failure pre").first().isVisible()).toBe(true);
  expect(await page.evaluate("getComputedStyle(document.body).color")).toBe("rgb(28, 33, 40)");
  await page.emulateMedia({ media: "screen" });
  await page.locator(".files:not([open])").waitFor();
});

test("without its script the page still says the essential, and shows no control that does nothing", async () => {
  const { page } = await openFromDisk(browser, wholePage(), { javaScriptEnabled: false });
  for (const id of ["reasons", "figures", "timeline", "coverage", "failures", "suites"])
    expect([id, await page.locator(`#${id}`).isVisible()]).toEqual([id, true]);
  expect(await page.locator("button:visible, input:visible, .details:visible").count()).toBe(0);
  expect(await page.locator("noscript p").isVisible()).toBe(true);
});
