from sqlalchemy import Column, Integer, String, Text
from sqlalchemy.orm import relationship

from .base import Base, cents, identity, reference


class CostCenter(Base):
    __tablename__ = "cost_centers"
    id = identity()
    organization_id = reference("organizations")
    name = Column(String(60), nullable=False)


class Budget(Base):
    __tablename__ = "budgets"
    id = identity()
    organization_id = reference("organizations")
    cost_center_id = reference("cost_centers", nullable=True)
    year = Column(Integer, nullable=False)
    lines = relationship("BudgetLine", order_by="BudgetLine.id")


class BudgetLine(Base):
    __tablename__ = "budget_lines"
    id = identity()
    budget_id = reference("budgets")
    account_id = reference("accounts")
    amount = cents()
    account = relationship("Account")


class ReportDefinition(Base):
    __tablename__ = "report_definitions"
    id = identity()
    organization_id = reference("organizations")
    name = Column(String(60), nullable=False)


class ReportSnapshot(Base):
    __tablename__ = "report_snapshots"
    id = identity()
    definition_id = reference("report_definitions")
    body = Column(Text, nullable=False)
