"""Random sequences of tests that make their schema before and drop it after, as a suite on SQLAlchemy does.

Called as `sequences.py MODE FIRST LAST`: runs the sequences of those seeds on the database of URL, with the schema kept (MODE `kept`)
or not (`real`), and prints a JSON line for each: what every step gave, and a dump of schema and rows after every create_all. Both
modes must print the same. With `kept`, the last line counts how often the schema was kept.
"""

import json
import os
import random
import sys

import sqlalchemy as sa
from sqlalchemy import event, text
from sqlalchemy.dialects import postgresql

mode, first, last = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
url = os.environ["URL"]


def make_metadata(kind):
    metadata = sa.MetaData()
    kinds = sa.Enum("asset", "debt", name="account_kind", metadata=metadata)
    counter = sa.Sequence("entry_number", start=100, increment=10, metadata=metadata)
    sa.Table(
        "account",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", kinds, nullable=False, server_default="asset"),
        sa.Column("parent", sa.ForeignKey("account.id")),
        sa.Column("name", sa.Text, unique=True, comment="As it is printed"),
    )
    sa.Table(
        "entry",
        metadata,
        sa.Column("id", sa.BigInteger, sa.Identity(always=True), primary_key=True),
        sa.Column("number", sa.Integer, counter, server_default=counter.next_value()),
        sa.Column("account", sa.ForeignKey("account.id", deferrable=True, initially="DEFERRED")),
        sa.Column("amount", sa.Numeric(12, 2), sa.CheckConstraint("amount <> 0", name="no_zero")),
        sa.Column("twice", sa.Numeric, sa.Computed("amount * 2")),
        sa.Column("tags", postgresql.ARRAY(sa.Text), server_default="{}"),
        sa.Index("entry_amounts", "amount"),
    )
    # Each refers to the other.
    sa.Table(
        "customer",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("favorite", sa.Integer, sa.ForeignKey("order.id", use_alter=True, name="customer_favorite")),
    )
    sa.Table(
        "order",
        metadata,
        sa.Column("id", sa.Integer, sa.Sequence("order_id", start=7, metadata=metadata), primary_key=True),
        sa.Column("customer", sa.Integer, sa.ForeignKey("customer.id")),
        sa.Column("Note", sa.Text),
    )
    sa.Table(
        "event",
        metadata,
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("what", sa.Text),
        postgresql_partition_by="RANGE (day)",
    )
    if kind == "seeded":

        @event.listens_for(metadata.tables["account"], "after_create")
        def seed(target, connection, **_):
            connection.execute(target.insert().values(name="Cash"))

    if kind == "partitioned":
        event.listen(
            metadata.tables["event"],
            "after_create",
            sa.DDL("CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')"),
        )
    if kind == "triggered":
        event.listen(
            metadata.tables["customer"],
            "after_create",
            sa.DDL(
                "CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO account (name) "
                "VALUES ('touched ' || NEW.id) ON CONFLICT DO NOTHING; RETURN NEW; END $$"
            ),
        )
        event.listen(
            metadata.tables["customer"],
            "after_create",
            sa.DDL("CREATE TRIGGER touch AFTER INSERT OR UPDATE OR DELETE ON customer FOR EACH ROW EXECUTE FUNCTION touch()"),
        )
    return metadata


