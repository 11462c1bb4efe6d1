"""What a suite on SQLAlchemy may do between and around drop_all and create_all that random sequences seldom do.

Called as `scenarios.py MODE`: prints a JSON line for each scenario, its name and what it gave. With the schema kept (MODE `kept`) and
without (`real`) it must print the same.
"""

import gc
import json
import os
import sys
import time

import sqlalchemy as sa
from sqlalchemy import event, text

mode = sys.argv[1]
# Whoever waits for ever is told after a moment; with the schema kept, drop_all tells it.
url = os.environ["URL"]
role = "other_than_%s" % mode
wait = {"options": "-c lock_timeout=200ms"}


def make_metadata(**more):
    metadata = sa.MetaData()
    sa.Table(
        "account",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.Text),
        sa.Column("name", sa.Text),
    )
    sa.Table("other", metadata, sa.Column("id", sa.Integer, primary_key=True), **more)
    return metadata


def fails(call, *arguments):
    try:
        call(*arguments)
        return "passes"
    except Exception:
        return "fails"


def columns(engine):
    return [column["name"] for column in sa.inspect(engine).get_columns("account")]


def add(connection):
    return connection.execute(text("INSERT INTO account (name) VALUES ('Cash') RETURNING id")).scalar()


def kept(engine, metadata):
    """A schema that was made, used, emptied and is there again."""
    for _ in range(2):
        metadata.drop_all(engine)
        metadata.create_all(engine)
        with engine.begin() as connection:
            add(connection)


def hindered(statement):
    """Whether drop_all fails while a session has temporary objects."""

    def scenario(engine):
        metadata = make_metadata()
        kept(engine, metadata)
        with engine.connect() as connection:
            connection.execute(text(statement))
            connection.commit()
            return fails(metadata.drop_all, engine)

    return scenario


def left_open(statement):
    """Whether drop_all waits for a transaction that uses what is empty."""

    def scenario(engine):
        metadata = make_metadata()
        kept(engine, metadata)
        with engine.connect() as connection:
            connection.execute(text(statement))
            return fails(metadata.drop_all, engine)

    return scenario


def numbers_in_advance(engine):
    metadata = sa.MetaData()
    sa.Table("account", metadata, sa.Column("id", sa.Integer, sa.Identity(cache=20), primary_key=True), sa.Column("name", sa.Text))
    ids = []
    with engine.connect() as connection:
        for _ in range(3):
            metadata.create_all(engine)
            ids.append(add(connection))
            connection.commit()
            metadata.drop_all(engine)
    return ids


def moved_sequence(engine):
    metadata = make_metadata()
    event.listen(metadata.tables["account"], "after_create", sa.DDL("ALTER SEQUENCE account_id_seq RESTART WITH 1000"))
    ids = []
    for _ in range(3):
        metadata.create_all(engine)
        with engine.begin() as connection:
            ids.append(add(connection))
        metadata.drop_all(engine)
    return ids


def truncate_triggers(engine):
    """Triggers that would hinder whoever truncates, and foreign keys that work as before."""
    metadata = make_metadata()
    sa.Table("entry", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("account", sa.ForeignKey("account.id")))
    with engine.begin() as connection:
        connection.execute(text("CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$"))
    for when in ("BEFORE", "AFTER"):
        trigger = sa.DDL("CREATE TRIGGER %s_truncate %s TRUNCATE ON account EXECUTE FUNCTION refuse()" % (when, when))
        event.listen(metadata, "after_create", trigger)
    found = []
    for _ in range(3):
        metadata.create_all(engine)
        with engine.begin() as connection:
            add(connection)
            connection.execute(text("INSERT INTO entry (account) VALUES (1)"))
        for statement in ("TRUNCATE account CASCADE", "DELETE FROM account", "INSERT INTO entry (account) VALUES (2)"):
            with engine.connect() as connection:
                found.append(fails(connection.execute, text(statement)))
        metadata.drop_all(engine)
    return found


def table_left_out(engine):
    """A test takes a table out of the metadata: drop_all leaves it alone, with its rows."""
    metadata = make_metadata()
    kept(engine, metadata)
    metadata.remove(metadata.tables["account"])
    metadata.drop_all(engine)
    with engine.connect() as connection:
        return connection.execute(text("SELECT count(*) FROM account")).scalar()


