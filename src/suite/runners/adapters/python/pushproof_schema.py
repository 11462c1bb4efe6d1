"""Keeps the schema of a suite on SQLAlchemy that makes it before every test and drops it after: only the rows go.

`MetaData.drop_all` empties the tables that were used, `MetaData.create_all` finds them as it would have made them. What is kept, and
whether it was emptied, lies in the database itself (pushproof_schema.sql), so a rollback takes it back with the rest. Whatever is not
certain is really dropped and really made, as without this module.
"""

import collections
import contextlib
import contextvars
import functools
import hashlib
import json
import os
import sys
import weakref

from pushproof_metadata import names_of, shape, why_never
from pushproof_session import OwnSession
from pushproof_statements import (
    ABANDONED,
    BLOCKERS,
    CHANGES,
    EMPTY_BY_OWN,
    GIVE_BACK_BY_OWN,
    HARMLESS,
    IS_EMPTIED,
    IS_EMPTY,
    IS_PART_THERE,
    LOCK_NOT_AVAILABLE,
    WHERE_IT_IS,
    ask,
    connected,
    open_one,
    run,
    sqlstate,
)

SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "schema", "pushproof_schema.sql")
# How long drop_all waits for a connection that uses the tables; without this module it would wait for ever.
PATIENCE = "10s"
TABLES_CHANGED = "the tables of the metadata changed"


