/** One test's name and body, indented as in a file; `broken` makes its last assertion expect too much. */
export type Scenario = (amount: number, broken: boolean) => string;

/**
 * What the ledger's tests do, in the words of bookkeeping. Together they cover the sources but for a few error
 * branches, and the slow ones are there to fail when a run forgets the marker expression.
 */
export const scenarios: readonly Scenario[] = [
  (amount, broken) => `def test_a_sale_of_${amount}_cents_appears_in_the_trial_balance(session, books):
    post_entry(session, books, date(2026, 1, 15), {"1000": ${amount}, "4000": -${amount}}, text="Sale")
    session.commit()
    assert trial_balance(session, books) == {"1000": ${broken ? amount + 1 : amount}, "4000": -${amount}}
`,
  (amount) => `def test_an_entry_off_by_${amount}_cents_is_refused(session, books):
    with pytest.raises(UnbalancedEntry) as refusal:
        post_entry(session, books, date(2026, 1, 15), {"1000": ${2 * amount}, "4000": -${amount}})
    assert refusal.value.difference == ${amount}
    assert trial_balance(session, books) == {}
`,
  (amount) => `def test_reversing_${amount}_cents_of_rent_leaves_nothing(session, books):
    entry = post_entry(session, books, date(2026, 2, 1), {"6000": ${amount}, "1000": -${amount}}, text="Rent")
    reverse_entry(session, books, entry, date(2026, 2, 3))
    session.commit()
    assert balance(session, books, "6000") == 0
    with pytest.raises(LedgerError):
        reverse_entry(session, books, entry, date(2026, 2, 4))
`,
  (amount) => `def test_a_closed_period_takes_no_${amount}_cents(session, books):
    close_period(session, books, date(2026, 1, 1), date(2026, 1, 31))
    with pytest.raises(PeriodClosed):
        post_entry(session, books, date(2026, 1, 31), {"1000": ${amount}, "3000": -${amount}})
    post_entry(session, books, date(2026, 2, 1), {"1000": ${amount}, "3000": -${amount}})
    session.commit()
    assert balance(session, books, "1000") == ${amount}
`,
  (amount) => `def test_${amount}_cents_are_converted_there_and_back(session, currency):
    dollar = add_currency(session, "USD")
    set_rate(session, currency, dollar, date(2026, 3, 1), "1.25")
    set_rate(session, currency, dollar, date(2026, 3, 9), "1.50")
    session.commit()
    assert convert(session, ${4 * amount}, currency, dollar, date(2026, 3, 5)) == ${5 * amount}
    assert convert(session, ${5 * amount}, dollar, currency, date(2026, 3, 5)) == ${4 * amount}
    assert convert(session, ${amount}, dollar, dollar, date(2026, 3, 5)) == ${amount}
`,
  (amount) => `def test_an_invoice_of_${amount}_cents_with_tax_is_settled_oldest_first(session, books):
    customer = add_customer(session, books, "Babbage & Co")
    rate = add_tax_rate(session, books, "reduced", 1000)
    first = issue_invoice(session, customer, "2026-001", date(2026, 3, 31), [(2, ${10 * amount}), (1, 500)], rate)
    second = issue_invoice(session, customer, "2026-002", date(2026, 4, 30), [(1, ${amount})])
    assert outstanding(first) == ${22 * amount + 550}
    assert receive_payment(session, customer, date(2026, 4, 2), ${22 * amount + 551}) == 0
    session.commit()
    assert (outstanding(first), outstanding(second)) == (0, ${amount - 1})
`,
  (amount) => `def test_an_unpaid_invoice_of_${amount}_cents_becomes_overdue(session, books):
    customer = add_customer(session, books, "Lovelace Ltd")
    issue_invoice(session, customer, "2026-010", date(2026, 5, 31), [(3, ${amount})])
    issue_invoice(session, customer, "2026-011", date(2026, 6, 30), [(1, ${amount})])
    session.commit()
    assert overdue(session, customer, date(2026, 5, 31)) == []
    assert overdue(session, customer, date(2026, 6, 1)) == ["2026-010"]
`,
  (amount) => `def test_a_statement_with_${amount}_cents_is_reconciled(session, books):
    post_entry(session, books, date(2026, 7, 1), {"1000": ${amount}, "4100": -${amount}})
    post_entry(session, books, date(2026, 7, 2), {"1000": 75, "1100": -75})
    statement = import_statement(session, books, "DE02120300000000202051", date(2026, 7, 3), [${amount}, 75, -30])
    result = reconcile(session, books, statement)
    session.commit()
    assert (len(result.matches), result.difference) == (2, -30)
`,
  (amount) => `def test_spending_${amount}_cents_more_than_planned_shows_as_variance(session, books):
    budget = set_budget(session, books, 2026, {"6100": ${3 * amount}, "6000": 900})
    post_entry(session, books, date(2026, 8, 31), {"6100": ${4 * amount}, "2000": -${4 * amount}})
    session.commit()
    assert variance(session, books, budget) == {"6100": ${amount}, "6000": -900}
`,
  (amount) => `def test_the_income_statement_of_${amount}_cents_is_kept(session, books):
    post_entry(session, books, date(2026, 9, 1), {"1000": ${3 * amount}, "4000": -${3 * amount}})
    post_entry(session, books, date(2026, 9, 2), {"6000": ${amount}, "1000": -${amount}})
    statement = income_statement(session, books)
    snapshot = keep_snapshot(session, books, "September", statement)
    session.commit()
    assert statement == {"income": ${3 * amount}, "expense": ${amount}, "profit": ${2 * amount}}
    assert '"profit": ${2 * amount}' in snapshot.body
`,
  (amount) => `def test_the_cash_account_runs_to_${2 * amount}_cents(session, books):
    post_entry(session, books, date(2026, 10, 2), {"1000": -${amount}, "6000": ${amount}})
    post_entry(session, books, date(2026, 10, 1), {"1000": ${3 * amount}, "3000": -${3 * amount}})
    session.commit()
    assert running_balance(session, books, "1000") == [${3 * amount}, ${2 * amount}]
`,
  (amount) => `def test_closing_the_year_moves_${amount}_cents_to_capital(session, books):
    post_entry(session, books, date(2026, 11, 1), {"1000": ${amount}, "4000": -${amount}})
    assert close_year(session, books, date(2026, 1, 1), date(2026, 12, 31)) == ${amount}
    session.commit()
    assert trial_balance(session, books) == {"1000": ${amount}, "3000": -${amount}}
`,
];

