import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { pageAssetPath } from "../../shared/paths.ts";
import { type Content, Html, html } from "./html.ts";

/** The scripts of the page, independent modules. */
const scripts = ["theme.mjs", "marks.mjs", "tables.mjs", "tests.mjs", "print.mjs"];
const styles = ["page.css", "sections.css", "charts.css", "print.css"];

/**
 * A self-contained document. Its content policy allows only the inlined scripts and no requests, so that even markup in
 * a name would have no effect.
 */
export function pageDocument(title: string, body: Content): string {
  const style = styles.map(asset).join("\n");
  const codes = scripts.map(asset);
  const policy = [
    "default-src 'none'",
    `style-src ${hashOf(style)}`,
    `script-src ${codes.map(hashOf).join(" ")}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
${body}
${codes.map((code) => html`<script type="module">${new Html(code)}</script>\n`)}</body>
</html>
`;
  return page.text;
}

function asset(name: string): string {
  return readFileSync(pageAssetPath(name), "utf8");
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
