import type { Summary } from "../../model/summary.ts";
import { type Html, html } from "./html.ts";

/** Where the page itself lies, relative to the repo's root. */
const reports = ".verify/";

/** A file among the reports, by its name relative to the repo's root; of a reused proof no link, as logs may be gone. */
export function reportLink(name: string, receipt: Summary["receipt"]): Html {
  if (receipt?.reused || !name.startsWith(reports)) return html`<code>${name}</code>`;
  const address = name.slice(reports.length).split("/").map(encodeURIComponent).join("/");
  return html`<a href="${address}"><code>${name}</code></a>`;
}
