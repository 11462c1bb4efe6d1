import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Files for TLS, all of them absolute paths. */
export interface Certificates {
  /** The authority that has signed the server's certificate. */
  readonly root: string;
  /** Another authority, which has not. */
  readonly otherRoot: string;
  readonly server: { readonly certificate: string; readonly key: string };
}

/** Makes two authorities, and a server's certificate that holds for `localhost` alone. */
export async function makeCertificates(directory: string): Promise<Certificates> {
  const at = (file: string): string => join(directory, file);
  await Promise.all([makeAuthority(directory, "root"), makeAuthority(directory, "other")]);
  const signed = ["-CA", at("root.crt"), "-CAkey", at("root.key"), "-CAcreateserial", "-days", "2"];
  await openssl(["req", "-new", ...newKey(at("server.key")), "-subj", "/CN=localhost", "-out", at("server.csr")]);
  await writeFile(at("server.ext"), "subjectAltName = DNS:localhost\n");
  await openssl([
    ...["x509", "-req", "-in", at("server.csr"), ...signed],
    ...["-extfile", at("server.ext"), "-out", at("server.crt")],
  ]);
  return {
    root: at("root.crt"),
    otherRoot: at("other.crt"),
    server: { certificate: at("server.crt"), key: at("server.key") },
  };
}

async function makeAuthority(directory: string, name: string): Promise<void> {
  const at = (ending: string): string => join(directory, `${name}.${ending}`);
  const subject = ["-subj", `/CN=${name} of the tests`];
  await openssl(["req", "-x509", ...newKey(at("key")), ...subject, "-days", "2", "-out", at("crt")]);
}

function newKey(file: string): string[] {
  return ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", file];
}

async function openssl(words: readonly string[]): Promise<void> {
  await run("openssl", words);
}
