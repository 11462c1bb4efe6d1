"""The statements by which a schema is kept (most call functions of pushproof_schema.sql), and how they are run."""

import contextlib
import re

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

# Statements that say the same whether the tables are there or not.
HARMLESS = re.compile(r"\s*(select\s+(1|version\(\)|pg_catalog\.version\(\))\s*;?\s*$|(set|show|create\s+extension\s+if\s+not\s+exists)\s[^;]*;?\s*$)", re.I)


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