/** Tests that a run with \`-m "not slow and not e2e"\` leaves out; each fails where it is not left out. */
export const deselected: readonly string[] = [
  `@pytest.mark.slow
def test_ten_years_of_entries_balance(session, books):
    assert os.environ["LEDGER_ARCHIVE"], "the archive of ten years is on the nightly machine only"
`,
  `@pytest.mark.e2e
def test_staging_answers():
    assert os.environ["LEDGER_STAGING_URL"], "staging can be reached from the office only"
`,
];

/** What stands at the top of every test file. */
export const testFileHeader = `import os
from datetime import date

import pytest
from ledger.errors import LedgerError, PeriodClosed, UnbalancedEntry
from ledger.services.books import (
    balance,
    close_period,
    post_entry,
    reverse_entry,
    running_balance,
    trial_balance,
)
from ledger.services.closing import close_year
from ledger.services.money import add_currency, convert, set_rate
from ledger.services.reporting import (
    import_statement,
    income_statement,
    keep_snapshot,
    reconcile,
    set_budget,
    variance,
)
from ledger.services.trade import (
    add_customer,
    add_tax_rate,
    issue_invoice,
    outstanding,
    overdue,
    receive_payment,
)
`;

/** A module that no test imports: about a third of all lines. */
export function untestedModule(): string {
  const field = (index: number): string => `    record["field_${index}"] = row[${index}].strip() or None`;
  const fields = Array.from({ length: 180 }, (_, index) => field(index));
  return `"""Reads the export of the ledger that was used before."""


def read_row(row):
    record = {}
${fields.join("\n")}
    return record
`;
}
