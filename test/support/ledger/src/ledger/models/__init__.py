from .banking import BankAccount, BankStatement, BankStatementLine, Reconciliation, ReconciliationMatch
from .base import Base
from .books import Account, AccountTag, Attachment, Journal, JournalEntry, Posting, Tag
from .organization import (
    AuditEvent,
    Currency,
    ExchangeRate,
    FiscalYear,
    Membership,
    Organization,
    Period,
    User,
)
from .planning import Budget, BudgetLine, CostCenter, ReportDefinition, ReportSnapshot
from .trade import (
    Counterparty,
    CounterpartyAddress,
    Invoice,
    InvoiceLine,
    Payment,
    PaymentAllocation,
    TaxRate,
)

__all__ = [
    "Account",
    "AccountTag",
    "Attachment",
    "AuditEvent",
    "BankAccount",
    "BankStatement",
    "BankStatementLine",
    "Base",
    "Budget",
    "BudgetLine",
    "CostCenter",
    "Counterparty",
    "CounterpartyAddress",
    "Currency",
    "ExchangeRate",
    "FiscalYear",
    "Invoice",
    "InvoiceLine",
    "Journal",
    "JournalEntry",
    "Membership",
    "Organization",
    "Payment",
    "PaymentAllocation",
    "Period",
    "Posting",
    "Reconciliation",
    "ReconciliationMatch",
    "ReportDefinition",
    "ReportSnapshot",
    "Tag",
    "TaxRate",
    "User",
]
