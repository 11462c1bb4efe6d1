import { type ProjectFiles, within } from "./project-files.ts";

/** What package.json says that matters here; a broken one says nothing. */
export interface PackageFile {
  readonly name?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A directory's package.json, or an empty one where there is none or it cannot be read. */
export function readPackageFile(project: ProjectFiles, directory: string): PackageFile {
  try {
    const parsed: unknown = JSON.parse(project.read(within(directory, "package.json")) ?? "{}");
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** The names of all packages that a package.json lists, for running, for developing or as what its users bring. */
export function dependencyNames(file: PackageFile): string[] {
  const lists = [file.dependencies, file.devDependencies, file.peerDependencies, file.optionalDependencies];
  return [...new Set(lists.flatMap((list) => Object.keys(list ?? {})))];
}
