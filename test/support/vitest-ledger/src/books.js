const chart = ["1000", "1100", "2000", "3000", "4000", "6000"];

/** An organization with a chart of accounts and a journal; gives its id. */
export async function openBooks(client, name) {
  const currency = await insert(client, "INSERT INTO currencies (code) VALUES ('EUR')", []);
  const organization = await insert(client, "INSERT INTO organizations (name, currency_id) VALUES ($1, $2)", [
    name,
    currency,
  ]);
  for (const code of chart) {
    await insert(client, "INSERT INTO accounts (organization_id, code) VALUES ($1, $2)", [organization, code]);
  }
  await insert(client, "INSERT INTO journals (organization_id, name) VALUES ($1, 'General')", [organization]);
  return organization;
}

/** Posts cents by account code as one entry, which must add up to zero; gives its id. */
export async function postEntry(client, organization, day, amounts) {
  const difference = Object.values(amounts).reduce((sum, cents) => sum + cents, 0);
  if (difference !== 0) throw new Error(`Debits and credits differ by ${difference} cents.`);
  const journal = await client.query("SELECT id FROM journals WHERE organization_id = $1", [organization]);
  const entry = await insert(client, "INSERT INTO entries (journal_id, day) VALUES ($1, $2)", [
    journal.rows[0].id,
    day,
  ]);
  for (const [code, cents] of Object.entries(amounts)) {
    const account = await accountByCode(client, organization, code);
    await insert(client, "INSERT INTO postings (entry_id, account_id, cents) VALUES ($1, $2, $3)", [
      entry,
      account,
      cents,
    ]);
  }
  return entry;
}

/** Posts the opposite of an entry, once. */
export async function reverseEntry(client, organization, entry, day) {
  const postings = await client.query(
    "SELECT code, cents FROM postings JOIN accounts ON accounts.id = account_id WHERE entry_id = $1",
    [entry],
  );
  const opposite = Object.fromEntries(postings.rows.map(({ code, cents }) => [code, -Number(cents)]));
  const reversal = await postEntry(client, organization, day, opposite);
  await client.query("UPDATE entries SET reverses_id = $1 WHERE id = $2", [entry, reversal]);
  return reversal;
}

/** Cents by account code, accounts without a balance left out. */
export async function trialBalance(client, organization) {
  const sums = await client.query(
    `SELECT code, sum(cents) AS cents FROM postings JOIN accounts ON accounts.id = account_id
     WHERE organization_id = $1 GROUP BY code HAVING sum(cents) <> 0 ORDER BY code`,
    [organization],
  );
  return Object.fromEntries(sums.rows.map(({ code, cents }) => [code, Number(cents)]));
}

/** Runs an INSERT and gives the new row's id. */
export async function insert(client, statement, values) {
  const { rows } = await client.query(`${statement} RETURNING id`, values);
  return rows[0].id;
}

async function accountByCode(client, organization, code) {
  const { rows } = await client.query("SELECT id FROM accounts WHERE organization_id = $1 AND code = $2", [
    organization,
    code,
  ]);
  if (rows.length === 0) {
    throw new Error(`There is no account ${code}.`);
  }
  return rows[0].id;
}
