import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import pg from "pg";
import { superuser } from "../server/settings.ts";

const { escapeIdentifier, escapeLiteral } = pg;

/** The role as which `database.setup` builds the template, and which cannot log in afterwards. */
export const templateRole = "template";

/** The role that a process gets which only coordinates workers: the rules refuse it everywhere, and it does not exist. */
export const coordinatorRole = "coordinator";

/** Somebody who comes in over TCP. */
export interface Login {
  readonly role: string;
  readonly password: string;
}

/** A login with a password of its own. */
export function newLogin(role: string): Login {
  return { role, password: randomPassword() };
}

/**
 * The statements, for one round trip, that let somebody in. A role of its own is what the rules tell workers apart by;
 * in its sessions it becomes the superuser, so that the owner of whatever is made is the same in the template and in
 * every clone.
 */
export function loginStatements(logins: readonly Login[]): string {
  return logins
    .map(({ role, password }) => {
      const verifier = escapeLiteral(scramVerifier(password));
      if (role === superuser) return `ALTER ROLE ${superuser} PASSWORD ${verifier};`;
      const name = escapeIdentifier(role);
      return `CREATE ROLE ${name} LOGIN SUPERUSER PASSWORD ${verifier}; ALTER ROLE ${name} SET role = ${escapeLiteral(superuser)};`;
    })
    .join("\n");
}

/** The statement after which the template's role is nobody's any more. */
export const closeTemplateRole = `ALTER ROLE ${escapeIdentifier(templateRole)} NOLOGIN PASSWORD NULL`;

/** Few, unlike the usual 4096: they guard passwords that can be guessed, 192 random bits cannot, and every connection pays. */
const iterations = 1;

/** A password that cannot be guessed, of characters that need no encoding anywhere. */
function randomPassword(): string {
  return randomBytes(24).toString("base64url");
}

/** What Postgres keeps of a password (RFC 5803), so that the password itself is in no statement and no log. */
function scramVerifier(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const storedKey = createHash("sha256").update(clientKey).digest("base64");
  const serverKey = createHmac("sha256", salted).update("Server Key").digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}
