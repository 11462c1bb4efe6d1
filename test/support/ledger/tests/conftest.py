import os

import pytest
from ledger.database import make_engine
from ledger.models import Base
from ledger.services.books import open_books
from ledger.services.money import add_currency
from sqlalchemy.orm import Session

TEST_DATABASE_URL = os.environ.get("TEST_DATABASE_URL", "postgresql://localhost:5432/finance_report_test")


@pytest.fixture
def engine():
    engine = make_engine(TEST_DATABASE_URL)
    Base.metadata.create_all(engine)
    yield engine
    Base.metadata.drop_all(engine)
    engine.dispose()


@pytest.fixture
def session(engine):
    with Session(engine) as session:
        yield session


@pytest.fixture
def currency(session):
    return add_currency(session, "EUR")


@pytest.fixture
def books(session, currency):
    return open_books(session, "Ada & Sons", currency)