class Schemas:
    """The schemas of this process."""

    def __init__(self):
        # How often rows went instead of the schema, and how often the schema was really made.
        self.kept = 0
        self.made = 0
        # Why the schema was really made, and how often; the first time needs no reason.
        self.reasons = collections.Counter()
        self.why_off = None
        # The database whose schema is kept; what is done to others is done really.
        self.database = None
        self.names = collections.Counter()
        self.tokens = weakref.WeakKeyDictionary()
        # The tables of each metadata when its schema was kept.
        self.shapes = weakref.WeakKeyDictionary()
        # Metadata that was really dropped last, and how many changes of the schema there had been by then: where there are no more,
        # create_all makes all of it.
        self.dropped = weakref.WeakKeyDictionary()
        # Metadata whose tables may stand empty although its drop_all was called; the database knows. It is held here, as its tables
        # outlive a metadata that a test made for itself.
        self.emptied = set()
        # The connection by which an emptied schema was given back or really dropped, which a rollback may take back.
        self.changers = weakref.WeakKeyDictionary()
        # The connection by which drop_all emptied a schema, which others do not see before it ends its transaction.
        self.emptiers = weakref.WeakKeyDictionary()
        self.session = OwnSession()
        self.busyness = contextvars.ContextVar("pushproof_busy", default=False)

    @property
    def is_busy(self):
        return self.busyness.get()

    def token(self, metadata):
        """The name of a metadata in the database, the same in each forked process: made of the tables that it first had."""
        if metadata not in self.tokens:
            name = hashlib.sha256(json.dumps(sorted(metadata.tables)).encode()).hexdigest()
            self.tokens[metadata] = "%s %s" % (name, self.names[name])
            self.names[name] += 1
        return self.tokens[metadata]

    @contextlib.contextmanager
    def busy(self):
        """What this thread or task runs within is ours, or SQLAlchemy's for us."""
        before = self.is_busy
        self.busyness.set(True)
        try:
            yield
        finally:
            self.busyness.set(before)

    def create(self, metadata, bind, really):
        if metadata in self.emptied and self.asks_own(metadata, bind, GIVE_BACK_BY_OWN, self.token(metadata)):
            self.kept += 1
            self.emptied.discard(metadata)
            return
        with connected(bind) as connection:
            if not self.is_on(connection, metadata):
                really(metadata, connection)
            elif self.gives_back(connection, metadata):
                self.kept += 1
            else:
                self.settle(connection, "other tables were made or dropped first")
                makes_all = self.makes_all(connection, metadata)
                really(metadata, connection)
                self.made += 1
                if makes_all:
                    self.keep(connection, metadata)
        if connection is not bind:
            self.emptied.discard(metadata)

    def asks_own(self, metadata, bind, statement, *parameters):
        """Whether our own session, which stands for a new connection of the bind, did all that create_all or drop_all has to do."""
        if metadata not in self.shapes or shape(metadata) != self.shapes[metadata] or not self.session.stands_for(bind):
            return False
        try:
            why = self.session.ask(statement, self.session.beginnings, *parameters)
        except Exception as error:
            if sqlstate(error) == LOCK_NOT_AVAILABLE:
                raise RuntimeError(self.blocked(metadata, bind)) from error
            return False
        if why is not None:
            # Next time it begins as others do then.
            self.session.close()
        return why is None

    def makes_all(self, connection, metadata):
        """Whether create_all finds nothing of the schema, so that it is the same each time."""
        changes = self.dropped.pop(metadata, None)
        is_empty = ask(connection, IS_EMPTY) if changes is None else ask(connection, CHANGES) == changes
        # What was dropped is there again after a rollback, and counts nothing.
        return is_empty and not ask(connection, IS_PART_THERE, names=json.dumps(sum(names_of(connection, metadata), [])))

    def gives_back(self, connection, metadata):
        """Whether create_all has nothing to do. If not, an emptied schema is really dropped."""
        why = ask(connection, "SELECT pushproof.give_back(:metadata)", metadata=self.token(metadata))
        if why is None and shape(metadata) == self.shapes.get(metadata):
            self.changers[metadata] = weakref.ref(connection)
            return True
        if why != "unknown":
            self.drop_emptied(connection, metadata, why or TABLES_CHANGED)
        return False

    def keep(self, connection, metadata):
        tables, sequences = names_of(connection, metadata)
        why = why_never(metadata) or ask(
            connection,
            "SELECT pushproof.keep(:metadata, :tables, :sequences)",
            metadata=self.token(metadata),
            tables=json.dumps(tables),
            sequences=json.dumps(sequences),
        )
        self.shapes[metadata] = shape(metadata)
        if why is not None:
            self.reasons[why] += 1

    def drop(self, metadata, bind, really):
        if metadata not in self.emptied and self.asks_own(metadata, bind, EMPTY_BY_OWN, self.token(metadata), PATIENCE):
            self.emptied.add(metadata)
            self.emptiers.pop(metadata, None)
            return
        with connected(bind) as connection:
            if not self.is_on(connection, metadata):
                really(metadata, connection)
                return
            why = self.empty(connection, metadata)
            if why is None:
                self.emptied.add(metadata)
                self.emptiers[metadata] = weakref.ref(connection)
                if connection is not bind:
                    self.session.open(bind)
                return
            if why == "it was dropped already":
                self.drop_emptied(connection, metadata, why)
            self.settle(connection, "other tables were made or dropped first")
            really(metadata, connection)
            self.forget(connection, metadata, why)

    def empty(self, connection, metadata):
        """Empties a kept schema. Why that cannot be, else None."""
        if metadata in self.shapes and shape(metadata) != self.shapes[metadata] and metadata not in self.emptied:
            return TABLES_CHANGED
        try:
            return ask(connection, "SELECT pushproof.empty(:metadata, :patience)", metadata=self.token(metadata), patience=PATIENCE)
        except Exception as error:
            if sqlstate(error) != LOCK_NOT_AVAILABLE:
                raise
            raise RuntimeError(self.blocked(metadata, connection.engine)) from error

    def blocked(self, metadata, engine):
        with engine.connect() as other:
            blockers = [tuple(row) for row in run(other, BLOCKERS, metadata=self.token(metadata))]
        processes = "; ".join("process %s is %s, its last statement: %s" % blocker for blocker in blockers)
        return "drop_all waited %s for a connection that uses the tables and has not ended its transaction: %s" % (PATIENCE, processes)

    def drop_emptied(self, connection, metadata, why):
        """Really drops what was only emptied."""
        self.changers[metadata] = weakref.ref(connection)
        # The tables as they were then; what is not a table goes with the metadata.
        run(connection, "SELECT pushproof.drop_tables(:metadata)", metadata=self.token(metadata))
        originals["drop_all"](metadata, connection)
        self.forget(connection, metadata, why)

    def forget(self, connection, metadata, why):
        self.dropped[metadata] = ask(connection, CHANGES)
        run(connection, "DELETE FROM pushproof.kept WHERE metadata = :metadata", metadata=self.token(metadata))
        if why != "unknown":
            self.reasons[why] += 1

    def settle(self, connection, why):
        """Really drops all that was only emptied, before somebody looks."""
        with self.busy():
            if not self.emptied:
                return
            database, is_ours = run(connection, WHERE_IT_IS).one()
            if database != self.database or is_ours is None:
                return
            for metadata in list(self.emptied):
                changer, emptier = (open_one(those, metadata) for those in (self.changers, self.emptiers))
                if changer or (emptier and emptier is not connection):
                    continue  # What was done is only seen there, and to wait for its end might be for ever.
                if ask(connection, IS_EMPTIED, metadata=self.token(metadata)):
                    self.drop_emptied(connection, metadata, why)
                else:
                    self.emptied.discard(metadata)

    def is_on(self, connection, metadata):
        """Whether the schema is kept here, so that changes of it can be seen; puts into the database what that needs."""
        if self.why_off is not None:
            return False
        database, is_ours = run(connection, WHERE_IT_IS).one()
        if self.database is None and is_ours:
            # What another process, which is over or forked this one, had emptied.
            run(connection, ABANDONED, metadata=self.token(metadata))
        self.database = self.database or database
        if database != self.database or is_ours is False:
            self.settle(connection, "another role makes or drops tables")
            return False
        if is_ours is None:
            try:
                with connection.begin_nested():
                    with open(SCRIPT) as script:
                        for statement in script.read().split("--;\n"):
                            connection.exec_driver_sql(statement)
            except Exception as error:
                what = "this role may not create event triggers" if sqlstate(error) == "42501" else "event triggers could not be created"
                self.why_off = "%s (%s)" % (what, str(getattr(error, "orig", error)).splitlines()[0])
        return self.why_off is None


