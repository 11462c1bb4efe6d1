const tables = {
  currencies: "code text NOT NULL UNIQUE",
  organizations: "name text NOT NULL UNIQUE, currency_id integer NOT NULL REFERENCES currencies",
  users: "email text NOT NULL UNIQUE",
  memberships: "organization_id integer REFERENCES organizations, user_id integer REFERENCES users",
  accounts: "organization_id integer REFERENCES organizations, code text NOT NULL, UNIQUE (organization_id, code)",
  journals: "organization_id integer REFERENCES organizations, name text NOT NULL",
  entries: "journal_id integer REFERENCES journals, day date NOT NULL, reverses_id integer UNIQUE REFERENCES entries",
  postings:
    "entry_id integer NOT NULL REFERENCES entries, account_id integer NOT NULL REFERENCES accounts, cents bigint",
  customers: "organization_id integer REFERENCES organizations, name text NOT NULL",
  invoices: "customer_id integer NOT NULL REFERENCES customers, number text NOT NULL UNIQUE, due date NOT NULL",
  invoice_lines:
    "invoice_id integer NOT NULL REFERENCES invoices, quantity integer NOT NULL, unit_cents bigint NOT NULL",
  payments: "customer_id integer NOT NULL REFERENCES customers, cents bigint NOT NULL",
  allocations: "payment_id integer REFERENCES payments, invoice_id integer REFERENCES invoices, cents bigint NOT NULL",
  budgets: "organization_id integer REFERENCES organizations, year integer NOT NULL",
  budget_lines: "budget_id integer REFERENCES budgets, account_id integer REFERENCES accounts, cents bigint NOT NULL",
  audit_events: "organization_id integer REFERENCES organizations, subject text NOT NULL",
};

/** Creates every table; fails where one is there already. */
export async function createSchema(client) {
  for (const [table, columns] of Object.entries(tables)) {
    await client.query(`CREATE TABLE ${table} (id serial PRIMARY KEY, ${columns})`);
  }
}

/** Drops every table that is there. */
export async function dropSchema(client) {
  for (const table of Object.keys(tables).reverse()) {
    await client.query(`DROP TABLE IF EXISTS ${table}`);
  }
}
