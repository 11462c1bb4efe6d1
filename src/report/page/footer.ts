import type { Summary } from "../../model/summary.ts";
import { type Content, type Html, html } from "./html.ts";
import { reportLink } from "./links.ts";

/** What ran it, how to run it again, and where the other reports are. */
export function pageFooter(summary: Summary): Html {
  const { version, environment, server, repeat, coverage } = summary;
  const names = ["summary.md", "summary.json", "pull-request.md", ...(coverage === null ? [] : ["coverage.lcov"])];
  // The other reports are written with every run, a reused proof's too; only its logs may be gone.
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