def table_left_out_later(engine):
    metadata = make_metadata()
    kept(engine, metadata)
    metadata.drop_all(engine)
    metadata.remove(metadata.tables["account"])
    metadata.create_all(engine)
    return sorted(sa.inspect(engine).get_table_names())


def overlapping_metadata(engine):
    """Another metadata has a table of the same name."""
    first, second = make_metadata(), sa.MetaData()
    sa.Table("account", second, sa.Column("number", sa.Integer, primary_key=True))
    kept(engine, first)
    first.drop_all(engine)
    second.create_all(engine)
    found = columns(engine)
    second.drop_all(engine)
    first.create_all(engine)
    return [found, columns(engine)]


def metadata_of_a_test(engine):
    """A test makes tables of its own, and nothing is left of them but what the database has."""
    metadata = make_metadata()
    kept(engine, metadata)
    metadata.drop_all(engine)
    del metadata
    gc.collect()
    return sa.inspect(engine).get_table_names()


def metadata_in_turns(engine):
    """Two metadata have the same tables with other columns."""
    both = []
    for kind in (sa.Integer, sa.Text):
        metadata = sa.MetaData()
        sa.Table("account", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", kind))
        both.append(metadata)
    found = []
    for metadata in both * 3:
        metadata.create_all(engine)
        found.append(str(sa.inspect(engine).get_columns("account")[1]["type"]))
        metadata.drop_all(engine)
    return found


def another_role(engine):
    """A role that does not own the tables makes them after they were dropped."""
    with engine.begin() as connection:
        connection.execute(text("CREATE ROLE %s; GRANT ALL ON SCHEMA public TO PUBLIC" % role))
    metadata = make_metadata()
    kept(engine, metadata)
    metadata.drop_all(engine)
    with engine.connect() as connection:
        connection.execute(text("SET ROLE " + role))
        metadata.create_all(connection)
        connection.commit()
        owner = connection.execute(text("SELECT tableowner FROM pg_tables WHERE tablename = 'account'")).scalar()
        metadata.drop_all(connection)
        connection.execute(text("RESET ROLE"))
        connection.commit()
    return owner == role


def changed_and_rolled_back(engine):
    metadata = make_metadata()
    kept(engine, metadata)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE account"))
        connection.execute(text("ALTER TABLE account ADD COLUMN more int"))
    with engine.connect() as connection:
        metadata.drop_all(connection)
        connection.rollback()
    metadata.create_all(engine)
    metadata.drop_all(engine)
    metadata.create_all(engine)
    return columns(engine)


def temporary_table(engine):
    metadata = sa.MetaData()
    sa.Table("account", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text), prefixes=["TEMPORARY"])
    found = []
    for _ in range(3):
        with engine.connect() as connection:
            metadata.create_all(connection)
            connection.commit()
            found.append(fails(add, connection))
            connection.rollback()
            metadata.drop_all(connection)
            connection.commit()
            connection.invalidate()
    return found


def another_database(engine):
    metadata = make_metadata()
    kept(engine, metadata)
    metadata.drop_all(engine)
    other = sa.create_engine(sa.engine.make_url(url).set(database="postgres"), poolclass=sa.pool.NullPool)
    with other.connect() as connection:
        connection.execute(text("SELECT count(*) FROM pg_class"))
    return sa.inspect(engine).get_table_names()


def several_statements(engine):
    metadata = make_metadata()
    kept(engine, metadata)
    metadata.drop_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql("SET timezone = 'UTC'; CREATE TABLE IF NOT EXISTS account (only_this int)")
    return columns(engine)


def by_the_driver(engine):
    metadata = make_metadata()
    kept(engine, metadata)
    metadata.drop_all(engine)
    connection = engine.raw_connection()
    cursor = connection.cursor()
    cursor.execute("SELECT to_regclass('account')")
    found = cursor.fetchone()[0]
    connection.close()
    return found


def looked_at_before_commit(engine):
    metadata = make_metadata()
    kept(engine, metadata)
    with engine.connect() as one:
        metadata.drop_all(one)
        with engine.connect() as two:
            two.execute(text("SELECT count(*) FROM pg_type"))
        one.commit()
    return sa.inspect(engine).get_table_names()


def processes(engine):
    """Each test in a process of its own, as pytest-forked runs them."""
    found = []
    for _ in range(3):
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            metadata = make_metadata()
            metadata.create_all(engine)
            with engine.begin() as connection:
                os.write(into, b"%d " % add(connection))
            metadata.drop_all(engine)
            engine.dispose()
            os._exit(0)
        os.waitpid(child, 0)
        os.close(into)
        found.append(os.read(out, 100).decode())
    return found