dump_of = {
    "relations": """SELECT n.nspname, c.relname, c.relkind, c.relpersistence, c.reloptions, c.relacl, obj_description(c.oid, 'pg_class'),
        c.relhassubclass, pg_get_partkeydef(c.oid), pg_get_expr(c.relpartbound, c.oid)
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {ours} AND c.relkind <> 't'""",
    "columns": """SELECT c.relname, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
        a.attgenerated, a.attisdropped, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE {ours} AND a.attnum > 0 AND c.relkind <> 't'""",
    "constraints": """SELECT c.relname, x.conname, pg_get_constraintdef(x.oid), x.convalidated FROM pg_constraint x
      JOIN pg_class c ON c.oid = x.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {ours}""",
    "indexes": """SELECT pg_get_indexdef(i.indexrelid), i.indisclustered, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {ours} AND c.relkind <> 't'""",
    "triggers": """SELECT c.relname, t.tgname, t.tgenabled, pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
      JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {ours} AND NOT t.tgisinternal""",
    "types": """SELECT n.nspname, t.typname, t.typtype, (SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)
      FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE {ours} AND t.typtype IN ('e', 'd', 'c')""",
    "functions": """SELECT n.nspname, p.proname, pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE {ours} AND p.prokind = 'f'""",
    "views": "SELECT c.relname, pg_get_viewdef(c.oid) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {ours} AND c.relkind = 'v'",
    "sequences": "SELECT schemaname, sequencename, start_value, increment_by, last_value FROM pg_sequences n WHERE schemaname <> 'pushproof'",
    "schemas": "SELECT n.nspname FROM pg_namespace n WHERE {ours}",
    "statistics": "SELECT count(*) FROM pg_largeobject_metadata",
}
OURS = "n.nspname NOT IN ('pg_catalog', 'information_schema', 'pushproof') AND n.nspname !~ '^pg_(toast|temp)'"


def dump(engine):
    """Schema and rows, the rows in the order in which they lie there."""
    result = {}
    with engine.connect() as connection:
        for name, question in dump_of.items():
            rows = connection.execute(text(question.replace("{ours}", OURS)))
            result[name] = sorted(str(tuple(row)) for row in rows)
        names = connection.execute(
            text("SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND " + OURS)
        )
        for name in sorted(row[0] for row in names):
            result["rows of " + name] = [str(tuple(row)) for row in connection.execute(text("SELECT ctid, t.*::text FROM %s t" % name))]
        for row in connection.execute(text("SELECT schemaname, sequencename FROM pg_sequences WHERE schemaname <> 'pushproof'")).all():
            state = connection.execute(text('SELECT last_value, is_called FROM "%s"."%s"' % tuple(row))).one()
            result["sequence " + row[1]] = str(tuple(state))
    return result


def sql(statement):
    """A step that runs one statement, and gives what it gave."""

    def step(engine, metadata):
        with engine.begin() as connection:
            result = connection.execute(text(statement))
            return [str(tuple(row)) for row in result] if result.returns_rows else None

    step.__name__ = statement
    return step


def rolled_back(engine, metadata):
    with engine.connect() as connection:
        connection.execute(text("INSERT INTO account (name) VALUES ('never')"))
        connection.execute(text("SELECT nextval('entry_number')"))
        connection.rollback()


def rolled_back_ddl(engine, metadata):
    with engine.connect() as connection:
        connection.execute(text("ALTER TABLE account ADD COLUMN gone int"))
        connection.execute(text("INSERT INTO account (name) VALUES ('x')"))
        connection.rollback()


def aborted(engine, metadata):
    connection = engine.connect()
    try:
        connection.execute(text("SELECT 1 / 0"))
    finally:
        connection.close()


def parallel_sessions(engine, metadata):
    with engine.connect() as one, engine.connect() as two:
        one.execute(text("INSERT INTO account (name) VALUES ('one')"))
        two.execute(text("INSERT INTO account (name) VALUES ('two')"))
        one.rollback()
        two.commit()
        return one.execute(text("SELECT id, name FROM account")).all().__repr__()


def table_names(engine, metadata):
    return sorted(sa.inspect(engine).get_table_names())


def many_rows(engine, metadata):
    with engine.begin() as connection:
        connection.execute(metadata.tables["account"].insert(), [{"name": "n%s" % number} for number in range(300)])
        connection.execute(text("DELETE FROM account WHERE id % 3 = 0"))


def create_again(engine, metadata):
    metadata.create_all(engine)


def drop_and_create(engine, metadata):
    metadata.drop_all(engine)
    metadata.create_all(engine)


def drop_without_looking(engine, metadata):
    metadata.drop_all(engine)
    metadata.drop_all(engine, checkfirst=False)


def create_without_looking(engine, metadata):
    metadata.create_all(engine, checkfirst=False)


def drop_a_part(engine, metadata):
    metadata.drop_all(engine, tables=[metadata.tables["entry"]])


def create_a_part(engine, metadata):
    metadata.drop_all(engine)
    metadata.create_all(engine, tables=[metadata.tables["account"]])


