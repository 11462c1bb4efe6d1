import { isPart, type PartName, placeholder } from "../config/variable-words.ts";
import { encodePart, isColonAddress, renderUrl, type ServerAddress } from "./url.ts";

/** Resolves a value of `database.variables`: a URL, a part of the address, or a template. */
export function variableValue(value: string, address: ServerAddress, database: string): string {
  if (isPart(value)) return partOf(value, address, database);
  if (!value.includes("{")) return renderUrl(address, value, database);
  const isUrl = value.includes("://");
  return value.replace(placeholder, (_, name: PartName) => {
    const part = partOf(name, address, database);
    if (!isUrl || name === "url") return part;
    // In URLs, hosts with colons have brackets and everything else is encoded.
    return name === "host" && isColonAddress(part) ? `[${part}]` : encodePart(part);
  });
}

function partOf(name: PartName, address: ServerAddress, database: string): string {
  const parts: Record<PartName, string> = {
    host: address.host,
    port: String(address.port),
    user: address.user,
    password: address.password ?? "",
    name: database,
    url: renderUrl(address, "postgresql", database),
  };
  return parts[name];
}
