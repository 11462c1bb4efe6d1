/** A message shown next to code. */
export interface Annotation {
  readonly kind: "error" | "warning";
  readonly properties: Readonly<Record<string, string | number | undefined>>;
  readonly message: string;
}

/** `::error file=tests/test_a.py,line=12,title=test_x::message`, escaped as GitHub reads it. */
export function workflowCommand({ kind, properties, message }: Annotation): string {
  const written = Object.entries(properties)
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`);
  return `::${kind}${written.length === 0 ? "" : ` ${written.join(",")}`}::${escapeData(message)}`;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