def rolled_back_drop(engine, metadata):
    with engine.connect() as connection:
        metadata.drop_all(connection)
        connection.rollback()
    with engine.begin() as connection:
        return [str(tuple(row)) for row in connection.execute(text("SELECT * FROM account"))]


def rolled_back_create(engine, metadata):
    metadata.drop_all(engine)
    with engine.connect() as connection:
        metadata.create_all(connection)
        connection.execute(text("INSERT INTO account (name) VALUES ('in between')"))
        connection.rollback()
    return table_names(engine, metadata)


def raw_connection(engine, metadata):
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("INSERT INTO customer (id) VALUES (5)")
        connection.commit()
    finally:
        connection.close()


def other_metadata(engine, metadata):
    other = sa.MetaData()
    sa.Table("beside", other, sa.Column("id", sa.Integer, primary_key=True), sa.Column("account", sa.Integer))
    other.create_all(engine)
    with engine.begin() as connection:
        connection.execute(other.tables["beside"].insert().values(account=1))
    other.drop_all(engine)


def table_of_its_own(engine, metadata):
    table = sa.Table("single", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))
    table.create(engine)
    table.drop(engine)


rows = [
    sql("INSERT INTO account (name) VALUES ('Cash'), ('Bank') RETURNING id"),
    sql("INSERT INTO account (name, parent) SELECT 'child', min(id) FROM account RETURNING id, parent"),
    sql("INSERT INTO entry (account, amount) VALUES (1, 5) RETURNING id, number, twice"),
    sql("INSERT INTO entry (amount) VALUES (3), (4) RETURNING id, number"),
    sql("INSERT INTO customer DEFAULT VALUES RETURNING id"),
    sql('INSERT INTO "order" (id, customer, "Note") SELECT nextval(\'order_id\'), max(id), \'n\' FROM customer RETURNING id'),
    sql("INSERT INTO event VALUES ('2026-05-01', 'x')"),
    sql("UPDATE account SET name = name || '!' RETURNING id, name"),
    sql("DELETE FROM account WHERE parent IS NULL"),
    sql("DELETE FROM customer"),
    sql("TRUNCATE account CASCADE"),
    sql("TRUNCATE customer RESTART IDENTITY CASCADE"),
    sql("SELECT nextval('entry_number'), nextval('order_id')"),
    sql("SELECT setval('account_id_seq', 1000, false)"),
    sql("SELECT setval('entry_number', 555)"),
    sql("SELECT id, name FROM account"),
    sql("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1"),
    sql("ANALYZE"),
    sql("NOTIFY ledger, 'x'"),
    sql("SET search_path = pg_catalog, public"),
    sql("SELECT pg_advisory_lock(7), pg_advisory_unlock(7)"),
    sql("CREATE TEMP TABLE scratch (id serial PRIMARY KEY, v text)"),
    sql("SELECT lo_unlink(lo_create(0)) IS NOT NULL"),
    sql("REINDEX TABLE account"),
    rolled_back,
    aborted,
    parallel_sessions,
    table_names,
    many_rows,
    raw_connection,
]
changes = [
    sql("ALTER TABLE account ADD COLUMN more int"),
    sql("ALTER TABLE entry DROP CONSTRAINT no_zero"),
    sql("ALTER TABLE customer RENAME TO client"),
    sql("DROP TABLE entry"),
    sql("ALTER TYPE account_kind ADD VALUE IF NOT EXISTS 'income'"),
    sql("CREATE OR REPLACE VIEW balances AS SELECT account, sum(amount) FROM entry GROUP BY account"),
    sql("DROP VIEW IF EXISTS balances"),
    sql("CREATE OR REPLACE FUNCTION one() RETURNS int LANGUAGE sql AS 'SELECT 1'"),
    sql("DROP FUNCTION IF EXISTS one()"),
    sql("COMMENT ON TABLE account IS 'changed'"),
    sql("COMMENT ON COLUMN account.name IS NULL"),
    sql("GRANT SELECT ON account TO PUBLIC"),
    sql("ALTER TABLE account DISABLE TRIGGER ALL"),
    sql("ALTER SEQUENCE entry_number INCREMENT BY 3"),
    sql("CREATE SCHEMA IF NOT EXISTS other"),
    sql("CREATE TABLE IF NOT EXISTS outside (id int)"),
    sql("CREATE TABLE outside_refers (account int REFERENCES account)"),
    sql("DROP TABLE IF EXISTS outside_refers"),
    sql("CREATE INDEX ON account (kind)"),
    sql("CLUSTER account USING account_pkey"),
    sql("ALTER TABLE account SET (fillfactor = 50)"),
    sql("CREATE STATISTICS IF NOT EXISTS both_of_it ON kind, name FROM account"),
    sql("CREATE RULE no_delete AS ON DELETE TO customer DO INSTEAD NOTHING"),
    sql("SET session_replication_role = replica"),
    sql("SELECT lo_create(4711)"),
    sql("INSERT INTO outside VALUES (1)"),
    rolled_back_ddl,
    create_again,
    drop_and_create,
    drop_without_looking,
    create_without_looking,
    drop_a_part,
    create_a_part,
    rolled_back_drop,
    rolled_back_create,
    other_metadata,
    table_of_its_own,
]
between = [
    table_names,
    sql("SELECT 1"),
    sql("SELECT count(*) FROM account"),
    sql("CREATE TABLE account (id int)"),
    sql("DROP SCHEMA public CASCADE"),
    sql("CREATE EXTENSION IF NOT EXISTS plpgsql"),
    sql("INSERT INTO account (name) VALUES ('early')"),
]


