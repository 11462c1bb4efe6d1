import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import pg from "pg";
import { superuser } from "../server/settings.ts";

const { escapeIdentifier, escapeLiteral } = pg;

/** The role that builds the template with `database.setup`; it cannot log in afterwards. */
export const templateRole = "template";

/** The role of a process that only coordinates workers: it does not exist and the rules reject it. */
export const coordinatorRole = "coordinator";

/** A role that may connect over TCP. */
export interface Login {
  readonly role: string;
  readonly password: string;
}

/** A login with a password of its own. */
export function newLogin(role: string): Login {
  return { role, password: randomPassword() };
}

/**
 * The statements, for one round trip, that create a login. Each worker has its own role so that rules can tell workers
 * apart; its sessions switch to the superuser, so that everything has the same owner in the template and in all clones.
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

/** Disables the template's role. */
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
