import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";

/**
 * Far fewer than the usual 4096, which protect guessable passwords: 192 random bits need no protection, and every
 * connection pays.
 */
const iterations = 1;

/** A random password of characters that need no encoding anywhere. */
export function randomPassword(): string {
  return randomBytes(24).toString("base64url");
}

/** What Postgres stores of a password (RFC 5803), so that the password is in no statement and no log. */
export function scramVerifier(password: string): string {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const storedKey = createHash("sha256").update(clientKey).digest("base64");
  const serverKey = createHmac("sha256", salted).update("Server Key").digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}