def new_connections(**more):
    """An engine whose every connection is a new one, for which another session may stand."""
    return sa.create_engine(url, poolclass=sa.pool.NullPool, connect_args={**wait, **more})


def own_session(metadata):
    """A schema that was kept by as many tests as it takes until no connection is opened for it."""
    for _ in range(3):
        kept(new_connections(), metadata)
    metadata.drop_all(new_connections())
    assert mode == "real" or pushproof_schema.schemas.session.connection is not None


def schemas_of_account(engine):
    with engine.connect() as connection:
        return connection.execute(text("SELECT relnamespace::regnamespace::text FROM pg_class WHERE relname = 'account'")).scalars().all()


def database_setting(engine):
    """A setting of the database, with which new sessions begin."""
    metadata = make_metadata()
    own_session(metadata)
    name = sa.engine.make_url(url).database
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA other"))
        metadata.create_all(connection)
        metadata.drop_all(connection)
    kept(new_connections(), metadata)
    with engine.begin() as connection:
        connection.execute(text('ALTER DATABASE "%s" SET search_path = other' % name))
    found = []
    for _ in range(2):
        metadata.drop_all(new_connections())
        metadata.create_all(new_connections())
        found.append(sorted(schemas_of_account(engine)))
    with engine.begin() as connection:
        connection.execute(text('ALTER DATABASE "%s" RESET search_path; DROP SCHEMA other CASCADE' % name))
    return found


def setting_of_a_pool(engine):
    """A test changes the search path of a connection that goes back into its pool, and comes to drop_all."""
    metadata = make_metadata()
    own_session(metadata)
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(text("SET search_path = pg_catalog"))
        connection.execute(text("INSERT INTO public.account (name) VALUES ('stays')"))
    metadata.drop_all(engine)
    with new_connections().connect() as connection:
        return connection.execute(text("SELECT count(*) FROM account")).scalar()


def listener_of_connections(engine):
    metadata = make_metadata()
    own_session(metadata)
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA other"))
    for _ in range(2):
        kept(new_connections(), metadata)
    metadata.drop_all(new_connections())
    other = new_connections()

    @event.listens_for(other, "connect")
    def connected(connection, record):
        with connection.cursor() as cursor:
            cursor.execute("SET search_path = other")
        connection.commit()

    metadata.create_all(other)
    found = schemas_of_account(engine)
    metadata.drop_all(other)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA other CASCADE"))
    return found


def other_arguments(engine):
    metadata = make_metadata()
    own_session(metadata)
    return [
        fails(metadata.create_all, new_connections(password="wrong", user="nobody")),
        fails(metadata.create_all, new_connections(options="-c default_transaction_read_only=on")),
    ]


def variables(engine):
    """The driver reads variables for each connection."""
    metadata = make_metadata()
    own_session(metadata)
    os.environ["PGOPTIONS"] = "-c default_transaction_read_only=on"
    try:
        return fails(metadata.create_all, sa.create_engine(url, poolclass=sa.pool.NullPool))
    finally:
        del os.environ["PGOPTIONS"]


def sessions(engine):
    metadata = make_metadata()
    own_session(metadata)
    metadata.create_all(new_connections())
    engine.dispose()
    with new_connections().connect() as connection:
        return connection.execute(text("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")).scalar()


def copy_of_the_database(engine):
    """A template may have no sessions."""
    metadata = make_metadata()
    own_session(metadata)
    metadata.create_all(new_connections())
    with new_connections().begin() as connection:
        add(connection)
    name = sa.engine.make_url(url).database
    other = sa.create_engine(sa.engine.make_url(url).set(database="template1"), poolclass=sa.pool.NullPool, isolation_level="AUTOCOMMIT")
    engine.dispose()
    with other.connect() as connection:
        connection.execute(text('CREATE DATABASE "copy_of_%s" TEMPLATE "%s"' % (name, name)))
        connection.execute(text('DROP DATABASE "copy_of_%s"' % name))
    metadata.drop_all(new_connections())
    return schemas_of_account(engine)


def ended_sessions(engine):
    """A test ends all sessions but its own."""
    metadata = make_metadata()
    own_session(metadata)
    metadata.create_all(new_connections())
    with new_connections().begin() as connection:
        add(connection)
        connection.execute(text(ENDING))
    metadata.drop_all(new_connections())
    metadata.create_all(new_connections())
    with new_connections().connect() as connection:
        return add(connection)


