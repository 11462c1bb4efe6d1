-- What pushproof_schema.py puts into a worker's database; statements are divided by lines with `--;`, as some drivers take one
-- at a time. No percent sign, which some drivers would take for a parameter.
CREATE SCHEMA pushproof
--;
-- Counts changes of anything but rows. A sequence, as what nextval counts stays counted when its transaction is rolled back.
CREATE SEQUENCE pushproof.changes
--;
-- Whether a temporary object refers to nothing but temporary ones. If not, a drop of what it refers to fails while its session lives.
CREATE FUNCTION pushproof.stands_apart(class oid, object oid) RETURNS boolean LANGUAGE sql AS $$
  SELECT NOT EXISTS (SELECT FROM pg_depend d
    WHERE (d.classid, d.objid) IN (
        SELECT class, object
        UNION ALL SELECT 'pg_attrdef'::regclass, oid FROM pg_attrdef WHERE adrelid = object
        UNION ALL SELECT 'pg_constraint'::regclass, oid FROM pg_constraint WHERE conrelid = object
        UNION ALL SELECT 'pg_rewrite'::regclass, oid FROM pg_rewrite WHERE ev_class = object)
      AND d.refobjid >= 16384
      AND CASE d.refclassid
        WHEN 'pg_class'::regclass THEN (SELECT relpersistence <> 't' FROM pg_class WHERE oid = d.refobjid)
        WHEN 'pg_type'::regclass THEN (SELECT typnamespace <> pg_my_temp_schema() FROM pg_type WHERE oid = d.refobjid)
        ELSE d.refclassid = 'pg_proc'::regclass
      END)
$$
--;
CREATE FUNCTION pushproof.count_change() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  IF tg_event = 'sql_drop' THEN
    IF NOT EXISTS (SELECT FROM pg_event_trigger_dropped_objects() WHERE NOT is_temporary) THEN RETURN; END IF;
  ELSIF tg_tag <> 'DROP OWNED' AND NOT EXISTS (SELECT FROM pg_event_trigger_ddl_commands()
      WHERE schema_name IS DISTINCT FROM 'pg_temp' OR NOT pushproof.stands_apart(classid, objid)) THEN
    RETURN;
  END IF;
  PERFORM nextval('pushproof.changes');
END $$
--;
-- The schemas that are kept: what each metadata made, and whether its drop_all emptied that instead of dropping it. A rollback
-- takes back what is written here together with what was done.
CREATE TABLE pushproof.kept (
  metadata text PRIMARY KEY,
  tables oid[] NOT NULL,
  sequences oid[] NOT NULL,
  types oid[] NOT NULL,
  -- The state that must be found again.
  changes bigint NOT NULL,
  circumstances text NOT NULL,
  is_emptied boolean NOT NULL DEFAULT false
)
--;
-- The types that are there beside those of tables: enums, domains, ranges.
CREATE FUNCTION pushproof.own_types() RETURNS oid[] LANGUAGE sql AS $$
  SELECT ARRAY(SELECT t.oid FROM pg_type t WHERE t.typtype IN ('e', 'd', 'r') AND t.oid >= 16384)
$$
--;
-- What else decides which tables a name leads to, and what CLUSTER and REASSIGN OWNED, which fire no event trigger, change.
CREATE FUNCTION pushproof.circumstances(kept_tables oid[], kept_types oid[]) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN concat_ws(' ', current_user, current_schemas(true),
    (SELECT count(*) FROM pg_event_trigger WHERE evtname IN ('pushproof_commands', 'pushproof_drops') AND evtenabled = 'A'),
    (SELECT string_agg(indexrelid::text, ',' ORDER BY indexrelid) FROM pg_index
      WHERE indrelid = ANY (kept_tables) AND indisclustered),
    (SELECT string_agg(DISTINCT relowner::text, ',') FROM pg_class WHERE oid = ANY (kept_tables)),
    (SELECT string_agg(DISTINCT typowner::text, ',') FROM pg_type WHERE oid = ANY (kept_types)));
