import { type HierarchyRectangularNode, hierarchy, treemap, treemapSquarify } from "d3-hierarchy";
import type { Count } from "../../model/count.ts";
import { reaches } from "../../model/percent.ts";
import type { FileCoverage } from "../../model/summary.ts";
import { groupedBy } from "../../shared/grouped-by.ts";
import { shareText } from "../coverage-rows.ts";
import { detailsLine, fitted, percent } from "./chart.ts";
import { type Html, html } from "./html.ts";

/** A tile, or a directory of tiles. */
interface Area extends Count {
  /** The full name, relative to the repository's root. */
  readonly name: string;
  readonly children?: readonly Area[];
}

/** With more files, tiles are directories. */
const mostTiles = 300;
const headHeight = 17;
/** The height for few tiles, in pixels. */
const leastHeight = 130;
const heightOfTile = 25;

/** One map for wide pages and one for narrow ones, as labels do not scale. */
const sizes = [
  { name: "wide", width: 650, height: 420 },
  { name: "narrow", width: 310, height: 480 },
];

/** Color classes by minimum share, in percent. */
const shareClasses = [
  { least: 100, name: "share-4", label: "100 %" },
  { least: 90, name: "share-3", label: "from 90 %" },
  { least: 75, name: "share-2", label: "from 75 %" },
  { least: 50, name: "share-1", label: "from 50 %" },
  { least: 0, name: "share-0", label: "below 50 %" },
];

/** A treemap of coverage: area is the number of lines, color the covered share. */
export function coverageTreemap(files: readonly FileCoverage[], threshold: number): Html | null {
  const tiles = files.filter(({ total }) => total > 0);
  if (tiles.length === 0) return null;
  const root = { name: "", ...sumOf(tiles), children: areasOf(tiles) };
  return html`<div class="treemap" data-marks>
<ul class="legend">${shareClasses.map(({ name, label }) => html`<li><span class="swatch ${name}"></span>${label}</li>`)}</ul>
${sizes.map((size) => map(root, size, threshold))}
${detailsLine("area")}
</div>`;
}

/** Directories with files; only directories, as deep as there is room, where there are very many files. */
function areasOf(files: readonly FileCoverage[]): readonly Area[] {
  if (files.length <= mostTiles) {
    return byDirectory(files, Number.POSITIVE_INFINITY).map(([name, within]) => ({
      name,
      ...sumOf(within),
      children: within.map(({ file, covered, total }) => ({ name: file, covered, total })),
    }));
  }
  const deepest = Math.max(...files.map(({ file }) => file.split("/").length));
  for (let depth = deepest; ; depth -= 1) {
    const areas = byDirectory(files, depth);
    if (areas.length <= mostTiles || depth === 1) return areas.map(([name, within]) => ({ name, ...sumOf(within) }));
  }
}

function byDirectory(files: readonly FileCoverage[], depth: number): [string, FileCoverage[]][] {
  return [...groupedBy(files, ({ file }) => file.split("/").slice(0, -1).slice(0, depth).join("/") || ".")];
}

function sumOf(counts: readonly Count[]): Count {
  const sum = (key: keyof Count): number => counts.reduce((total, count) => total + count[key], 0);
  return { covered: sum("covered"), total: sum("total") };
}

function map(root: Area, { name, width, height: mostHeight }: (typeof sizes)[number], threshold: number): Html {
  const sorted = hierarchy<Area>(root)
    .sum(({ children, total }) => (children === undefined ? total : 0))
    .sort((left, right) => (right.value ?? 0) - (left.value ?? 0));
  const height = Math.min(mostHeight, leastHeight + sorted.leaves().length * heightOfTile);
  const layout = treemap<Area>().tile(treemapSquarify).size([width, height]).paddingInner(2).round(true);
  // Directories without files need no frames.
  if (sorted.height > 1) layout.paddingTop((node) => (node.depth === 1 ? headHeight : 0));
  const placed = layout(sorted);
  const directories = placed.children?.filter(({ children }) => children !== undefined) ?? [];
  return html`<svg class="${name}" width="100%" height="${height}" role="group" aria-label="Coverage by directory">
${directories.map((node) => heading(node, width))}
${placed.leaves().map((node, index) => tile(node, { width, threshold, isFirst: index === 0 }))}
</svg>`;
}

type Node = HierarchyRectangularNode<Area>;

function heading({ data, x0, x1, y0 }: Node, width: number): Html | false {
  const label = fitted(data.name, x1 - x0 - 4) || fitted(lastPart(data.name), x1 - x0 - 4);
  return (
    label !== "" && html`<text class="directory" x="${percent(x0, width)}" dx="2" y="${y0 + 12}">${label}</text>\n`
  );
}

interface TilePlace {
  readonly width: number;
  readonly threshold: number;
  readonly isFirst: boolean;
}

function tile({ data, depth, x0, x1, y0, y1 }: Node, { width, threshold, isFirst }: TilePlace): Html {
  const share = shareText(data, threshold);
  const color = shareClasses.find(({ least }) => reaches(data, least))?.name;
  const room = x1 - x0 - 10;
  // The directory's frame already shows its name.
  const name = depth === 1 && fitted(data.name, room) === data.name ? data.name : lastPart(data.name);
  const label = y1 - y0 < 18 ? "" : fitted(name, room);
  const short = share.replace(/ \(.*/, "");
  const hasShare = label !== "" && y1 - y0 >= 34 && fitted(short, room) === short;
  const x = percent(x0, width);
  return html`<rect class="tile ${color}" data-mark tabindex="${isFirst ? 0 : -1}" role="img" x="${x}" y="${y0}" width="${percent(x1 - x0, width)}" height="${y1 - y0}"><title>${data.name}: ${share}</title></rect>${
    label !== "" && html`<text class="tile-label" aria-hidden="true" x="${x}" dx="5" y="${y0 + 14}">${label}</text>`
  }${hasShare && html`<text class="tile-label" aria-hidden="true" x="${x}" dx="5" y="${y0 + 29}">${short}</text>`}\n`;
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}
