import pg from "pg";

const databaseUrl = process.env.DATABASE_URL ?? "postgresql://localhost:5432/ledger_service_test";

/** A connected client; whoever asks for it ends it. */
export async function connect() {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  return client;
}