def attempt(step, engine, metadata):
    try:
        return step(engine, metadata)
    except Exception as error:
        origin = getattr(error, "orig", None)
        return "%s %s" % (type(error).__name__, getattr(origin, "pgcode", None) or str(error).splitlines()[0])


def make(how):
    """create_all or drop_all, as a fixture may call it."""

    def step(engine, metadata):
        call = getattr(metadata, how)
        if random_way.random() < 0.5:
            call(engine)
        else:
            with engine.begin() as connection:
                call(connection)

    return step


random_way = random.Random()


def run_sequence(seed):
    choose = random.Random(seed)
    random_way.seed(seed)
    metadata = make_metadata(choose.choice(["plain", "plain", "plain", "plain", "seeded", "partitioned", "triggered"]))
    told = []
    clean()
    for _ in range(choose.randint(3, 6)):
        engine = sa.create_engine(url, poolclass=choose.choice([sa.pool.NullPool, sa.pool.QueuePool]))
        if choose.random() < 0.15:
            step = choose.choice(between)
            told.append(["between", step.__name__, attempt(step, engine, metadata)])
        told.append(["create_all", attempt(make("create_all"), engine, metadata), dump(engine)])
        steps = choose.choices(rows, k=choose.randint(0, 4))
        if choose.random() < 0.3:
            steps += choose.choices(changes, k=choose.randint(1, 2))
            choose.shuffle(steps)
        told.extend([step.__name__, attempt(step, engine, metadata)] for step in steps)
        if choose.random() < 0.95:
            told.append(["drop_all", attempt(make("drop_all"), engine, metadata)])
        engine.dispose()
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    attempt(lambda *_: metadata.create_all(engine), engine, metadata)
    told.append(["at the end", dump(engine)])
    print(json.dumps([seed, told]))


def clean():
    """An empty database for each sequence."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        names = connection.execute(text("SELECT n.nspname FROM pg_namespace n WHERE " + OURS)).scalars().all()
        for name in [*names, "pushproof"]:
            connection.execute(text('DROP SCHEMA IF EXISTS "%s" CASCADE' % name))
        connection.execute(text("SELECT lo_unlink(oid) FROM pg_largeobject_metadata"))
        connection.execute(text("CREATE SCHEMA public"))


if mode == "kept":
    sys.path.insert(0, os.environ["ADAPTERS"])
    import pushproof_schema

    pushproof_schema.keep_schemas()
for seed in range(first, last):
    run_sequence(seed)
if mode == "kept":
    schemas = pushproof_schema.schemas
    print(json.dumps(["kept", schemas.kept, schemas.made, dict(schemas.reasons), schemas.why_off]))
