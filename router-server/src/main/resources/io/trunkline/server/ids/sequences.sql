
-- Sequences over shards: each shard counts 0, 1, 2 ... for itself, and a block says which numbers stand for which counts. Routers add
-- blocks, whose numbers ZooKeeper has given to this shard only. Running this again changes nothing that was given.
CREATE TABLE IF NOT EXISTS trunkline.sequence_blocks (
    name text NOT NULL,
    first_count bigint NOT NULL,
    size bigint NOT NULL CHECK (size > 0),
    start bigint NOT NULL,
    PRIMARY KEY (name, first_count)
);

-- A count is taken once, and means one number of one block: so no number is given twice, and no transaction makes another one wait.
CREATE OR REPLACE FUNCTION trunkline.next_value(sequence text) RETURNS bigint
    LANGUAGE plpgsql VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    counter regclass := to_regclass('trunkline.' || quote_ident('count_' || sequence));
    count bigint;
    block record;
BEGIN
    IF counter IS NULL THEN
        RAISE EXCEPTION 'sequence "%" over shards does not exist on this shard', sequence
            USING ERRCODE = 'undefined_table', HINT = 'Name it in the topology, then run: trunkline ids install.';
    END IF;
    count := nextval(counter);
    SELECT b.first_count, b.size, b.start INTO block
        FROM trunkline.sequence_blocks b
        WHERE b.name = sequence AND b.first_count <= count
        ORDER BY b.first_count DESC LIMIT 1;
    IF block.start IS NOT NULL AND count - block.first_count < block.size THEN
        RETURN block.start + (count - block.first_count);
    END IF;
    -- A snapshot that was taken before the block came does not show it; a new transaction sees it.
    IF current_setting('transaction_isolation') IN ('repeatable read', 'serializable') THEN
        RAISE EXCEPTION 'could not serialize access: no block of sequence "%" over shards is left in this snapshot', sequence
            USING ERRCODE = 'serialization_failure', HINT = 'The transaction might succeed if retried.';
    END IF;
    RAISE EXCEPTION 'no block of sequence "%" over shards is left on this shard', sequence
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = 'Routers add blocks from ZooKeeper: see trunkline_sequence_values_left and their logs. Larger blocks last longer.';
END
$$;

-- For routers: the next count, the first count without a number, one more than the greatest number; nulls where there is nothing.
CREATE OR REPLACE FUNCTION trunkline.sequence_state(names text[])
    RETURNS TABLE (sequence text, next_count bigint, end_count bigint, end_number bigint)
    LANGUAGE sql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
SELECT n.name,
       CASE WHEN n.counter IS NOT NULL THEN COALESCE(pg_sequence_last_value(n.counter) + 1, 0) END,
       (SELECT max(b.first_count + b.size) FROM trunkline.sequence_blocks b WHERE b.name = n.name),
       (SELECT max(b.start + b.size) FROM trunkline.sequence_blocks b WHERE b.name = n.name)
FROM (SELECT u.name, to_regclass('trunkline.' || quote_ident('count_' || u.name)) AS counter FROM unnest(names) u(name)) n
$$;

-- For routers: puts a block behind those that are there. Not if its numbers are smaller than theirs: numbers of a shard grow, so the
-- last block tells how far they have come. Blocks that are used up go, some counts later.
CREATE OR REPLACE FUNCTION trunkline.add_sequence_block(sequence text, first_number bigint, numbers bigint) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
DECLARE
    now record;
BEGIN
    PERFORM pg_advisory_xact_lock(8389187294609698158);
    SELECT * INTO now FROM trunkline.sequence_state(ARRAY[sequence]);
    IF now.next_count IS NULL OR first_number < now.end_number THEN
        RETURN false;
    END IF;
    INSERT INTO trunkline.sequence_blocks (name, first_count, size, start)
        VALUES (sequence, GREATEST(now.next_count, now.end_count), numbers, first_number);
    DELETE FROM trunkline.sequence_blocks b WHERE b.name = sequence AND b.first_count + b.size < now.next_count - 10000;
    RETURN true;
END
$$;

REVOKE ALL ON TABLE trunkline.sequence_blocks FROM PUBLIC;
REVOKE ALL ON FUNCTION trunkline.sequence_state(text[]), trunkline.add_sequence_block(text, bigint, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION trunkline.next_value(text) TO PUBLIC;

COMMENT ON FUNCTION trunkline.next_value(text) IS 'trunkline: local';
COMMENT ON FUNCTION trunkline.sequence_state(text[]) IS 'trunkline: local';
COMMENT ON FUNCTION trunkline.add_sequence_block(text, bigint, bigint) IS 'trunkline: local';