END $$
--;
-- Keeps the schema that create_all has just made, from JSON lists of quoted names. Gives why that cannot be, else null.
CREATE FUNCTION pushproof.keep(wanted text, table_names text, sequence_names text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  sequence record;
  is_moved boolean;
  types oid[] := pushproof.own_types();
  made oid[] := ARRAY(SELECT to_regclass(name)::oid FROM json_array_elements_text(table_names::json) AS name);
  named oid[] := ARRAY(SELECT to_regclass(name)::oid FROM json_array_elements_text(sequence_names::json) AS name);
BEGIN
  IF array_position(made, NULL) IS NOT NULL OR array_position(named, NULL) IS NOT NULL THEN
    RETURN 'not all of it was made';
  END IF;
  -- Partitions go with their table.
  made := ARRAY(SELECT DISTINCT coalesce(relid::oid, id) FROM unnest(made) AS t (id) LEFT JOIN pg_partition_tree(id) ON true);
  IF EXISTS (SELECT FROM pg_class WHERE oid = ANY (made) AND relkind NOT IN ('r', 'p')) THEN
    RETURN 'a table of it is none in the database';
  END IF;
  IF EXISTS (SELECT FROM pg_class WHERE oid = ANY (made) AND relpersistence = 't') THEN
    RETURN 'a table of it is temporary';
  END IF;
  IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = ANY (made) AND tgenabled IN ('A', 'R')) THEN
    RETURN 'a trigger of it fires always';
  END IF;
  IF EXISTS (SELECT FROM unnest(made) AS t (id) WHERE pg_relation_size(id) > 0) THEN
    RETURN 'rows are put in when it is made';
  END IF;
  IF EXISTS (SELECT FROM pg_inherits WHERE inhparent = ANY (made) AND NOT inhrelid = ANY (made)) THEN
    RETURN 'tables that are not part of it inherit from it';
  END IF;
  IF EXISTS (SELECT FROM pg_constraint WHERE confrelid = ANY (made) AND NOT conrelid = ANY (made)) THEN
    RETURN 'tables that are not part of it refer to it';
  END IF;
  IF EXISTS (SELECT FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid
    WHERE d.classid = 'pg_rewrite'::regclass AND d.refobjid = ANY (made) AND NOT r.ev_class = ANY (made)) THEN
    RETURN 'views depend on it';
  END IF;
  named := named || ARRAY(SELECT objid FROM pg_depend JOIN pg_sequence ON seqrelid = objid
    WHERE classid = 'pg_class'::regclass AND refobjid = ANY (made) AND deptype IN ('a', 'i'));
  FOR sequence IN SELECT seqrelid::regclass AS name, seqstart, seqcache FROM pg_sequence WHERE seqrelid = ANY (named) LOOP
    -- Sessions keep what they took in advance, also where the sequence begins anew.
    IF sequence.seqcache > 1 THEN RETURN 'a sequence of it gives numbers in advance'; END IF;
    EXECUTE 'SELECT is_called OR last_value <> $1 FROM ' || sequence.name INTO is_moved USING sequence.seqstart;
    IF is_moved THEN RETURN 'a sequence is moved when it is made'; END IF;
  END LOOP;
  INSERT INTO pushproof.kept
    SELECT wanted, made, named, types, last_value, pushproof.circumstances(made, types) FROM pushproof.changes
  ON CONFLICT (metadata) DO UPDATE SET (tables, sequences, types, changes, circumstances, is_emptied)
    = (EXCLUDED.tables, EXCLUDED.sequences, EXCLUDED.types, EXCLUDED.changes, EXCLUDED.circumstances, false);
  RETURN NULL;
END $$
--;
-- Why a kept schema is not what it was, else null.
CREATE FUNCTION pushproof.difference(schema pushproof.kept) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF schema.changes <> (SELECT last_value FROM pushproof.changes) THEN RETURN 'a test changed more than rows'; END IF;
  IF schema.circumstances <> pushproof.circumstances(schema.tables, schema.types) THEN
    RETURN 'the role, the search path or a setting changed';
  END IF;
  RETURN NULL;
