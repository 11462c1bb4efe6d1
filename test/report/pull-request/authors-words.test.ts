import { expect, test } from "vitest";
import { authorsWords } from "../../../src/report/pull-request/authors-words.ts";

test("a message stays the Markdown that it is", () => {
  const message = "Rounds **half to even**.\n\n<!-- said once -->\n```py\nx = 1\n```\n\n- one\n- two\n\nCloses #12";
  expect(authorsWords(message, 1_000)).toBe(message);
});

test("nobody is called, outside of code", () => {
  const code = "`@ada`\n\n```py\n@fixture\n```\n\n~~~\n@other\n~~~\n";
  expect(authorsWords(`Thanks @ada.\n\n${code}\n@bob, ada@example.com`, 1_000)).toBe(
    `Thanks @&#8203;ada.\n\n${code}\n@&#8203;bob, ada@example.com`,
  );
});

test("a block of code that is left open, or cut, is closed", () => {
  expect(authorsWords("One:\n````sh\n```\nls", 1_000)).toBe("One:\n````sh\n```\nls\n````");
  expect(authorsWords("```\nabcdef\n```", 8)).toBe("```\nabc…\n```");
});

test("a comment that is left open hides nothing", () => {
  expect(authorsWords("<!-- a --> b <!-- c\n\n<!-- d", 1_000)).toBe("<!-- a --> b &lt;!-- c\n\n&lt;!-- d");
});
