import { insert } from "./books.js";

export async function addCustomer(client, organization, name) {
  return await insert(client, "INSERT INTO customers (organization_id, name) VALUES ($1, $2)", [organization, name]);
}

/** An invoice over lines of quantity and unit price in cents; gives its id. */
export async function issueInvoice(client, customer, number, due, lines) {
  const invoice = await insert(client, "INSERT INTO invoices (customer_id, number, due) VALUES ($1, $2, $3)", [
    customer,
    number,
    due,
  ]);
  for (const [quantity, cents] of lines) {
    await insert(client, "INSERT INTO invoice_lines (invoice_id, quantity, unit_cents) VALUES ($1, $2, $3)", [
      invoice,
      quantity,
      cents,
    ]);
  }
  return invoice;
}

/** What is still to be paid on an invoice, in cents. */
export async function outstanding(client, invoice) {
  const { rows } = await client.query(
    `SELECT coalesce((SELECT sum(quantity * unit_cents) FROM invoice_lines WHERE invoice_id = $1), 0)
          - coalesce((SELECT sum(cents) FROM allocations WHERE invoice_id = $1), 0) AS cents`,
    [invoice],
  );
  return Number(rows[0].cents);
}

/** Settles the oldest invoices first; gives what is left over, in cents. */
export async function receivePayment(client, customer, cents) {
  const payment = await insert(client, "INSERT INTO payments (customer_id, cents) VALUES ($1, $2)", [customer, cents]);
  const invoices = await client.query("SELECT id FROM invoices WHERE customer_id = $1 ORDER BY due, id", [customer]);
  let left = cents;
  for (const { id } of invoices.rows) {
    const share = Math.min(left, await outstanding(client, id));
    await insert(client, "INSERT INTO allocations (payment_id, invoice_id, cents) VALUES ($1, $2, $3)", [
      payment,
      id,
      share,
    ]);
    left -= share;
  }
  return left;
}

/** The numbers of the invoices that are due before a day and not paid. */
export async function overdue(client, customer, day) {
  const { rows } = await client.query(
    "SELECT id, number FROM invoices WHERE customer_id = $1 AND due < $2 ORDER BY due",
    [customer, day],
  );
  const numbers = [];
  for (const { id, number } of rows) {
    if ((await outstanding(client, id)) > 0) numbers.push(number);
  }
  return numbers;
}
