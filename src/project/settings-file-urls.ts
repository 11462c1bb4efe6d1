import { posix } from "node:path";
import { kindOf } from "./database-mentions.ts";
import type { ProjectFiles } from "./project-files.ts";

/** A place in a file of settings that names a server of Postgres's. */
export interface SettingsUrl {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

const settings = /\.(ini|cfg|conf|toml|json5?|ya?ml|properties)$/;
/** What tools of their own read, or what only starts servers. */
const others =
  /(^|\/)(alembic\.ini|package(-lock)?\.json|tsconfig[^/]*\.json|(docker-)?compose[^/]*\.ya?ml|verify\.config\.\w+)$|^\.github\//;
const url = /\bpostgres(ql)?(\+\w+)?:\/\/[^\s"'$<{]*@?[\w.-]+/;

/**
 * Where the project's own files of settings name a server: those whose name stands in its code, its scripts or `texts`, as that
 * of a file which somebody reads. No variable leads what reads them to another database.
 */
export function settingsFileUrls(project: ProjectFiles, texts: readonly string[] = []): SettingsUrl[] {
  const found = project.paths
    .filter((file) => settings.test(file) && !others.test(file) && kindOf(file) === null)
    .flatMap((file) => {
      const lines = (project.read(file) ?? "").split(/\r?\n/);
      const line = lines.findIndex((text) => url.test(text) && !/^\s*[#;]/.test(text));
      return line === -1 ? [] : [{ file, line: line + 1 }];
    });
  if (found.length === 0) return [];
  const readers = project.paths.filter((path) => kindOf(path) !== null).map((path) => project.read(path) ?? "");
  const isNamed = ({ file }: SettingsUrl): boolean =>
    [...texts, ...readers].some((text) => text.includes(posix.basename(file)));
  return found.filter(isNamed);
}
