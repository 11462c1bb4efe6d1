from sqlalchemy import Boolean, Column, Date, DateTime, Integer, Numeric, String, Text, UniqueConstraint, func

from .base import Base, identity, reference


class Currency(Base):
    __tablename__ = "currencies"
    id = identity()
    code = Column(String(3), nullable=False, unique=True)
    digits = Column(Integer, nullable=False, default=2)


class Organization(Base):
    __tablename__ = "organizations"
    id = identity()
    name = Column(String(120), nullable=False, unique=True)
    currency_id = reference("currencies")


class User(Base):
    __tablename__ = "users"
    id = identity()
    email = Column(String(200), nullable=False, unique=True)
    active = Column(Boolean, nullable=False, default=True)


class Membership(Base):
    __tablename__ = "memberships"
    id = identity()
    organization_id = reference("organizations")
    user_id = reference("users")
    role = Column(String(20), nullable=False, default="accountant")
    __table_args__ = (UniqueConstraint("organization_id", "user_id"),)


class ExchangeRate(Base):
    __tablename__ = "exchange_rates"
    id = identity()
    source_id = reference("currencies")
    target_id = reference("currencies")
    day = Column(Date, nullable=False)
    rate = Column(Numeric(18, 8), nullable=False)


class FiscalYear(Base):
    __tablename__ = "fiscal_years"
    id = identity()
    organization_id = reference("organizations")
    year = Column(Integer, nullable=False)


class Period(Base):
    __tablename__ = "periods"
    id = identity()
    fiscal_year_id = reference("fiscal_years")
    first_day = Column(Date, nullable=False)
    last_day = Column(Date, nullable=False)
    closed = Column(Boolean, nullable=False, default=False)


class AuditEvent(Base):
    __tablename__ = "audit_events"
    id = identity()
    organization_id = reference("organizations")
    user_id = reference("users", nullable=True)
    subject = Column(String(60), nullable=False)
    detail = Column(Text, nullable=False, default="")
    happened_at = Column(DateTime(timezone=True), nullable=False, server_default=func.now())
