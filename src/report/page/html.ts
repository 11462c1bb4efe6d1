import type { Summary } from "../../model/summary.ts";
import { plainText } from "../../shared/text.ts";

/** Safe markup. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Template values: markup is kept, everything else is escaped; null and false produce nothing. */
export type Content = Html | string | number | null | undefined | false | readonly Content[];

/** A template tag that escapes text for content and quoted attributes. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Html {
  return new Html(strings.reduce((text, part, index) => text + textOf(values[index - 1]) + part));
}

/** The only place where text becomes markup; control characters are removed. */
function escapeHtml(text: string): string {
  return plainText(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

function textOf(content: Content): string {
  if (content === null || content === undefined || content === false) return "";
  if (content instanceof Html) return content.text;
  if (typeof content === "object") return content.map(textOf).join("");
  return escapeHtml(String(content));
}

/** A data block that no value can terminate early. */
export function dataBlock(id: string, value: unknown): Html {
  const json = JSON.stringify(value).replace(/[<\u2028\u2029]/g, escapeUnit);
  return html`<script type="application/json" id="${id}">${new Html(json)}</script>`;
}

function escapeUnit(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** A section with its heading, or nothing where it is empty. */
export function pageSection(id: string, heading: string, ...parts: readonly Content[]): Html | null {
  const content = textOf(parts);
  if (content === "") return null;
  return html`<section id="${id}" aria-labelledby="${id}-heading">
<h2 id="${id}-heading">${heading}</h2>
${new Html(content)}
</section>`;
}

/** A table column; numbers are right-aligned. */
export interface Column {
  readonly name: string;
  readonly isNumber?: boolean;
}

/** A table cell; sorted by `value` instead of its content. */
export interface Cell {
  readonly content: Content;
  readonly value?: number;
}

/** A table whose first column is a heading. tables.mjs adds sort buttons. */
export function pageTable(
  caption: string,
  columns: readonly Column[],
  rows: readonly (readonly (Cell | Content)[])[],
  { isSortable = false } = {},
): Html {
  const cells = rows.map((row) => row.map((cell, index) => tableCell(asCell(cell), columns[index], index === 0)));
  return html`<div class="table" role="region" aria-label="${caption}" tabindex="0"><table${isSortable && new Html(" data-sortable")}>
<caption>${caption}</caption>
<thead><tr>${columns.map(({ name, isNumber }) => html`<th scope="col"${numberClass(isNumber)}>${name}</th>`)}</tr></thead>
<tbody>
${cells.map((row) => html`<tr>${row}</tr>\n`)}</tbody>
</table></div>`;
}

function tableCell({ content, value }: Cell, column: Column | undefined, isHeading: boolean): Html {
  const attributes = html`${numberClass(column?.isNumber)}${value !== undefined && html` data-value="${value}"`}`;
  return isHeading ? html`<th scope="row"${attributes}>${content}</th>` : html`<td${attributes}>${content}</td>`;
}

function asCell(cell: Cell | Content): Cell {
  return typeof cell === "object" && cell !== null && "content" in cell ? cell : { content: cell };
}

function numberClass(isNumber = false): Html | false {
  return isNumber && new Html(' class="number"');
}

/** A list, or nothing where it is empty. */
export function pageList(items: readonly Content[]): Html | null {
  if (items.length === 0) return null;
  return html`<ul>${items.map((item) => html`<li>${item}</li>`)}</ul>`;
}

/** Where the page itself lies, relative to the repo's root. */
const reports = ".verify/";

/** A file among the reports, by its name relative to the repo's root; of a reused proof no link, as logs may be gone. */
export function reportLink(name: string, receipt: Summary["receipt"]): Html {
  if (receipt?.reused || !name.startsWith(reports)) return html`<code>${name}</code>`;
  const address = name.slice(reports.length).split("/").map(encodeURIComponent).join("/");
  return html`<a href="${address}"><code>${name}</code></a>`;
}
