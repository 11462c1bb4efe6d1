import { createHash } from "node:crypto";
import type { ProvisionRequest } from "../../provision.ts";
import { digestInputs } from "../../template/inputs.ts";
import type { Binaries } from "../binaries/find.ts";
import { initdbOptions, localeOptions } from "../server/settings.ts";

/** Increment it whenever the content of archives changes, so that older ones are not used. */
const layout = 2;

/**
 * The cache key of a built template; it changes with everything the template depends on. Null where the inputs of
 * `database.setup` are not configured. Throws RequestError for inputs that match no file.
 */
export async function templateKey(
  { version }: Binaries,
  { database, checkoutRoot, directory }: Pick<ProvisionRequest, "database" | "checkoutRoot" | "directory">,
): Promise<string | null> {
  const { name, variables, setup, inputs, extensions, settings, locale, isolation } = database;
  if (setup !== undefined && inputs.length === 0) return null;
  const digest = setup === undefined ? "" : await digestInputs(checkoutRoot, inputs);
  const place = setup === undefined ? "" : directory.slice(checkoutRoot.length);
  const server = [layout, process.platform, process.arch, version, initdbOptions, localeOptions(locale), settings];
  const all = JSON.stringify([...server, name, isolation, extensions, setup ?? "", place, variables, digest]);
  return createHash("sha256").update(all).digest("hex").slice(0, 32);
}
