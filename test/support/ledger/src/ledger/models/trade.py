from sqlalchemy import Column, Date, Integer, String
from sqlalchemy.orm import relationship

from .base import Base, cents, identity, reference


class Counterparty(Base):
    __tablename__ = "counterparties"
    id = identity()
    organization_id = reference("organizations")
    name = Column(String(120), nullable=False)


class CounterpartyAddress(Base):
    __tablename__ = "counterparty_addresses"
    id = identity()
    counterparty_id = reference("counterparties")
    street = Column(String(120), nullable=False)
    city = Column(String(80), nullable=False)


class TaxRate(Base):
    __tablename__ = "tax_rates"
    id = identity()
    organization_id = reference("organizations")
    name = Column(String(40), nullable=False)
    basis_points = Column(Integer, nullable=False)


class Invoice(Base):
    __tablename__ = "invoices"
    id = identity()
    counterparty_id = reference("counterparties")
    number = Column(String(30), nullable=False, unique=True)
    due = Column(Date, nullable=False)
    lines = relationship("InvoiceLine", back_populates="invoice", order_by="InvoiceLine.id")
    allocations = relationship("PaymentAllocation", back_populates="invoice")


class InvoiceLine(Base):
    __tablename__ = "invoice_lines"
    id = identity()
    invoice_id = reference("invoices")
    tax_rate_id = reference("tax_rates", nullable=True)
    text = Column(String(200), nullable=False)
    quantity = Column(Integer, nullable=False, default=1)
    unit_price = cents()
    invoice = relationship("Invoice", back_populates="lines")
    tax_rate = relationship("TaxRate")


class Payment(Base):
    __tablename__ = "payments"
    id = identity()
    counterparty_id = reference("counterparties")
    day = Column(Date, nullable=False)
    amount = cents()


class PaymentAllocation(Base):
    __tablename__ = "payment_allocations"
    id = identity()
    payment_id = reference("payments")
    invoice_id = reference("invoices")
    amount = cents()
    invoice = relationship("Invoice", back_populates="allocations")
