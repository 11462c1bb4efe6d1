import { parse } from "yaml";
import type { ProjectFiles } from "../../project/project-files.ts";

/** The major versions of the embedded server. */
const oldestMajor = 15;
const newestMajor = 18;
/** The default version. */
const usualMajor = 17;

/** The Postgres that a project uses, as far as the embedded server can match it. */
export interface DetectedPostgres {
  /** Omitted for the default, or where nothing names one. */
  readonly version?: number;
  readonly locale?: string;
  /** One line each. */
  readonly notes: readonly string[];
}

/** A Postgres container in a compose file or CI workflow. */
interface Container {
  readonly file: string;
  readonly image: string;
  readonly settings: string;
}

const composeFile = /(^|\/)(docker-)?compose[^/]*\.ya?ml$/;
const workflowFile = /^\.github\/workflows\/[^/]+\.ya?ml$|(^|\/)\.gitlab-ci\.ya?ml$/;
/** Postgres images with the major version in their tag, after `pg` where the tag has another version. */
const postgresImage =
  /(?:^|\/)(postgres|postgresql|postgis|pgvector|timescaledb(?:-ha)?|cimg\/postgres):(?:[\w.]+-pg|pg)?(\d{1,2})(?=[.-]|$)/;
/** Extensions in an image that the embedded server lacks. */
const notEmbedded: Readonly<Record<string, string>> = {
  postgis: "PostGIS",
  pgvector: "pgvector",
  timescaledb: "TimescaleDB",
  "timescaledb-ha": "TimescaleDB",
};

/** Searches CI, then compose files, then `.tool-versions`; the first mention of Postgres counts. */
export function detectPostgres(project: ProjectFiles): DetectedPostgres {
  const containers = [workflowFile, composeFile].flatMap((pattern) =>
    project.paths.filter((path) => pattern.test(path)).flatMap((file) => containersIn(file, project.read(file) ?? "")),
  );
  const found = containers.map((container) => ({ container, match: postgresImage.exec(container.image) }));
  const first = found.find(({ match }) => match !== null);
  const tools = toolVersion(project);
  const [file, major] = first ? [first.container.file, Number(first.match?.[2])] : tools;
  if (major === undefined) return { notes: [] };
  const locale = first === undefined ? undefined : localeIn(first.container.settings);
  const extension = notEmbedded[first?.match?.[1] ?? ""];
  const version = Math.min(Math.max(major, oldestMajor), newestMajor);
  return {
    ...(version === usualMajor ? {} : { version }),
    ...(locale === undefined ? {} : { locale }),
    notes: [
      version === major
        ? `Postgres ${major}, as in ${file}`
        : `Postgres ${version}: ${file} names ${major}, and the embedded server is ${oldestMajor} to ${newestMajor}; "url" names a server of your own`,
      ...(locale === undefined ? [] : [`locale ${locale}, as in ${file}`]),
      ...(extension === undefined
        ? []
        : [
            `${file} starts Postgres with ${extension}, which the embedded server lacks: for tests that use it, set "url"`,
          ]),
    ],
  };
}

function containersIn(file: string, text: string): Container[] {
  try {
    return imagesIn(file, parse(text));
  } catch {
    // A template of another tool, or invalid YAML, which others will report.
    return [];
  }
}

/** Every object with an image at any depth: services in compose files, jobs, GitLab's lists. */
function imagesIn(file: string, value: unknown): Container[] {
  if (typeof value === "string") return postgresImage.test(value) ? [{ file, image: value, settings: "" }] : [];
  if (typeof value !== "object" || value === null) return [];
  const { image, name, ...rest } = value as Readonly<Record<string, unknown>>;
  const named = typeof image === "string" ? image : typeof name === "string" ? name : null;
  if (named !== null && postgresImage.test(named)) return [{ file, image: named, settings: JSON.stringify(rest) }];
  return Object.values(value).flatMap((inner) => imagesIn(file, inner));
}

function localeIn(settings: string): string | undefined {
  const icu = /--icu-locale[= ]([\w-]+)/.exec(settings)?.[1];
  if (icu !== undefined) return icu;
  const libc = /--(?:locale|lc-collate)[= ]([A-Za-z_]+)(?:\.[\w-]+)?/.exec(settings)?.[1];
  if (libc === undefined) return undefined;
  // Locales of the C library differ by machine; ICU's do not.
  return /^(C|POSIX)$/.test(libc) ? "C" : libc.replace("_", "-");
}

/** `postgres 15.4` in the file of asdf and mise. */
function toolVersion(project: ProjectFiles): readonly [string, number | undefined] {
  const version = /^\s*postgres(?:ql)?\s+(\d+)/m.exec(project.read(".tool-versions") ?? "")?.[1];
  return [".tool-versions", version === undefined ? undefined : Number(version)];
}
