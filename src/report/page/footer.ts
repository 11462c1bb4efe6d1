import type { Summary } from "../../model/summary.ts";
import { type Content, type Html, html, reportLink } from "./html.ts";

/** The environment, the command to repeat the run, and links to other reports. */
export function pageFooter(summary: Summary): Html {
  const { version, environment, server, repeat, coverage } = summary;
  const names = ["summary.md", "summary.json", "pull-request.md", ...(coverage === null ? [] : ["coverage.lcov"])];
  // Reports are written by every run; after a reused receipt only logs may be missing.
  const links = names.map((name) => reportLink(`.verify/${name}`, null));
  const rows: (readonly [string, Content])[] = [
    ["By", `pushproof ${version}`],
    ["Environment", environment],
    ["Database server", server],
    ["Commit", html`<code>${summary.commit}</code>`],
    ["Tree", html`<code>${summary.tree}</code>`],
    ["Where", places[summary.verifiedIn]],
    ["Run again", html`<code>${repeat}</code>`],
    ["Other reports", links.map((link, index) => html`${index > 0 && ", "}${link}`)],
  ];
  const shown = rows.filter(([, value]) => value !== null);
  return html`<footer><dl class="about">${shown.map(([label, value]) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl></footer>`;
}

const places: Readonly<Record<Summary["verifiedIn"], string>> = {
  checkout: "The clean checkout, at this commit",
  worktree: "A worktree of its own, with this commit's files",
  "working tree": "The working tree, uncommitted files included",
};
