"""Where the ledger keeps its data."""

from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool


def make_engine(url):
    """An engine without a pool: every session is a connection of its own, as behind an external pooler."""
    return create_engine(make_url(url).set(drivername="postgresql+psycopg2"), poolclass=NullPool)