END $$
--;
-- The processes, null for a prepared transaction, that use tables or sequences of a kept schema in a transaction of theirs.
CREATE FUNCTION pushproof.users_of(schema pushproof.kept) RETURNS TABLE (pid integer) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT DISTINCT l.pid FROM pg_locks l
  WHERE l.granted AND l.pid IS DISTINCT FROM pg_backend_pid()
    AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
    AND (l.relation = ANY (schema.tables) OR l.relation = ANY (schema.sequences))
    -- It gives way to whoever wants to drop or empty a table.
    AND coalesce((SELECT a.backend_type FROM pg_stat_activity a WHERE a.pid = l.pid), '') <> 'autovacuum worker';
END $$
--;
CREATE FUNCTION pushproof.truncate_with_others(names text) RETURNS void LANGUAGE plpgsql SET session_replication_role = replica AS $$
BEGIN
  EXECUTE 'TRUNCATE ' || names || ' CASCADE';
END $$
--;
-- Truncates tables, and no more: TRUNCATE refuses tables that others refer to, and with CASCADE takes all of those along, thirty for
-- three, though they are empty. It looks for them only where a table is marked as one with triggers, which foreign keys are. Nor do
-- triggers fire, as with a drop; session_replication_role would do that too, but takes all plans of the session along.
CREATE FUNCTION pushproof.truncate(used oid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  names text := (SELECT string_agg('ONLY ' || id::regclass, ', ') FROM unnest(used) AS t (id));
  marked oid[];
BEGIN
  IF current_setting('is_superuser') <> 'on' THEN
    PERFORM pushproof.truncate_with_others(names);
    RETURN;
  END IF;
  -- First, so that nobody else writes the rows of pg_class.
  EXECUTE 'LOCK TABLE ' || names || ' IN ACCESS EXCLUSIVE MODE';
  WITH changed AS (UPDATE pg_class SET relhastriggers = false WHERE oid = ANY (used) AND relhastriggers RETURNING oid)
    SELECT array_agg(oid) INTO marked FROM changed;
  EXECUTE 'TRUNCATE ' || names;
  UPDATE pg_class SET relhastriggers = true WHERE oid = ANY (marked);
END $$
--;
-- Takes the rows out of a kept schema. Gives why that cannot be, else null. Whatever has a page is truncated, also where no row is
-- left: a fresh table has none, and the order of rows may depend on it.
CREATE FUNCTION pushproof.empty(wanted text, patience text) RETURNS text LANGUAGE plpgsql
  SET lock_timeout = 0 AS $$
DECLARE
  schema pushproof.kept;
  why text;
  used oid[];
  until timestamptz := clock_timestamp() + patience::interval;
BEGIN
  SELECT * INTO schema FROM pushproof.kept WHERE metadata = wanted;
  IF schema.metadata IS NULL THEN RETURN 'unknown'; END IF;
  IF schema.is_emptied THEN RETURN 'it was dropped already'; END IF;
  why := pushproof.difference(schema);
  IF why IS NOT NULL THEN RETURN why; END IF;
  -- A drop waits for whoever uses any of it, be it only an empty table or a sequence.
  WHILE EXISTS (SELECT FROM pushproof.users_of(schema)) LOOP
    IF clock_timestamp() > until THEN RAISE lock_not_available; END IF;
    PERFORM pg_sleep(0.005);
  END LOOP;
  PERFORM set_config('lock_timeout', patience, true);
  used := ARRAY(SELECT id FROM unnest(schema.tables) AS t (id) WHERE pg_relation_size(id) > 0);
  IF used <> '{}' THEN PERFORM pushproof.truncate(used); END IF;
  UPDATE pushproof.kept SET is_emptied = true WHERE metadata = wanted;
  RETURN NULL;
END $$
--;
-- Drops the tables of an emptied schema, and forgets it; also for a role that they are not of, as they are dropped already for it.
CREATE FUNCTION pushproof.drop_tables(wanted text) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
  names text;
BEGIN
  SELECT string_agg(c.oid::regclass::text, ', ') INTO names FROM pushproof.kept k JOIN pg_class c ON c.oid = ANY (k.tables)
    WHERE k.metadata = wanted AND NOT c.relispartition;
  IF names IS NOT NULL THEN EXECUTE 'DROP TABLE ' || names || ' CASCADE'; END IF;
  DELETE FROM pushproof.kept WHERE metadata = wanted;
END $$
--;
-- Gives an emptied schema back as a fresh one. Gives why that cannot be, else null. Sequences begin anew here and not where the rows
-- go: setval is not taken back by a rollback, and nobody may look between the two.
CREATE FUNCTION pushproof.give_back(wanted text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  schema pushproof.kept;
  why text;
BEGIN
  SELECT * INTO schema FROM pushproof.kept WHERE metadata = wanted;
  IF schema.metadata IS NULL OR NOT schema.is_emptied THEN RETURN 'unknown'; END IF;
  why := pushproof.difference(schema);
  IF why IS NOT NULL THEN RETURN why; END IF;
  IF EXISTS (SELECT FROM unnest(schema.tables) AS t (id) WHERE pg_relation_size(id) > 0) THEN
    RETURN 'rows came between drop_all and create_all';
  END IF;
  PERFORM setval(seqrelid, seqstart, false) FROM pg_sequence WHERE seqrelid = ANY (schema.sequences);
  UPDATE pushproof.kept SET is_emptied = false WHERE metadata = wanted;
  RETURN NULL;
END $$
--;
-- For a call that drops and makes at once: empties a kept schema and gives it back. Gives why that cannot be, else null.
CREATE FUNCTION pushproof.renew(wanted text, patience text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN coalesce(pushproof.empty(wanted, patience), pushproof.give_back(wanted));
END $$
--;
-- Keeps what a call made that first drops all tables of its schemas, or those that it names.
CREATE FUNCTION pushproof.keep_all(wanted text, table_names text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  why text := pushproof.keep(wanted, table_names, '[]');
BEGIN
  -- Those of before are gone; what they were, nothing will be again.
  IF why IS NULL THEN DELETE FROM pushproof.kept WHERE metadata <> wanted; END IF;
  RETURN why;
END $$
--;
-- What decides how a new session begins, and of which no event trigger tells: settings of roles and databases, roles, memberships.
CREATE FUNCTION pushproof.beginnings() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN concat_ws(' ', session_user, current_user, current_schemas(true),
    (SELECT string_agg(s::text, ',' ORDER BY setdatabase, setrole) FROM pg_db_role_setting s),
    (SELECT string_agg(r::text, ',' ORDER BY oid) FROM pg_roles r WHERE oid >= 16384 OR rolname IN (session_user, current_user)),
    (SELECT string_agg(m::text, ',' ORDER BY m::text) FROM pg_auth_members m WHERE member >= 16384),
    (SELECT concat_ws(' ', datname, datallowconn, datconnlimit, datacl) FROM pg_database WHERE datname = current_database()));
END $$
--;
CREATE EVENT TRIGGER pushproof_commands ON ddl_command_end EXECUTE FUNCTION pushproof.count_change()
--;
ALTER EVENT TRIGGER pushproof_commands ENABLE ALWAYS
--;
CREATE EVENT TRIGGER pushproof_drops ON sql_drop EXECUTE FUNCTION pushproof.count_change()
--;
ALTER EVENT TRIGGER pushproof_drops ENABLE ALWAYS
--;
-- Other roles look here, too, and find that it is not theirs.
GRANT USAGE ON SCHEMA pushproof TO PUBLIC
--;
GRANT ALL ON pushproof.kept, pushproof.changes TO PUBLIC
--;
-- Its first call leaves last_value as it is.
SELECT nextval('pushproof.changes')
