import { execFileSync } from "node:child_process";
import fc from "fast-check";
import picomatch from "picomatch";
import { afterAll, describe, expect, test, vi } from "vitest";
import { workflowCommand } from "../../src/report/github/workflow-command.ts";
import { code, escapeMarkdown, fencedBlock } from "../../src/report/markdown/markdown.ts";
import { dataBlock, html } from "../../src/report/page/html.ts";
import { globOf } from "../../src/shared/patterns.ts";
import { redactor } from "../../src/shared/redact.ts";
import { quote } from "../../src/shared/shell.ts";
import { plainLine, plainText } from "../../src/shared/text.ts";
import { withoutCommands } from "../../src/shared/workflow-commands.ts";

// A hundred runs each, on a machine that may be busy.
vi.setConfig({ testTimeout: 60_000 });
afterAll(() => vi.resetConfig());

/** What people and attackers write: any text, and text of the characters that mean something somewhere. */
const texts = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom(..."`|<>&\"'\\*_~#@:[](){}!$%\n\r\t \u001b\u009b\u202e\0ab1-=+.".split("")) }),
);

test("a word reaches the shell as it is, whatever is in it", () => {
  const words = fc.array(
    texts.map((text) => Buffer.from(text.replaceAll("\0", "")).toString()),
    { maxLength: 40 },
  );
  fc.assert(
    fc.property(words, (given) => {
      const script = `for word in ${given.map(quote).join(" ")}; do printf '%s\\0' "$word"; done`;
      const printed = execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" });
      expect(printed.split("\0").slice(0, -1)).toEqual(given);
    }),
    { numRuns: 50 },
  );
});

test("what a terminal gets moves no cursor, colors nothing, and turns no direction", () => {
  fc.assert(
    fc.property(texts, (text) => {
      expect(plainText(text)).not.toMatch(/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/u);
      expect(plainLine(text)).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
      expect(plainText(plainText(text))).toBe(plainText(text));
    }),
  );
});

test("what a page shows is text: no tag, no entity, no end of a data block", () => {
  fc.assert(
    fc.property(texts, (text) => {
      expect(html`${text}`.text).not.toMatch(/[<>"']|&(?!#\d+;)/);
      const block = dataBlock("id", { [text]: text }).text;
      expect(block.match(/<\/?script/g)).toEqual(["<script", "</script"]);
      expect(block).not.toContain("<!--");
    }),
  );
});

test("Markdown takes a text for no tag, no table cell's end, no second line, and a fence holds it", () => {
  fc.assert(
    fc.property(texts, (text) => {
      for (const written of [escapeMarkdown(text), code(text)]) expect(written).not.toMatch(/\n|(?<!\\)\|/);
      expect(escapeMarkdown(text)).not.toMatch(/<|(?<!\\)(?:\\\\)*`|(?<![A-Za-z0-9])@(?=[A-Za-z0-9])/);
      const lines = fencedBlock(text).split("\n");
      const [fence = ""] = lines;
      expect(lines.slice(1, -1).some((line) => line.trim().startsWith(fence))).toBe(false);
      expect(lines.at(-1)).toBe(fence);
    }),
  );
});

describe("a CI service", () => {
  const commands = fc
    .tuple(
      fc.constantFrom("", " ", "\t"),
      fc.constantFrom("::set-output name=a::b", "::error::c", "##[group]", "##vso[task.x]", "##teamcity[y]", "text"),
    )
    .map((parts) => parts.join(""));
  const lines = fc.array(fc.oneof(commands, texts)).map((all) => all.join("\n"));

  test.each([{ GITHUB_ACTIONS: "true" }, { TF_BUILD: "True" }, { TEAMCITY_VERSION: "1" }])(
    "obeys nothing of what is printed: %o",
    (environment) => {
      fc.assert(
        fc.property(lines, (text) => {
          const printed = withoutCommands(text, environment);
          for (const line of printed.split(/[\n\r]/)) {
            expect(line.trimStart().startsWith("::")).toBe(false);
            expect(line).not.toMatch(/##\w*\[/);
          }
          expect(printed.replaceAll("\u200B", "")).toBe(text.replaceAll("\u200B", ""));
        }),
      );
    },
  );

  test("elsewhere a text is printed as it is", () => {
    fc.assert(
      fc.property(lines, (text) => {
        expect(withoutCommands(text, { CI: "true" })).toBe(text);
      }),
    );
  });

  test("gets an annotation as one command, whose message and properties end nowhere else", () => {
    fc.assert(
      fc.property(texts, texts, (title, message) => {
        const line = workflowCommand({ kind: "error", properties: { title }, message });
        expect(line).not.toMatch(/[\n\r]/);
        const [, written = "", said = ""] = /^::error(?: title=(.*?))?::(.*)$/s.exec(line) ?? [];
        const decode = (text: string): string =>
          text
            .replaceAll("%3A", ":")
            .replaceAll("%2C", ",")
            .replaceAll("%0D", "\r")
            .replaceAll("%0A", "\n")
            .replaceAll("%25", "%");
        expect([decode(written), decode(said)]).toEqual([title, message]);
      }),
    );
  });
});

test("a path's glob matches that path, and no other", () => {
  // But for a backslash in a name, which picomatch takes for an escape in the path, too.
  const names = fc.string({ unit: fc.constantFrom(..."ab[]{}()!*?+@|^$.- ".split("")), minLength: 1 });
  const paths = fc
    .array(
      names.filter((name) => !/^\.+$/.test(name)),
      { minLength: 1, maxLength: 3 },
    )
    .map((parts) => parts.join("/"));
  fc.assert(
    fc.property(paths, paths, (path, other) => {
      const matches = picomatch(globOf(path), { dot: true });
      expect(matches(path)).toBe(true);
      if (other !== path) expect(matches(other)).toBe(false);
    }),
  );
});

test("a secret is nowhere in what was redacted, plain, as JSON, in a URL or in HTML", () => {
  const secrets = fc
    .string({ unit: "grapheme", minLength: 8, maxLength: 20 })
    .filter((secret) => secret.trim() === secret);
  fc.assert(
    fc.property(secrets, texts, texts, (secret, before, after) => {
      const redact = redactor([secret]);
      const written = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret), html`${secret}`.text];
      for (const form of written) expect(redact(`${before} ${form} ${after}`.replaceAll("***", ""))).toContain("***");
    }),
  );
});