def ended_by_the_driver(engine):
    """The same past SQLAlchemy."""
    metadata = make_metadata()
    own_session(metadata)
    metadata.create_all(new_connections())
    connection = engine.dialect.connect(**engine.dialect.create_connect_args(engine.url)[1])
    connection.cursor().execute(ENDING)
    connection.close()
    metadata.drop_all(new_connections())
    metadata.create_all(new_connections())
    with new_connections().connect() as connection:
        return add(connection)


def reassigned(engine):
    """Tables and an enum whose owner changes cannot be dropped by the one who made them."""
    metadata = sa.MetaData()
    kind = sa.Enum("asset", "debt", name="account_kind", metadata=metadata)
    sa.Table("account", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("kind", kind))
    maker, taker = role + "_maker", role + "_taker"
    with engine.connect() as connection:
        connection.execute(text("CREATE ROLE %s IN ROLE postgres; CREATE ROLE %s" % (maker, taker)))
        metadata.create_all(connection)
        metadata.drop_all(connection)
        connection.execute(text("SET ROLE " + maker))
        for _ in range(3):
            metadata.create_all(connection)
            connection.commit()
            metadata.drop_all(connection)
            connection.commit()
        metadata.create_all(connection)
        connection.execute(text("RESET ROLE; REASSIGN OWNED BY %s TO %s; SET ROLE %s" % (maker, taker, maker)))
        connection.commit()
        return fails(metadata.drop_all, connection)


def processes_beside(engine):
    """Each test in a process of its own, forked when another session stands for new connections."""
    metadata = make_metadata()
    own_session(metadata)
    for _ in range(2):
        child = os.fork()
        if child == 0:
            metadata.create_all(new_connections())
            with new_connections().begin() as connection:
                add(connection)
            metadata.drop_all(new_connections())
            os._exit(0)
        os.waitpid(child, 0)
    kept(new_connections(), metadata)
    metadata.drop_all(new_connections())
    return schemas_of_account(engine)


ENDING = """SELECT count(pg_terminate_backend(pid)) > 0 FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()"""


scenarios = {
    "a temporary view": hindered("CREATE TEMP VIEW names AS SELECT name FROM account"),
    "a temporary table with its defaults": hindered("CREATE TEMP TABLE scratch (LIKE account INCLUDING DEFAULTS)"),
    "a temporary table that inherits": hindered("CREATE TEMP TABLE scratch () INHERITS (account)"),
    "a temporary table of its own": hindered("CREATE TEMP TABLE scratch (id serial PRIMARY KEY, parent int REFERENCES scratch)"),
    "a transaction on an empty table": left_open("SELECT * FROM other"),
    "a transaction on a sequence": left_open("SELECT nextval('other_id_seq')"),
    **{
        call.__name__: call
        for call in [
            numbers_in_advance,
            moved_sequence,
            truncate_triggers,
            table_left_out,
            table_left_out_later,
            overlapping_metadata,
            metadata_of_a_test,
            metadata_in_turns,
            another_role,
            changed_and_rolled_back,
            temporary_table,
            another_database,
            several_statements,
            by_the_driver,
            looked_at_before_commit,
            processes,
            database_setting,
            setting_of_a_pool,
            listener_of_connections,
            other_arguments,
            variables,
            sessions,
            copy_of_the_database,
            ended_sessions,
            ended_by_the_driver,
            reassigned,
            processes_beside,
        ]
    },
}


OTHERS = """SELECT count(*) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""


def ask(engine, question):
    with engine.connect() as connection:
        return connection.execute(text(question)).scalar()


def clean():
    """An empty database for each scenario, once the sessions of the one before have ended with their temporary objects."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    while ask(engine, OTHERS) > 0:
        time.sleep(0.01)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA IF EXISTS pushproof, public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))


if mode == "kept":
    sys.path.insert(0, os.environ["ADAPTERS"])
    import pushproof_schema

    pushproof_schema.keep_schemas()
    pushproof_schema.PATIENCE = "200ms"
for name, scenario in scenarios.items():
    clean()
    engine = sa.create_engine(url, connect_args=wait)
    try:
        told = scenario(engine)
    except Exception as error:
        told = "%s: %s" % (type(error).__name__, str(error).splitlines()[0])
    engine.dispose()
    print(json.dumps([name, told]))
