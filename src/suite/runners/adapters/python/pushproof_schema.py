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
import re
import sys
import weakref

from pushproof_session import OwnSession

SCRIPT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "schema", "pushproof_schema.sql")
# The second is null where nothing is installed, and false for a role that may not empty the tables: its maker may, and superusers.
WHERE_IT_IS = """SELECT current_database(),
  (SELECT rolname = current_user OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
    FROM pg_namespace JOIN pg_roles r ON r.oid = nspowner WHERE nspname = 'pushproof')"""
IS_PART_THERE = "SELECT count(to_regclass(name)) > 0 FROM json_array_elements_text(CAST(:names AS json)) AS name"
IS_EMPTY = """SELECT NOT EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'pushproof'))
  AND NOT EXISTS (SELECT FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE t.typtype IN ('e', 'd', 'r') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pushproof'))"""
BLOCKERS = """SELECT a.pid, a.state, a.query FROM pushproof.kept AS schema, pushproof.users_of(schema) AS u
  JOIN pg_stat_activity a ON a.pid = u.pid WHERE schema.metadata = :metadata"""
ABANDONED = "SELECT pushproof.drop_tables(metadata) FROM pushproof.kept WHERE is_emptied AND metadata <> :metadata"
CHANGES = "SELECT last_value FROM pushproof.changes"
IS_EMPTIED = "SELECT is_emptied FROM pushproof.kept WHERE metadata = :metadata"
# The same where nothing else is known of the database than that a session of ours began there; these give no null where that is not so.
GIVE_BACK_BY_OWN = "SELECT CASE WHEN pushproof.beginnings() = %s THEN pushproof.give_back(%s) ELSE 'sessions begin otherwise' END"
EMPTY_BY_OWN = "SELECT CASE WHEN pushproof.beginnings() = %s THEN pushproof.empty(%s, %s) ELSE 'sessions begin otherwise' END"
LOCK_NOT_AVAILABLE = "55P03"
# How long drop_all waits for a connection that uses the tables; without this module it would wait for ever.
PATIENCE = "10s"

# Statements that say the same whether the tables are there or not.
HARMLESS = re.compile(r"\s*(select\s+(1|version\(\)|pg_catalog\.version\(\))\s*;?\s*$|(set|show|create\s+extension\s+if\s+not\s+exists)\s[^;]*;?\s*$)", re.I)


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
        told = "; ".join("process %s is %s, its last statement: %s" % blocker for blocker in blockers)
        return "drop_all waited %s for a connection that uses the tables and has not ended its transaction: %s" % (PATIENCE, told)

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


TABLES_CHANGED = "the tables of the metadata changed"


schemas = Schemas()
originals = {}


def open_one(connections, metadata):
    """The connection that is remembered for a metadata, if its transaction has not ended."""
    connection = connections.get(metadata, lambda: None)()
    return connection if connection is not None and not connection.closed and connection.in_transaction() else None


def connected(bind):
    """The connection that a bind is, or one of it, whose transaction ends with the block."""
    return contextlib.nullcontext(bind) if hasattr(bind, "in_transaction") else bind.begin()


def run(connection, statement, **parameters):
    from sqlalchemy import text

    # SQLAlchemy 1.4 commits only what it takes for a change; later ones ignore the option.
    return connection.execute(text(statement).execution_options(autocommit=True), parameters)


def ask(connection, statement, **parameters):
    return run(connection, statement, **parameters).scalar()


def sqlstate(error):
    origin = getattr(error, "orig", error)
    return getattr(origin, "sqlstate", None) or getattr(origin, "pgcode", None)


def shape(metadata):
    return [(key, len(table.columns), len(table.constraints), len(table.indexes)) for key, table in metadata.tables.items()]


def names_of(connection, metadata):
    """The quoted names of the tables and of the sequences that the metadata names."""
    preparer = connection.dialect.identifier_preparer
    tables = [preparer.format_table(table) for table in metadata.tables.values()]
    return tables, [preparer.format_sequence(sequence) for sequence in metadata._sequences.values()]


def why_never(metadata):
    """Why the schema of a metadata is never kept: code of the project runs when it is made or dropped, and may do anything."""
    from sqlalchemy import schema, types

    statements = getattr(schema, "ExecutableDDLElement", None) or schema.DDLElement
    for target in [metadata, *metadata.tables.values()]:
        for event in ("before_create", "after_create", "before_drop", "after_drop"):
            for listener in getattr(target.dispatch, event):
                # An enum or another type that is made with its tables; before SQLAlchemy 2.1 its method is wrapped.
                owner = getattr(listener, "target", getattr(getattr(listener, "func", listener), "__self__", None))
                is_type = isinstance(owner, types.SchemaType)
                if not is_type and not (event.endswith("create") and isinstance(listener, statements)):
                    return "the project listens to %s" % event
    return None


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