schemas = Schemas()
originals = {}


def is_usual(bind, tables, checkfirst):
    """Whether a call has nothing special, on Postgres."""
    from sqlalchemy.engine import Connection, Engine

    if not isinstance(bind, (Connection, Engine)) or bind.dialect.name != "postgresql":
        return False
    is_translated = "schema_translate_map" in bind.get_execution_options()
    return tables is None and not is_translated and (checkfirst is True or getattr(checkfirst, "name", "") == "ALL")


def replacement(name, work):
    really = originals[name]

    @functools.wraps(really)
    def replaced(self, bind=None, tables=None, checkfirst=True):
        from sqlalchemy.engine import Connection, Engine

        place = bind if bind is not None else getattr(self, "bind", None)
        if schemas.is_busy or schemas.why_off is not None:
            return really(self, bind, tables=tables, checkfirst=checkfirst)
        if is_usual(place, tables, checkfirst):
            with schemas.busy():
                return work(self, place, really)
        if isinstance(place, (Connection, Engine)) and schemas.emptied:
            with connected(place) as connection:
                schemas.settle(connection, "%s was called for a part, or without looking first" % name)
        return really(self, bind, tables=tables, checkfirst=checkfirst)

    return replaced


def look_first(connection, cursor, statement, parameters, context, executemany):
    """Whoever looks between drop_all and create_all sees what there would be: nothing."""
    if not schemas.is_busy:
        schemas.session.give_way(statement)
    if not schemas.emptied or schemas.is_busy or HARMLESS.match(statement) or connection.dialect.name != "postgresql":
        return
    schemas.settle(connection, "a statement ran between drop_all and create_all")


def look_first_by_driver(really):
    """The project's own calls of Engine.raw_connection, whose statements no event tells; SQLAlchemy calls it for each connection."""

    @functools.wraps(really)
    def raw_connection(self, *arguments, **named):
        caller = sys._getframe(1).f_globals.get("__name__", "")
        if schemas.is_busy or caller.startswith("sqlalchemy.") or self.dialect.name != "postgresql":
            return really(self, *arguments, **named)
        schemas.session.close()
        if schemas.emptied:
            with self.begin() as connection:
                schemas.settle(connection, "a statement ran between drop_all and create_all")
        return really(self, *arguments, **named)

    return raw_connection


def keep_schemas():
    """Replaces the two methods, once SQLAlchemy is there. Can be called again."""
    module = sys.modules.get("sqlalchemy")
    if originals or not hasattr(module, "MetaData"):
        return
    from sqlalchemy import MetaData, event
    from sqlalchemy.engine import Engine

    for name, work in (("create_all", schemas.create), ("drop_all", schemas.drop)):
        originals[name] = getattr(MetaData, name)
        setattr(MetaData, name, replacement(name, work))
    Engine.raw_connection = look_first_by_driver(Engine.raw_connection)
    event.listen(Engine, "before_cursor_execute", look_first)
    schemas.session.listener = look_first


class SchemaKeeper:
    """The pytest plugin of a process that runs tests; `send` takes the report."""

    def __init__(self, send):
        self.send = send

    def pytest_collection_finish(self):
        keep_schemas()

    def pytest_runtest_setup(self):
        keep_schemas()

    def pytest_sessionfinish(self):
        schemas.session.close()
        if originals:
            reasons = dict(schemas.reasons)
            self.send(type="schema", kept=schemas.kept, made=schemas.made, reasons=reasons, off=schemas.why_off)
