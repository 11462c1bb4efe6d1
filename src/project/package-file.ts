import { type ProjectFiles, within } from "./project-files.ts";

/** The relevant fields of package.json; invalid ones are ignored. */
export interface PackageFile {
  readonly name?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** A directory's package.json, or an empty one where it is missing or invalid. */
export function readPackageFile(project: ProjectFiles, directory: string): PackageFile {
  try {
    const parsed: unknown = JSON.parse(project.read(within(directory, "package.json")) ?? "{}");
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** The names of all dependencies in a package.json, including dev and peer ones. */
export function dependencyNames(file: PackageFile): string[] {
  const lists = [file.dependencies, file.devDependencies, file.peerDependencies, file.optionalDependencies];
  return [...new Set(lists.flatMap((list) => Object.keys(list ?? {})))];
}
