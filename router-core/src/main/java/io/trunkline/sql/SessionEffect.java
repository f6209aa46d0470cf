// SPDX-License-Identifier: Apache-2.0
package io.trunkline.sql;

/** What a statement may leave behind in the session of the backend that ran it. */
public enum SessionEffect {
    /** A temporary object, or anything in a {@code pg_temp} schema. */
    TEMP_TABLE(Reach.SESSION),
    /** A search path that names a {@code pg_temp} schema: what is created from then on may be temporary, whatever its statement looks like. */
    TEMP_SEARCH_PATH(Reach.SESSION),
    /** A temporary table that its own {@code ON COMMIT DROP} removes. */
    TEMP_TABLE_UNTIL_COMMIT(Reach.TRANSACTION),
    /** {@code LISTEN}. */
    LISTEN(Reach.SESSION),
    /** A session-level advisory lock; the {@code xact} kind ends with the transaction. */
    ADVISORY_LOCK(Reach.SESSION),
    /** {@code DECLARE ... WITH HOLD}. */
    HOLD_CURSOR(Reach.SESSION),
    /** SQL's {@code PREPARE}. */
    SQL_PREPARE(Reach.SESSION),
    /** {@code set_config} whose third argument is not the word {@code true}. */
    SET_CONFIG(Reach.SESSION),
    /** A call of a function that may change parameters of the session inside. */
    FUNCTION_SETTINGS(Reach.SESSION),
    /** A setting whose value cannot be read off the statement that made it, such as {@code SET x FROM CURRENT}. */
    UNKNOWN_SETTING(Reach.SESSION),
    /** {@code lastval} or {@code currval} outside of a transaction: what the session advances next it may ask for next. */
    SEQUENCE_VALUES(Reach.SESSION),
    /** {@code setseed}. */
    SEED(Reach.SESSION),
    /** A connection opened by {@code dblink_connect}. */
    DBLINK(Reach.SESSION),
    /** {@code pg_replication_origin_session_setup}. */
    REPLICATION_ORIGIN(Reach.SESSION),
    /** A backup in progress or a replication slot that may be temporary: both belong to the one backend, on the one node. */
    HOST_RESOURCE(Reach.SESSION),
    /** {@code LOAD}: a library stays in the backend. */
    LOAD(Reach.SESSION),
    /** {@code DO}, or a function that runs a query given as text: code that may do any of the above. */
    DO_BLOCK(Reach.UNKNOWN),
    /** {@code CALL}: a procedure that may do any of the above. */
    PROCEDURE_CALL(Reach.UNKNOWN),
    /** {@code lo_open} and its like; descriptors close with the transaction. */
    LARGE_OBJECT(Reach.TRANSACTION),
    /** {@code EXECUTE} within {@code EXPLAIN} or {@code CREATE TABLE AS}: what the prepared statement leaves behind is not in the text. */
    INNER_EXECUTE(Reach.TRANSACTION),
    /** An end that one of the above may come to: {@code UNLISTEN}, {@code DROP}, {@code CLOSE}, {@code pg_advisory_unlock} and their like. */
    END_OF_STATE(Reach.TRANSACTION);

    private final Reach reach;

    SessionEffect(Reach reach) {
        this.reach = reach;
    }

    /** Returns true when the session must keep its backend, because later statements may rely on what is there. */
    public boolean pinsSession() {
        return reach == Reach.SESSION;
    }

    /** Returns true when the backend must be reset before another session gets it. */
    public boolean dirtiesBackend() {
        return reach != Reach.TRANSACTION;
    }

    private enum Reach {
        TRANSACTION,
        UNKNOWN,
        SESSION
    }
}
