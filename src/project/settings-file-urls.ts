import { posix } from "node:path";
import { kindOf } from "./database-mentions.ts";
import type { ProjectFiles } from "./project-files.ts";

/** A Postgres server in a settings file. */
export interface SettingsUrl {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
}

const settings = /\.(ini|cfg|conf|toml|json5?|ya?ml|properties)$/;
/** Files that other tools read, or that only start servers. */
const others =
  /(^|\/)(alembic\.ini|package(-lock)?\.json|tsconfig[^/]*\.json|(docker-)?compose[^/]*\.ya?ml|verify\.config\.\w+)$|^\.github\//;
const url = /\bpostgres(ql)?(\+\w+)?:\/\/[^\s"'$<{]*@?[\w.-]+/;

/**
 * Settings files with a server that code, scripts or `texts` mention by name, so that somebody reads them. No variable
 * can redirect their readers to another database.
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
