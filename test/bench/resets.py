"""Makes and drops the ledger's schema COUNT times, with the schema kept: `resets.py COUNT`, on the database of DATABASE_URL.

Prints a JSON line after every tenth part and waits for a line before it goes on: how many there were, the process's own memory in bytes,
and how often the schema was kept.
"""

import json
import os
import sys

sys.path[:0] = [os.environ["ADAPTERS"], os.environ["SOURCES"]]

import pushproof_schema  # noqa: E402
from ledger.database import make_engine  # noqa: E402
from ledger.models import Base  # noqa: E402
from ledger.services.books import open_books  # noqa: E402
from ledger.services.money import add_currency  # noqa: E402
from sqlalchemy.orm import Session  # noqa: E402

count = int(sys.argv[1])
pushproof_schema.keep_schemas()


def memory():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


for number in range(1, count + 1):
    engine = make_engine(os.environ["DATABASE_URL"])
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        open_books(session, "Ada & Sons", add_currency(session, "EUR"))
        session.commit()
    Base.metadata.drop_all(engine)
    engine.dispose()
    if number % max(1, count // 10) == 0:
        print(json.dumps([number, memory(), pushproof_schema.schemas.kept]), flush=True)
        sys.stdin.readline()
