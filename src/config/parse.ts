import { createHash } from "node:crypto";
import { RequestError } from "../shared/errors.ts";
import { type Config, configSchema, coverageSchema, databaseSchema, receiptsSchema, suiteSchema } from "./schema.ts";
import { validate } from "./validate.ts";

/** Validates a configuration and fills in defaults. Throws RequestError with a line for each mistake. */
export function parseConfig(value: unknown, file: string): Config {
  return withUniqueSuites(validate(configSchema, value ?? {}, { file, whole: "the configuration", knownKeys }), file);
}

function withUniqueSuites(config: Config, file: string): Config {
  const names = config.suites.map((suite) => suite.name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new RequestError(`${file}: two suites are called "${twice}": give each its own name.`);
  return config;
}

function knownKeys(path: readonly PropertyKey[]): string[] {
  const [section] = path;
  const schemas: Readonly<Record<string, { shape: object }>> = {
    suites: suiteSchema,
    database: databaseSchema,
    coverage: coverageSchema,
    receipts: receiptsSchema,
  };
  return Object.keys((schemas[String(section)] ?? configSchema).shape).filter((key) => key !== "$schema");
}

/**
 * A digest of the configuration, without a server's URL and what becomes of receipts: neither changes what is proven, and a
 * password must not be guessable from the file.
 */
export function configDigest(config: Config): string {
  const database = config.database === false ? false : { ...config.database, url: undefined };
  return createHash("sha256")
    .update(stableJson({ ...config, database, receipts: undefined }))
    .digest("hex");
}

/** JSON with sorted keys, so that moving a line does not change the digest. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([left], [right]) => (left < right ? -1 : 1)))
      : inner,
  );
}
