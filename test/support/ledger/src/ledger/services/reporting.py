"""What the books say: budgets, statements, and the bank's view of them."""

import json

from sqlalchemy import select

from ledger.models import (
    Account,
    BankAccount,
    BankStatement,
    BankStatementLine,
    Budget,
    BudgetLine,
    Posting,
    Reconciliation,
    ReconciliationMatch,
    ReportDefinition,
    ReportSnapshot,
)
from ledger.services.books import account_by_code, balance, trial_balance


def set_budget(session, organization, year, amounts):
    budget = Budget(organization_id=organization.id, year=year)
    for code, amount in amounts.items():
        budget.lines.append(BudgetLine(account=account_by_code(session, organization, code), amount=amount))
    session.add(budget)
    session.flush()
    return budget


def variance(session, organization, budget):
    """How much more than planned was posted, cents by account code."""
    return {
        line.account.code: balance(session, organization, line.account.code) - line.amount for line in budget.lines
    }


def income_statement(session, organization):
    kinds = dict(
        session.execute(select(Account.code, Account.kind).where(Account.organization_id == organization.id)).all()
    )
    statement = {"income": 0, "expense": 0}
    for code, amount in trial_balance(session, organization).items():
        if kinds[code] == "income":
            statement["income"] -= amount
        elif kinds[code] == "expense":
            statement["expense"] += amount
    statement["profit"] = statement["income"] - statement["expense"]
    return statement


def keep_snapshot(session, organization, name, statement):
    definition = ReportDefinition(organization_id=organization.id, name=name)
    session.add(definition)
    session.flush()
    snapshot = ReportSnapshot(definition_id=definition.id, body=json.dumps(statement, sort_keys=True))
    session.add(snapshot)
    session.flush()
    return snapshot


def import_statement(session, organization, iban, day, amounts):
    bank = BankAccount(
        organization_id=organization.id, account_id=account_by_code(session, organization, "1000").id, iban=iban
    )
    session.add(bank)
    session.flush()
    statement = BankStatement(bank_account_id=bank.id, day=day)
    statement.lines = [BankStatementLine(day=day, amount=amount) for amount in amounts]
    session.add(statement)
    session.flush()
    return statement


def reconcile(session, organization, statement):
    """Matches each line with a posting of the same amount on the cash account; the rest is the difference."""
    cash = account_by_code(session, organization, "1000")
    free = list(session.execute(select(Posting).where(Posting.account_id == cash.id).order_by(Posting.id)).scalars())
    result = Reconciliation(statement_id=statement.id, difference=0)
    for line in statement.lines:
        match = next((posting for posting in free if posting.amount == line.amount), None)
        if match is None:
            result.difference += line.amount
            continue
        free.remove(match)
        result.matches.append(ReconciliationMatch(statement_line_id=line.id, posting_id=match.id))
    session.add(result)
    session.flush()
    return result
