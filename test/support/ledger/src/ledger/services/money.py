"""Currencies and their rates."""

from decimal import ROUND_HALF_EVEN, Decimal

from sqlalchemy import select

from ledger.errors import UnknownRate
from ledger.models import Currency, ExchangeRate


def add_currency(session, code):
    currency = Currency(code=code)
    session.add(currency)
    session.flush()
    return currency


def set_rate(session, source, target, day, rate):
    session.add(ExchangeRate(source_id=source.id, target_id=target.id, day=day, rate=Decimal(rate)))
    session.flush()


def latest_rate(session, source, target, day):
    rates = (
        select(ExchangeRate.rate)
        .where(ExchangeRate.source_id == source.id, ExchangeRate.target_id == target.id, ExchangeRate.day <= day)
        .order_by(ExchangeRate.day.desc())
        .limit(1)
    )
    return session.execute(rates).scalar_one_or_none()


def convert(session, amount, source, target, day):
    """`amount` cents at the latest rate of that day, by the inverse rate where only that is known."""
    if source.id == target.id:
        return amount
    rate = latest_rate(session, source, target, day)
    if rate is None:
        inverse = latest_rate(session, target, source, day)
        if inverse is None:
            raise UnknownRate(source.code, target.code)
        rate = 1 / inverse
    return int((amount * rate).quantize(Decimal(1), rounding=ROUND_HALF_EVEN))
