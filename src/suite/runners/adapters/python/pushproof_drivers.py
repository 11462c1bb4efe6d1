"""Which driver SQLAlchemy takes for a URL that names none, for advice where a run failed."""

import importlib.util
from importlib.metadata import PackageNotFoundError, version

# The first version that takes psycopg by itself; earlier ones take psycopg2.
PSYCOPG_FIRST = (2, 1)


def sqlalchemy_without_its_driver():
    """SQLAlchemy's version where it takes psycopg, which is not installed, while psycopg2 is; else None."""
    if importlib.util.find_spec("psycopg") or not importlib.util.find_spec("psycopg2"):
        return None
    try:
        installed = version("sqlalchemy")
    except PackageNotFoundError:
        return None
    numbers = tuple(int(part) for part in installed.split(".")[:2] if part.isdigit())
    return installed if numbers >= PSYCOPG_FIRST else None
