import type { Summary } from "../../model/summary.ts";
import { type Html, html } from "./html.ts";

/** The page's directory, relative to the repository's root. */
const reports = ".verify/";

/** A link to a report file; plain text after a reused receipt, as logs may be missing. */
export function reportLink(name: string, receipt: Summary["receipt"]): Html {
  if (receipt?.reused || !name.startsWith(reports)) return html`<code>${name}</code>`;
  const address = name.slice(reports.length).split("/").map(encodeURIComponent).join("/");
  return html`<a href="${address}"><code>${name}</code></a>`;
}
