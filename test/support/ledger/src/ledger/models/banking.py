from sqlalchemy import Column, Date, String
from sqlalchemy.orm import relationship

from .base import Base, cents, identity, reference


class BankAccount(Base):
    __tablename__ = "bank_accounts"
    id = identity()
    organization_id = reference("organizations")
    account_id = reference("accounts")
    iban = Column(String(34), nullable=False, unique=True)


class BankStatement(Base):
    __tablename__ = "bank_statements"
    id = identity()
    bank_account_id = reference("bank_accounts")
    day = Column(Date, nullable=False)
    lines = relationship("BankStatementLine", order_by="BankStatementLine.id")


class BankStatementLine(Base):
    __tablename__ = "bank_statement_lines"
    id = identity()
    statement_id = reference("bank_statements")
    day = Column(Date, nullable=False)
    amount = cents()
    text = Column(String(200), nullable=False, default="")


class Reconciliation(Base):
    __tablename__ = "reconciliations"
    id = identity()
    statement_id = reference("bank_statements")
    difference = cents()
    matches = relationship("ReconciliationMatch")


class ReconciliationMatch(Base):
    __tablename__ = "reconciliation_matches"
    id = identity()
    reconciliation_id = reference("reconciliations")
    statement_line_id = reference("bank_statement_lines")
    posting_id = reference("postings")
