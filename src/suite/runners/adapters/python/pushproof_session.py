"""A session of this process's own, which stands for the new connections that a project's engines would open.

A new connection costs Postgres 3 ms, and the first statement that reads its catalog about as much again; both would be paid before and
after every test. Only where a connection would be as new as this session, and only for what is committed at once.
"""

import functools
import os
import re
import select
import threading
import types

# Statements that tell or need how many sessions there are.
ABOUT_SESSIONS = re.compile(r"pg_stat|pg_lock|backend|\bdatabase\b", re.I)
# How long the server may take to end the session.
PATIENCE = 5
BEGINNINGS = "SELECT pushproof.beginnings()"
# What a test may have changed for good of a connection that is in its pool again, and that decides what create_all and drop_all do.
STATE = "SELECT concat_ws(' ', session_user, current_user, current_schemas(true), current_setting('transaction_read_only'))"


class OwnSession:
    """At most one session of the process that opened it; forked ones leave it alone."""

    def __init__(self):
        # The listener of ours, which a project's engines may have beside SQLAlchemy's.
        self.listener = None
        self.connection = None
        self.lock = threading.RLock()

    def open(self, engine):
        """Opens the session, if that engine's connections are such that one can stand for others, and none is open. Never throws: where it
        fails, the engine goes on with its own connections."""
        origin = self.origin(engine)
        if origin is None or self.connection is not None:
            return
        arguments, parameters = origin[-2:]
        try:
            connection = engine.dialect.connect(*arguments, **parameters)
            connection.autocommit = True
            self.connection, self.process, self.of = connection, os.getpid(), origin
            self.beginnings, self.state = self.ask(BEGINNINGS), self.ask(STATE)
        except Exception:
            self.close()

    def stands_for(self, engine):
        """Whether the connection that the engine would use next is new, or as a new one, and as this session."""
        if self.connection is None or self.process != os.getpid() or self.origin(engine) != self.of:
            return False
        return opens_next(engine) or (is_in_pool(engine) and state_of(engine) == self.state)

    def ask(self, statement, *parameters):
        """The one value that a statement gives, in a transaction of its own. Throws what the driver throws; then the session is over."""
        with self.lock:
            try:
                cursor = self.connection.cursor()
                cursor.execute(statement, parameters)
                (value,) = cursor.fetchone()
                cursor.close()
                return value
            except BaseException:
                self.close()
                raise

    def close(self):
        """Ends the session, and waits until the server has forgotten it."""
        with self.lock:
            connection, self.connection = self.connection, None
            if connection is None or self.process != os.getpid():
                return
            try:
                watched = os.dup(connection.fileno())
            except Exception:
                connection.close()
                return
            try:
                connection.close()
                # The server closes its end when its process is gone.
                while select.select([watched], [], [], PATIENCE)[0] and os.read(watched, 4096):
                    pass
            except OSError:
                pass
            finally:
                os.close(watched)

    def give_way(self, statement):
        """Ends the session before a statement that would show it or be hindered by it."""
        if self.connection is not None and is_about_sessions(statement):
            self.close()

    def origin(self, engine):
        """All that decides what a new connection of an engine is like; None where that cannot be told."""
        from sqlalchemy.engine import Engine

        if type(engine) is not Engine or engine.dialect.driver not in ("psycopg2", "psycopg") or engine.get_execution_options():
            return None
        # The name differs by version.
        if any(vars(engine.dialect).get(name) for name in ("isolation_level", "_on_connect_isolation_level")):
            return None
        for place in (engine, engine.pool, engine.dialect):
            listeners = (one for event in place.dispatch._event_names for one in getattr(place.dispatch, event))
            if not all(is_no_projects(one, self.listener) for one in listeners):
                return None
        creator = engine.pool._creator
        if getattr(creator, "__module__", None) != "sqlalchemy.engine.create":
            return None
        cells = dict(zip(creator.__code__.co_freevars, (cell.cell_contents for cell in creator.__closure__)))
        arguments, parameters = list(cells.get("cargs_tup", cells.get("cargs", ()))), dict(cells.get("cparams", {}))
        # How psycopg turns values into Python's, in SQLAlchemy's dialect.
        parameters.pop("context", None)
        if not parameters or not all(isinstance(one, (str, int, type(None))) for one in [*arguments, *parameters.values()]):
            return None
        surroundings = sorted(item for item in os.environ.items() if item[0].startswith("PG"))
        return type(engine.dialect), surroundings, arguments, parameters


@functools.lru_cache(maxsize=512)
def is_about_sessions(statement):
    """Asked for every statement of a project, which are the same again and again."""
    return ABOUT_SESSIONS.search(statement) is not None


def opens_next(engine):
    """Whether an engine's next connection is a new one, which nobody waits for."""
    from sqlalchemy.pool import NullPool, QueuePool

    pool = engine.pool
    return type(pool) is NullPool or (type(pool) is QueuePool and pool.checkedin() == 0 and pool.checkedout() < pool.size())


def is_in_pool(engine):
    """Whether an engine's next connection is one that is in its pool, outside any transaction."""
    from sqlalchemy.pool import QueuePool

    pool = engine.pool
    return type(pool) is QueuePool and pool.checkedin() > 0 and getattr(pool._reset_on_return, "name", "") == "reset_rollback"


def state_of(engine):
    from sqlalchemy import text

    with engine.connect() as connection:
        return connection.execute(text(STATE)).scalar()


def is_no_projects(listener, ours, depth=4):
    """Whether a listener, and whatever it calls by its closure, is ours or SQLAlchemy's."""
    if listener is ours or not (callable(listener) or isinstance(listener, (list, tuple))):
        return True
    if isinstance(listener, (list, tuple)):
        return all(is_no_projects(one, ours, depth) for one in listener)
    function = getattr(listener, "__func__", listener)
    module = getattr(function if isinstance(function, types.FunctionType) else type(listener), "__module__", None) or ""
    if depth == 0 or not module.startswith("sqlalchemy."):
        return False
    return all(is_no_projects(cell.cell_contents, ours, depth - 1) for cell in getattr(function, "__closure__", None) or ())
