"""The chart of accounts, the journal and what follows from it."""

from sqlalchemy import func, select

from ledger.errors import LedgerError, PeriodClosed, UnbalancedEntry
from ledger.models import Account, FiscalYear, Journal, JournalEntry, Organization, Period, Posting

CHART = {
    "1000": ("Cash", "asset"),
    "1100": ("Receivables", "asset"),
    "2000": ("Payables", "liability"),
    "3000": ("Capital", "equity"),
    "4000": ("Sales", "income"),
    "4100": ("Interest", "income"),
    "6000": ("Rent", "expense"),
    "6100": ("Salaries", "expense"),
}


def open_books(session, name, currency):
    """An organization with the standard chart of accounts and a general journal."""
    organization = Organization(name=name, currency_id=currency.id)
    session.add(organization)
    session.flush()
    for code, (title, kind) in CHART.items():
        session.add(Account(organization_id=organization.id, code=code, name=title, kind=kind))
    session.add(Journal(organization_id=organization.id, name="General"))
    session.flush()
    return organization


def account_by_code(session, organization, code):
    account = session.execute(
        select(Account).where(Account.organization_id == organization.id, Account.code == code)
    ).scalar_one_or_none()
    if account is None:
        raise LedgerError(f"{organization.name} has no account {code}")
    return account


def general_journal(session, organization):
    return session.execute(select(Journal).where(Journal.organization_id == organization.id)).scalars().first()


def close_period(session, organization, first_day, last_day):
    year = FiscalYear(organization_id=organization.id, year=first_day.year)
    session.add(year)
    session.flush()
    period = Period(fiscal_year_id=year.id, first_day=first_day, last_day=last_day, closed=True)
    session.add(period)
    session.flush()
    return period


def is_closed(session, organization, day):
    closed = (
        select(Period.id)
        .join(FiscalYear, FiscalYear.id == Period.fiscal_year_id)
        .where(FiscalYear.organization_id == organization.id, Period.closed)
        .where(Period.first_day <= day, Period.last_day >= day)
    )
    return session.execute(closed).first() is not None


def post_entry(session, organization, day, amounts, text=""):
    """Posts `amounts`, cents by account code, as one entry; they must add up to zero."""
    difference = sum(amounts.values())
    if difference != 0:
        raise UnbalancedEntry(difference)
    if is_closed(session, organization, day):
        raise PeriodClosed(day)
    entry = JournalEntry(journal_id=general_journal(session, organization).id, day=day, text=text)
    for code, amount in amounts.items():
        entry.postings.append(Posting(account=account_by_code(session, organization, code), amount=amount))
    session.add(entry)
    session.flush()
    return entry


def reverse_entry(session, organization, entry, day):
    """Posts the opposite of an entry; an entry is reversed once."""
    taken = session.execute(select(JournalEntry.id).where(JournalEntry.reverses_id == entry.id)).first()
    if taken is not None:
        raise LedgerError(f"entry {entry.id} is reversed already")
    opposite = {posting.account.code: -posting.amount for posting in entry.postings}
    reversal = post_entry(session, organization, day, opposite, text=f"Reversal of {entry.id}")
    reversal.reverses_id = entry.id
    session.flush()
    return reversal


def balance(session, organization, code):
    account = account_by_code(session, organization, code)
    total = select(func.coalesce(func.sum(Posting.amount), 0)).where(Posting.account_id == account.id)
    return int(session.execute(total).scalar_one())


def trial_balance(session, organization):
    """Cents by account code, accounts without a balance left out."""
    sums = (
        select(Account.code, func.sum(Posting.amount))
        .join(Posting, Posting.account_id == Account.id)
        .where(Account.organization_id == organization.id)
        .group_by(Account.code)
        .order_by(Account.code)
    )
    return {code: int(total) for code, total in session.execute(sums) if total != 0}


def running_balance(session, organization, code):
    """The balance of an account after each of its postings, oldest first."""
    account = account_by_code(session, organization, code)
    amounts = (
        select(Posting.amount)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(Posting.account_id == account.id)
        .order_by(JournalEntry.day, Posting.id)
    )
    balances = []
    for amount in session.execute(amounts).scalars():
        balances.append((balances[-1] if balances else 0) + amount)
    return balances
