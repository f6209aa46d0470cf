-- Ids that no other shard gives: 41 bits of milliseconds since 2026, 10 bits of the shard's number, 12 bits that count.
-- Run once on each shard, in each database, each time with another number. Running it again changes nothing that was given.
CREATE SCHEMA IF NOT EXISTS trunkline;

CREATE SEQUENCE IF NOT EXISTS trunkline.id_counter;

CREATE OR REPLACE FUNCTION trunkline.id_shard() RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS 'SELECT @NUMBER@::bigint';

-- The counter of a shard is never set back, and never behind the clock. Whoever takes the next value holds a lock, which
-- must not last as long as the transaction: so the block ends by an exception of its own. That gives back the lock, and
-- not the value, since no rollback reaches a sequence.
CREATE OR REPLACE FUNCTION trunkline.next_id() RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    counter bigint;
BEGIN
    BEGIN
        PERFORM pg_catalog.pg_advisory_xact_lock(8389187294609698157);
        SELECT GREATEST(
                   c.last_value + 1,
                   (pg_catalog.floor(EXTRACT(epoch FROM pg_catalog.clock_timestamp()) * 1000)::bigint - 1767225600000) << 12)
            INTO counter
            FROM trunkline.id_counter c;
        PERFORM pg_catalog.setval('trunkline.id_counter', counter);
        RAISE EXCEPTION USING ERRCODE = 'TL001';
    EXCEPTION
        WHEN SQLSTATE 'TL001' THEN NULL;
    END;
    RETURN ((counter >> 12) << 22) | (trunkline.id_shard() << 12) | (counter & 4095);
END
$$;

GRANT USAGE ON SCHEMA trunkline TO PUBLIC;
GRANT EXECUTE ON FUNCTION trunkline.id_shard(), trunkline.next_id() TO PUBLIC;

-- What they use is the shard's own, and meant to be: so a router lets tables have defaults that call them.
COMMENT ON FUNCTION trunkline.id_shard() IS 'trunkline: local';
COMMENT ON FUNCTION trunkline.next_id() IS 'trunkline: local';
